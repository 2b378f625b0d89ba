// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/token_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

std::string_view to_text(TokenKind kind) {
  return kind == TokenKind::access ? "access" : "refresh";
}

std::int64_t hour_of(Instant instant) {
  return std::chrono::floor<std::chrono::hours>(instant.time_since_epoch()).count();
}

std::int64_t day_part(std::int64_t hour) { return -(hour / 24); }

}  // namespace

std::int64_t token_part(Instant issued_at, Instant expires_at) {
  const auto life = expires_at - issued_at;
  if (life <= hourly_life_max) return hour_of(expires_at);
  return life <= daily_life_max ? day_part(hour_of(expires_at)) : 0;
}

Result<std::optional<StoredToken>> TokenStore::find(std::string_view hash, Instant end) const {
  const std::int64_t hour = hour_of(end) - 1;
  GH_TRY(row, transaction_.query_one(
                  "SELECT t.tenant_id, t.kind, t.family, t.client_id, t.user_id, t.scopes, "
                  "t.grant_type, t.issued_at_ms, t.expires_at_ms, t.used_at_ms, t.details "
                  "FROM am_token t JOIN am_client c ON c.client_id = t.client_id "
                  "AND c.tenant_id = t.tenant_id AND c.status = 'ACTIVE' WHERE t.hash = $1 "
                  "AND t.part IN ($2, $3, 0)",
                  Bytes{std::string(hash)}, hour, day_part(hour)));
  if (!row) return std::optional<StoredToken>();
  GH_TRY(details, row->is_null(10) ? Result<json::object>() : stored_document(row->text(10)));
  return std::optional<StoredToken>(StoredToken{
      std::string(hash), row->number(0),
      row->text(1) == to_text(TokenKind::access) ? TokenKind::access : TokenKind::refresh,
      row->text(2), row->text(3), row->text(4), split_words(row->text(5)), row->text(6),
      std::move(details), row->instant(7), row->instant(8), row->instant(9)});
}

void TokenStore::insert(const StoredToken& token) {
  transaction_.post(
      "INSERT INTO am_token (hash, part, tenant_id, kind, family, client_id, user_id, scopes, "
      "grant_type, issued_at_ms, expires_at_ms, used_at_ms, details) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
      Bytes{token.hash}, token_part(token.issued_at, token.expires_at), token.tenant,
      to_text(token.kind), token.family, token.client_id, token.user_id, join(token.scopes, " "),
      token.grant_type, token.issued_at, token.expires_at, token.used_at,
      json::serialize(token.details));
}

Result<bool> TokenStore::use(const StoredToken& token, Instant at) {
  GH_TRY(changed,
         transaction_.execute("UPDATE am_token SET used_at_ms = $3 "
                              "WHERE hash = $1 AND part IN ($2, 0) AND used_at_ms = 0 "
                              "AND tenant_id = $4",
                              Bytes{token.hash}, token_part(token.issued_at, token.expires_at), at,
                              token.tenant));
  return changed == 1;
}

void TokenStore::remove_families(model::TenantNumber tenant,
                                 std::span<const std::string> families) {
  // One look into each part for as many as there are in a statement; the last one fills up.
  while (!families.empty()) {
    const auto family = [&](std::size_t i) { return families[std::min(i, families.size() - 1)]; };
    transaction_.post(
        "DELETE FROM am_token WHERE tenant_id = $1 AND family IN ($2, $3, $4, $5, $6, $7, $8, $9)",
        tenant, family(0), family(1), family(2), family(3), family(4), family(5), family(6),
        family(7));
    families = families.subspan(std::min<std::size_t>(families.size(), 8));
  }
}

void TokenStore::remove_of_client(model::TenantNumber tenant, std::string_view client_id) {
  transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND client_id = $2", tenant,
                    client_id);
}

void TokenStore::remove_of(const UserAtClient& pair) {
  transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND client_id = $2 AND user_id = $3",
                    pair.tenant, pair.client_id, pair.user_id);
}

void TokenStore::remove_of_user(model::TenantNumber tenant, std::string_view user_id) {
  transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND user_id = $2", tenant, user_id);
}

Result<std::int64_t> TokenStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_token WHERE tenant_id > 0 AND hash IN (SELECT hash FROM am_token "
      "WHERE expires_at_ms < $1 AND tenant_id > 0 ORDER BY expires_at_ms LIMIT $2)",
      until, limit);
}

Result<std::int64_t> TokenStore::remove_expired_long(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_token WHERE tenant_id > 0 AND part = 0 AND hash IN (SELECT hash "
      "FROM am_token WHERE part = 0 AND expires_at_ms < $1 AND tenant_id > 0 "
      "ORDER BY expires_at_ms LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
