// SPDX-License-Identifier: Apache-2.0
//
// Tokens for a code that a user's browser has brought the client. The code is the client's own,
// goes with its redirect URI and its proof key, and is taken once: when it comes a second time it
// was copied, so everything that it gave is taken back.
//
// Source:  RFC 6749, section 4.1.3; RFC 7636, section 4.6; RFC 9700, sections 2.1.1 and 4.8.
#pragma once

#include "keymanager/authorize/codes.h"
#include "keymanager/grants/grant.h"
#include "keymanager/scope_policy.h"

namespace gatehouse::keymanager {

class AuthorizationCodeGrant final : public Grant {
 public:
  AuthorizationCodeGrant(const Resources& resources, const Codes& codes, Revocations& revocations,
                         const Directory& directory, const ScopePolicy& scopes)
      : clock_(resources.clock),
        codes_(codes),
        revocations_(revocations),
        directory_(directory),
        scopes_(scopes) {}

  std::string_view type() const override { return "authorization_code"; }
  // Error: invalid_grant; invalid_request.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  Result<storage::StoredCode> find(const Form& form, const storage::Client& client);

  const Clock& clock_;
  const Codes& codes_;
  Revocations& revocations_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
