// SPDX-License-Identifier: Apache-2.0
#include "storage/users/second_factor_store.h"

namespace gatehouse::storage {

Result<std::optional<SecondFactor>> SecondFactorStore::find(std::string_view user_id) const {
  GH_TRY(row, transaction_.query_one("SELECT sealed, last_step, created_at_ms FROM "
                                     "um_second_factor WHERE tenant_id = $1 AND user_id = $2",
                                     tenant_, user_id));
  if (!row) return std::optional<SecondFactor>();
  return std::optional<SecondFactor>(
      SecondFactor{std::string(user_id), row->bytes(0), row->number(1), row->instant(2)});
}

Result<> SecondFactorStore::put(const SecondFactor& factor,
                                const std::vector<std::string>& recovery_hashes) {
  GH_CHECK(remove(factor.user_id));
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_second_factor (tenant_id, user_id, sealed, last_step, created_at_ms) "
      "VALUES ($1, $2, $3, $4, $5)",
      tenant_, factor.user_id, Bytes{factor.sealed}, factor.last_step, factor.created_at));
  for (const std::string& hash : recovery_hashes) {
    GH_CHECK(transaction_.execute(
        "INSERT INTO um_recovery_code (tenant_id, user_id, hash) VALUES ($1, $2, $3)", tenant_,
        factor.user_id, Bytes{hash}));
  }
  return {};
}

Result<> SecondFactorStore::remove(std::string_view user_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM um_second_factor WHERE tenant_id = $1 AND user_id = $2", tenant_, user_id));
  GH_CHECK(transaction_.execute(
      "DELETE FROM um_recovery_code WHERE tenant_id = $1 AND user_id = $2", tenant_, user_id));
  return {};
}

Result<bool> SecondFactorStore::take_step(std::string_view user_id, std::int64_t step) {
  GH_TRY(changed, transaction_.execute("UPDATE um_second_factor SET last_step = $3 "
                                       "WHERE tenant_id = $1 AND user_id = $2 AND last_step < $3",
                                       tenant_, user_id, step));
  return changed == 1;
}

Result<bool> SecondFactorStore::take_recovery_code(std::string_view user_id,
                                                   std::string_view hash) {
  GH_TRY(removed, transaction_.execute("DELETE FROM um_recovery_code WHERE tenant_id = $1 "
                                       "AND user_id = $2 AND hash = $3",
                                       tenant_, user_id, Bytes{std::string(hash)}));
  return removed == 1;
}

Result<std::int64_t> SecondFactorStore::recovery_codes_left(std::string_view user_id) const {
  GH_TRY(row, transaction_.query_one("SELECT COUNT(*) FROM um_recovery_code "
                                     "WHERE tenant_id = $1 AND user_id = $2",
                                     tenant_, user_id));
  return row->number(0);
}

Result<std::optional<PasswordReset>> PasswordResetStore::find(std::string_view hash) const {
  // tidy: allow(tenant_id) a token says which tenant its user is of
  GH_TRY(row, transaction_.query_one("SELECT tenant_id, user_id, expires_at_ms "
                                     "FROM um_password_reset WHERE hash = $1",
                                     Bytes{std::string(hash)}));
  if (!row) return std::optional<PasswordReset>();
  return std::optional<PasswordReset>(
      PasswordReset{std::string(hash), row->number(0), row->text(1), row->instant(2)});
}

Result<> PasswordResetStore::put(const PasswordReset& reset) {
  GH_CHECK(remove_of_user(reset.tenant, reset.user_id));
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_password_reset (hash, tenant_id, user_id, expires_at_ms) "
      "VALUES ($1, $2, $3, $4)",
      Bytes{reset.hash}, reset.tenant, reset.user_id, reset.expires_at));
  return {};
}

Result<bool> PasswordResetStore::take(std::string_view hash) {
  GH_TRY(removed,
         transaction_.execute("DELETE FROM um_password_reset WHERE hash = $1 AND tenant_id > 0",
                              Bytes{std::string(hash)}));
  return removed == 1;
}

Result<> PasswordResetStore::remove_of_user(model::TenantNumber tenant, std::string_view user_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM um_password_reset WHERE tenant_id = $1 AND user_id = $2", tenant, user_id));
  return {};
}

}  // namespace gatehouse::storage
