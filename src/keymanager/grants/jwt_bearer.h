// SPDX-License-Identifier: Apache-2.0
//
// A token for a user for whom another issuer vouches by a signed assertion. The issuer is one that
// the tenant trusts; the user is one of ours, by the name that the assertion has. No refresh token:
// the client comes back with a fresh assertion.
//
// Source:  RFC 7523, sections 2.1 and 3.1; RFC 7521, section 4.1.
#pragma once

#include "keymanager/grants/grant.h"
#include "keymanager/scope_policy.h"
#include "keymanager/trusted_issuers.h"

namespace gatehouse::keymanager {

class JwtBearerGrant final : public Grant {
 public:
  JwtBearerGrant(TrustedIssuers& issuers, const Directory& directory, const ScopePolicy& scopes)
      : issuers_(issuers), directory_(directory), scopes_(scopes) {}

  std::string_view type() const override { return "urn:ietf:params:oauth:grant-type:jwt-bearer"; }
  // Error: invalid_grant.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  TrustedIssuers& issuers_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
