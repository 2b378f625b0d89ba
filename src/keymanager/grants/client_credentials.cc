// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/client_credentials.h"

#include "keymanager/client_kind.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {

Result<Entitlement> ClientCredentials::decide(const Form& form, const storage::Client& client) {
  if (is_public(client)) {
    return refuse(unauthorized_client, "A client without a secret cannot speak for itself");
  }
  GH_TRY(asked, form.scopes());
  return decide(asked, client);
}

Result<Entitlement> ClientCredentials::decide(const std::vector<std::string>& asked,
                                              const storage::Client& client) const {
  Entitlement entitlement{.client = client, .grant_type = std::string(type())};
  if (asked.empty()) return entitlement;
  const Result<Account> owner = directory_.by_id(client.tenant, client.owner_id);
  if (!owner && owner.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(owner.error());
  }
  // The application of a removed or locked owner keeps the scopes that need no role.
  const bool has_roles = owner && owner->active();
  const Holder holder{HolderKind::application, client.tenant,
                      has_roles ? owner->roles : std::vector<std::string>()};
  GH_TRY(allowed, scopes_.allowed(holder, asked));
  entitlement.scopes = std::move(allowed);
  return entitlement;
}

}  // namespace gatehouse::keymanager
