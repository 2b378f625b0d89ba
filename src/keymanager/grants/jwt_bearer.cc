// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/jwt_bearer.h"

#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

Result<Entitlement> JwtBearerGrant::decide(const Form& form, const storage::Client& client) {
  GH_TRY(assertion, form.required("assertion"));
  GH_TRY(asked, form.scopes());
  const auto refused = [](const Error& error) -> tl::unexpected<Error> {
    if (error.code != ErrorCode::unauthenticated) return tl::unexpected<Error>(error);
    return refuse(invalid_grant, "The assertion does not hold", error.detail);
  };
  const Result<Vouched> vouched =
      issuers_.believe(client.tenant, assertion, TrustedIssuers::Uses::once);
  if (!vouched) return refused(vouched.error());
  const Result<Account> account = vouched_user(directory_, client.tenant, vouched->subject);
  if (!account) return refused(account.error());
  GH_TRY(allowed, scopes_.allowed({HolderKind::user, account->tenant, account->roles}, asked));
  return Entitlement{.client = client,
                     .user_id = account->user.id,
                     .user = account->user.name,
                     .scopes = std::move(allowed),
                     .grant_type = std::string(type())};
}

}  // namespace gatehouse::keymanager
