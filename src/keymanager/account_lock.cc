// SPDX-License-Identifier: Apache-2.0
#include "keymanager/account_lock.h"

namespace gatehouse::keymanager {

using storage::Transaction;

namespace {

// No user's id: one row, whose count locks nothing.
constexpr std::string_view nobody = "nobody";

Result<> count_nobody(Transaction& transaction, Instant now) {
  return storage::LoginFailures(transaction, model::first_tenant)
      .add(nobody, storage::LockoutPolicy{}, now);
}

}  // namespace

bool AccountLock::is_locked(const Account& account) const {
  return account.failures.locked_until > clock_.now();
}

Result<> AccountLock::failed(const Account& account) {
  const Instant now = clock_.now();
  return users_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(settings, storage::TenantSettingsStore(transaction, account.tenant).settings());
    if (settings.lockout.failures_max == 0) return count_nobody(transaction, now);
    return storage::LoginFailures(transaction, account.tenant)
        .add(account.user.id, settings.lockout, now);
  });
}

Result<> AccountLock::failed_by_nobody() {
  const Instant now = clock_.now();
  return users_.write([&](Transaction& transaction) -> Result<> {
    // Read as failed() reads them, for the time that it takes.
    GH_CHECK(storage::TenantSettingsStore(transaction, model::first_tenant).settings());
    return count_nobody(transaction, now);
  });
}

Result<> AccountLock::succeeded(const Account& account) {
  const storage::LoginFailures::State& state = account.failures;
  if (state.failures == 0 && state.locked_until == Instant{}) return {};
  return users_.write([&](Transaction& transaction) {
    return storage::LoginFailures(transaction, account.tenant).forget(account.user.id);
  });
}

}  // namespace gatehouse::keymanager
