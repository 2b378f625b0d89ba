// SPDX-License-Identifier: Apache-2.0
//
// A token for a user who trusts the client with his password.
//
// Source:  RFC 6749, section 4.3. WSO2's clients live by it; RFC 9700 advises against it.
#pragma once

#include "keymanager/grants/grant.h"
#include "keymanager/login.h"
#include "keymanager/scope_policy.h"

namespace gatehouse::keymanager {

class PasswordGrant final : public Grant {
 public:
  PasswordGrant(Login& login, const ScopePolicy& scopes, const Clock& clock)
      : login_(login), scopes_(scopes), clock_(clock) {}

  std::string_view type() const override { return "password"; }
  // Error: invalid_grant, in the same words and time for an unknown user and a wrong password.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  Login& login_;
  const ScopePolicy& scopes_;
  const Clock& clock_;
};

}  // namespace gatehouse::keymanager
