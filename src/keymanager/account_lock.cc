// SPDX-License-Identifier: Apache-2.0
#include "keymanager/account_lock.h"

namespace gatehouse::keymanager {

using storage::Transaction;

namespace {

// No user's id: one row, whose count locks nothing.
constexpr std::string_view nobody = "nobody";

}  // namespace

bool AccountLock::is_locked(const Account& account) const {
  return account.failures.locked_until > clock_.now();
}

Result<> AccountLock::failed(const Account& account) {
  const Instant now = clock_.now();
  return users_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(settings, storage::TenantSettingsStore(transaction, account.tenant).settings());
    return storage::LoginFailures(transaction, account.tenant)
        .add(account.user.id, settings.lockout, now);
  });
}

Result<> AccountLock::failed_by_nobody() {
  const Instant now = clock_.now();
  return users_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(settings, storage::TenantSettingsStore(transaction, model::first_tenant).settings());
    return storage::LoginFailures(transaction, model::first_tenant)
        .add(nobody, settings.lockout, now);
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
