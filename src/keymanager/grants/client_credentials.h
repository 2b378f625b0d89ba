// SPDX-License-Identifier: Apache-2.0
//
// A token for the application itself. Its scopes are those of APIs that the roles of the client's
// owner allow; our own REST APIs need a user, so their scopes are left out.
//
// Source:  RFC 6749, section 4.4; no refresh token, as section 4.4.3 says.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/grants/grant.h"
#include "keymanager/scope_policy.h"

namespace gatehouse::keymanager {

class ClientCredentials final : public Grant {
 public:
  ClientCredentials(const Directory& directory, const ScopePolicy& scopes)
      : directory_(directory), scopes_(scopes) {}

  std::string_view type() const override { return "client_credentials"; }
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

  // The same for scopes that the portal asks for on behalf of the application.
  Result<Entitlement> decide(const std::vector<std::string>& asked,
                             const storage::Client& client) const;

 private:
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
