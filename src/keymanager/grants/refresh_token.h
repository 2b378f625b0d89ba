// SPDX-License-Identifier: Apache-2.0
//
// A token in exchange for a refresh token, which is used up: the answer brings the next one. A
// refresh token that comes a second time was copied, so all its family is taken back, without a
// grace period.
//
// Source:  RFC 6749, section 6; RFC 9700, section 4.14.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/grants/grant.h"
#include "keymanager/scope_policy.h"

namespace gatehouse::keymanager {

class RefreshTokenGrant final : public Grant {
 public:
  RefreshTokenGrant(const Resources& resources, Revocations& revocations,
                    const Directory& directory, const ScopePolicy& scopes);

  std::string_view type() const override { return "refresh_token"; }
  // Error: invalid_grant; invalid_scope, for a scope that was not granted at first.
  Result<Entitlement> decide(const Form& form, const storage::Client& client) override;

 private:
  Result<storage::StoredToken> find(const std::string& token, const storage::Client& client);
  Result<Account> user_of(const storage::StoredToken& token) const;

  storage::Database& apis_;
  const Clock& clock_;
  Revocations& revocations_;
  const Directory& directory_;
  const ScopePolicy& scopes_;
};

}  // namespace gatehouse::keymanager
