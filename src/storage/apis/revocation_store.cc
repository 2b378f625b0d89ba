// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/revocation_store.h"

#include "storage/change_log.h"

namespace gatehouse::storage {

TokenNames names_of(const StoredToken& token, model::TenantNumber user_tenant) {
  return {.tenant = token.tenant,
          .token = "",
          .family = token.family,
          .client_id = token.client_id,
          .user_id = token.user_id,
          .issued_at = token.issued_at,
          .user_tenant = user_tenant};
}

Result<std::uint64_t> RevocationStore::newest() const {
  GH_TRY(row, transaction_.query_one("SELECT number FROM am_revocation_counter WHERE id = 1"));
  return row ? static_cast<std::uint64_t>(row->number(0)) : 0;
}

Result<std::vector<model::Revocation>> RevocationStore::since(std::uint64_t since,
                                                              std::int64_t limit) const {
  GH_TRY(rows, transaction_.query("SELECT number, tenant_id, kind, value, issued_before_ms, "
                                  "expires_at_ms FROM am_revocation WHERE number > $1 "
                                  "ORDER BY number LIMIT $2",
                                  since, limit));
  std::vector<model::Revocation> revocations;
  for (const Row& row : rows) {
    revocations.push_back({static_cast<std::uint64_t>(row.number(0)), row.number(1), row.text(2),
                           row.text(3), row.instant(4), row.instant(5)});
  }
  return revocations;
}

Result<bool> RevocationStore::covers(const TokenNames& token) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT number FROM am_revocation WHERE tenant_id IN ($1, $8) AND "
                  "((value = $2 AND kind = 'token') OR (value = $3 AND kind = 'family') OR "
                  "(value = $4 AND kind = 'client' AND issued_before_ms >= $6) OR "
                  "(value = $5 AND kind = 'user' AND issued_before_ms >= $6) OR "
                  "(value = $7 AND kind = 'user_client' AND issued_before_ms >= $6)) LIMIT 1",
                  token.tenant, token.token, token.family, token.client_id, token.user_id,
                  token.issued_at, model::user_and_client(token.user_id, token.client_id),
                  token.user_tenant));
  return row.has_value();
}

Result<Instant> RevocationStore::last_of_user_client(const UserAtClient& pair) const {
  GH_TRY(row,
         transaction_.query_one("SELECT MAX(issued_before_ms) FROM am_revocation "
                                "WHERE tenant_id = $1 AND kind = 'user_client' AND value = $2",
                                pair.tenant, model::user_and_client(pair.user_id, pair.client_id)));
  return row ? row->instant(0) : Instant{};
}

Result<> RevocationStore::append(std::vector<model::Revocation>& revocations) {
  const std::uint64_t first = first_number_of(transaction_.timeline());
  transaction_.post(
      "INSERT INTO am_revocation_counter (id, number) VALUES (1, $1) "
      "ON CONFLICT (id) DO UPDATE SET number = CASE WHEN am_revocation_counter.number < $2 "
      "THEN $2 ELSE am_revocation_counter.number END + $3",
      first + revocations.size(), first, revocations.size());
  GH_TRY(number, newest());
  number -= revocations.size();
  for (model::Revocation& revocation : revocations) revocation.number = ++number;
  std::span<const model::Revocation> left = revocations;
  while (left.size() >= rows_max) {
    insert(left.first(rows_max));
    left = left.subspan(rows_max);
  }
  for (std::size_t i = 0; i < left.size(); ++i) insert(left.subspan(i, 1));
  return {};
}

// One of them, or `rows_max`.
void RevocationStore::insert(std::span<const model::Revocation> revocations) {
  std::vector<Parameter> parameters;
  for (const model::Revocation& revocation : revocations) {
    parameters.insert(parameters.end(),
                      {revocation.number, revocation.tenant, revocation.kind, revocation.value,
                       revocation.issued_before, revocation.expires_at});
  }
  static_assert(rows_max == 8);
  transaction_.post_update(
      revocations.size() == 1
          ? "INSERT INTO am_revocation (number, tenant_id, kind, value, issued_before_ms, "
            "expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6)"
          : "INSERT INTO am_revocation (number, tenant_id, kind, value, issued_before_ms, "
            "expires_at_ms) VALUES "
            "($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), "
            "($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), "
            "($25, $26, $27, $28, $29, $30), ($31, $32, $33, $34, $35, $36), "
            "($37, $38, $39, $40, $41, $42), ($43, $44, $45, $46, $47, $48)",
      parameters);
}

Result<std::int64_t> RevocationStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_revocation WHERE tenant_id > 0 AND number IN (SELECT number "
      "FROM am_revocation WHERE expires_at_ms < $1 AND tenant_id > 0 ORDER BY number LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
