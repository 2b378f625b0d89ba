// SPDX-License-Identifier: Apache-2.0
//
// Wrong passwords of one tenant's users, and the lock that follows: table um_login_failure.
//
// The count is stored, so that neither a restart nor another node gives an attacker more tries; a
// write follows only a wrong password, whose hashing costs more, and the first right one after it.
//
// Thread:  one transaction.
#pragma once

#include "storage/users/tenant_settings.h"

namespace gatehouse::storage {

class LoginFailures {
 public:
  LoginFailures(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  struct State {
    std::int64_t failures = 0;
    Instant locked_until{};
  };
  Result<State> of(std::string_view user_id) const;

  // One more, under a policy that locks. At its number the account is locked and counting begins
  // anew.
  Result<> add(std::string_view user_id, const LockoutPolicy& policy, Instant now);
  Result<> forget(std::string_view user_id);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
