// SPDX-License-Identifier: Apache-2.0
//
// A token for a user for whom another issuer vouches by a SAML 2.0 assertion, signed with a
// certificate that the tenant trusts. Each assertion is taken once.
//
// Source:  RFC 7522, sections 2.1 and 3.
#pragma once

#include "keymanager/grants/grant.h"
#include "keymanager/saml_assertion.h"
#include "keymanager/scope_policy.h"
#include "keymanager/trusted_issuers.h"

namespace gatehouse::keymanager {

class SamlBearerGrant final : public Grant {
 public:
  SamlBearerGrant(TrustedIssuers& issuers, const Directory& directory, const ScopePolicy& scopes)
      : issuers_(issuers), directory_(directory), scopes_(scopes) {}

  std::string_view type() const override { return "urn:ietf:params:oauth:grant-type:saml2-bearer"; }
  // Error: invalid_grant.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  Result<Account> user_of(model::TenantNumber tenant, const std::string& assertion);

  TrustedIssuers& issuers_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
