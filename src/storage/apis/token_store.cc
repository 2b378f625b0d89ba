// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/token_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

std::string_view to_text(TokenKind kind) {
  return kind == TokenKind::access ? "access" : "refresh";
}

}  // namespace

Result<std::optional<StoredToken>> TokenStore::find(std::string_view hash) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT t.tenant_id, t.kind, t.family, t.client_id, t.user_id, t.scopes, "
                  "t.grant_type, t.issued_at_ms, t.expires_at_ms, t.used_at_ms "
                  "FROM am_token t JOIN am_client c ON c.client_id = t.client_id "
                  "AND c.tenant_id = t.tenant_id AND c.status = 'ACTIVE' WHERE t.hash = $1",
                  Bytes{std::string(hash)}));
  if (!row) return std::optional<StoredToken>();
  return std::optional<StoredToken>(StoredToken{
      std::string(hash), row->number(0),
      row->text(1) == to_text(TokenKind::access) ? TokenKind::access : TokenKind::refresh,
      row->text(2), row->text(3), row->text(4), split_words(row->text(5)), row->text(6),
      row->instant(7), row->instant(8), row->instant(9)});
}

Result<> TokenStore::insert(const StoredToken& token) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_token (hash, tenant_id, kind, family, client_id, user_id, scopes, "
      "grant_type, issued_at_ms, expires_at_ms, used_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      Bytes{token.hash}, token.tenant, to_text(token.kind), token.family, token.client_id,
      token.user_id, join(token.scopes, " "), token.grant_type, token.issued_at, token.expires_at,
      token.used_at));
  return {};
}

Result<bool> TokenStore::use(std::string_view hash, Instant at) {
  GH_TRY(changed, transaction_.execute("UPDATE am_token SET used_at_ms = $2 "
                                       "WHERE hash = $1 AND used_at_ms = 0 AND tenant_id > 0",
                                       Bytes{std::string(hash)}, at));
  return changed == 1;
}

Result<> TokenStore::remove(std::string_view hash) {
  GH_CHECK(transaction_.execute("DELETE FROM am_token WHERE hash = $1 AND tenant_id > 0",
                                Bytes{std::string(hash)}));
  return {};
}

Result<> TokenStore::remove_family(model::TenantNumber tenant, std::string_view family) {
  GH_CHECK(transaction_.execute("DELETE FROM am_token WHERE tenant_id = $1 AND family = $2", tenant,
                                family));
  return {};
}

Result<std::vector<std::string>> TokenStore::families_of(model::TenantNumber tenant,
                                                         std::string_view client_id,
                                                         std::string_view user_id) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT family FROM am_token WHERE tenant_id = $1 AND client_id = $2 "
                   "AND user_id = $3 GROUP BY family ORDER BY MAX(issued_at_ms) DESC LIMIT 1000",
                   tenant, client_id, user_id));
  std::vector<std::string> families;
  for (const Row& row : rows) families.push_back(row.text(0));
  return families;
}

Result<> TokenStore::remove_of_client(model::TenantNumber tenant, std::string_view client_id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_token WHERE tenant_id = $1 AND client_id = $2",
                                tenant, client_id));
  return {};
}

Result<> TokenStore::remove_of_user(model::TenantNumber tenant, std::string_view user_id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_token WHERE tenant_id = $1 AND user_id = $2",
                                tenant, user_id));
  return {};
}

Result<std::int64_t> TokenStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_token WHERE tenant_id > 0 AND hash IN (SELECT hash FROM am_token "
      "WHERE expires_at_ms < $1 AND tenant_id > 0 ORDER BY expires_at_ms LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
