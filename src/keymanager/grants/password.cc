// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/password.h"

#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

Result<Entitlement> PasswordGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(username, form.required("username"));
  GH_TRY(password, form.required("password"));
  GH_TRY(asked, form.scopes());
  const Result<Account> account = login_.check_alone({username, password});
  if (!account) {
    if (account.error().code != ErrorCode::unauthenticated) {
      return tl::unexpected<Error>(account.error());
    }
    return refuse(invalid_grant, account.error().message);
  }
  if (!serves(client, account->tenant)) {
    return refuse(invalid_grant, "The user name or the password is wrong", "another tenant");
  }
  GH_TRY(allowed, scopes_.allowed(user_holder(client.tenant, *account), asked));
  return Entitlement{.client = client,
                     .user_id = account->user.id,
                     .user = account->user.name,
                     .scopes = std::move(allowed),
                     .grant_type = std::string(type()),
                     .refresh = client.may("refresh_token") ? WithRefresh::yes : WithRefresh::no,
                     .details = {.sign_on = SignOn{.at = clock_.now(), .amr = {"pwd"}},
                                 .user_tenant = foreign_tenant(client, account->tenant)}};
}

}  // namespace gatehouse::keymanager
