// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/authorization_code_store.h"

namespace gatehouse::storage {

Result<std::optional<StoredCode>> AuthorizationCodeStore::find(std::string_view hash) const {
  // tidy: allow(tenant_id) a code is looked up before its tenant is known
  GH_TRY(row, transaction_.query_one(
                  "SELECT tenant_id, client_id, user_id, family, document, expires_at_ms, "
                  "used_at_ms FROM am_authorization_code WHERE hash = $1",
                  Bytes{std::string(hash)}));
  if (!row) return std::optional<StoredCode>();
  GH_TRY(document, stored_document(row->text(4)));
  return std::optional<StoredCode>(StoredCode{.hash = std::string(hash),
                                              .tenant = row->number(0),
                                              .client_id = row->text(1),
                                              .user_id = row->text(2),
                                              .family = row->text(3),
                                              .document = std::move(document),
                                              .expires_at = row->instant(5),
                                              .used_at = row->instant(6)});
}

Result<> AuthorizationCodeStore::insert(const StoredCode& code) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_authorization_code (hash, tenant_id, client_id, user_id, family, document, "
      "expires_at_ms, used_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
      Bytes{code.hash}, code.tenant, code.client_id, code.user_id, code.family,
      json::serialize(code.document), code.expires_at));
  return {};
}

Result<bool> AuthorizationCodeStore::use(std::string_view hash, Instant at) {
  GH_TRY(changed, transaction_.execute("UPDATE am_authorization_code SET used_at_ms = $2 "
                                       "WHERE hash = $1 AND used_at_ms = 0 AND tenant_id > 0",
                                       Bytes{std::string(hash)}, at));
  return changed == 1;
}

Result<std::int64_t> AuthorizationCodeStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_authorization_code WHERE tenant_id > 0 AND hash IN "
      "(SELECT hash FROM am_authorization_code WHERE expires_at_ms < $1 AND tenant_id > 0 "
      "LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
