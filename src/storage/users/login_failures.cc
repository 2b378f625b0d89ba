// SPDX-License-Identifier: Apache-2.0
#include "storage/users/login_failures.h"

namespace gatehouse::storage {

Result<LoginFailures::State> LoginFailures::of(std::string_view user_id) const {
  GH_TRY(row, transaction_.query_one("SELECT failures, locked_until_ms FROM um_login_failure "
                                     "WHERE tenant_id = $1 AND user_id = $2",
                                     tenant_, user_id));
  if (!row) return State{};
  return State{row->number(0), row->instant(1)};
}

Result<> LoginFailures::add(std::string_view user_id, const LockoutPolicy& policy, Instant now) {
  GH_ASSERT(policy.failures_max > 0);
  GH_TRY(before, of(user_id));
  State after{before.failures + 1, before.locked_until};
  if (after.failures >= policy.failures_max) after = {0, now + policy.duration};
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_login_failure (tenant_id, user_id, failures, locked_until_ms) "
      "VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, user_id) DO UPDATE SET failures = $3, "
      "locked_until_ms = $4",
      tenant_, user_id, after.failures, after.locked_until));
  return {};
}

Result<> LoginFailures::forget(std::string_view user_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM um_login_failure WHERE tenant_id = $1 AND user_id = $2", tenant_, user_id));
  return {};
}

}  // namespace gatehouse::storage
