// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/token_store.h"

#include <algorithm>
#include <unordered_map>

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

// Places in one statement of `select`.
constexpr std::size_t hashes_max = 16;
constexpr std::size_t parts_max = 8;

std::vector<std::int64_t> parts_of(std::span<const TokenAsked> asked) {
  std::vector<std::int64_t> parts;
  for (const TokenAsked& each : asked) {
    const std::int64_t hour = hour_of(each.end) - 1;
    for (const std::int64_t part : {hour, day_part(hour)}) {
      if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
    }
  }
  return parts;
}

// How many of them go into one statement.
std::size_t fitting(std::span<const TokenAsked> asked) {
  std::size_t count = std::min(asked.size(), hashes_max);
  while (count > 1 && parts_of(asked.first(count)).size() > parts_max) --count;
  return count;
}

Result<StoredToken> token_from(const Row& row) {
  GH_TRY(details, row.is_null(11) ? Result<json::object>() : stored_document(row.text(11)));
  return StoredToken{
      row.bytes(0),
      row.number(1),
      row.text(2) == to_text(TokenKind::access) ? TokenKind::access : TokenKind::refresh,
      row.text(3),
      row.text(4),
      row.text(5),
      split_words(row.text(6)),
      row.text(7),
      std::move(details),
      row.instant(8),
      row.instant(9),
      row.instant(10)};
}

}  // namespace

std::int64_t token_part(Instant issued_at, Instant expires_at) {
  const auto life = expires_at - issued_at;
  if (life <= hourly_life_max) return hour_of(expires_at);
  return life <= daily_life_max ? day_part(hour_of(expires_at)) : 0;
}

Result<std::optional<StoredToken>> TokenStore::find(std::string_view hash, Instant end) const {
  const TokenAsked asked{std::string(hash), end};
  GH_TRY(found, find_all({&asked, 1}));
  return std::move(found.front());
}

Result<std::vector<std::optional<StoredToken>>> TokenStore::find_all(
    std::span<const TokenAsked> asked) const {
  std::vector<std::optional<StoredToken>> found(asked.size());
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!places.emplace(asked[i].hash, i).second) {
      return fail(ErrorCode::invalid_argument, "A token is asked for twice");
    }
  }
  for (std::size_t first = 0; first < asked.size();) {
    const std::size_t count = asked.size() - first == 1 ? 1 : fitting(asked.subspan(first));
    GH_TRY(rows, count == 1 ? select_one(asked[first]) : select(asked.subspan(first, count)));
    for (const Row& row : rows) {
      GH_TRY(token, token_from(row));
      const std::size_t place = places.at(token.hash);
      found[place] = std::move(token);
    }
    first += count;
  }
  return found;
}

Result<std::vector<Row>> TokenStore::select_one(const TokenAsked& asked) const {
  const std::int64_t hour = hour_of(asked.end) - 1;
  return transaction_.query(
      "SELECT t.hash, t.tenant_id, t.kind, t.family, t.client_id, t.user_id, t.scopes, "
      "t.grant_type, t.issued_at_ms, t.expires_at_ms, t.used_at_ms, t.details "
      "FROM am_token t JOIN am_client c ON c.client_id = t.client_id "
      "AND c.tenant_id + 0 = t.tenant_id AND c.status = 'ACTIVE' WHERE t.hash = $1 "
      "AND t.part IN ($2, $3, 0)",
      Bytes{asked.hash}, hour, day_part(hour));
}

// What is left of a statement's places repeats the last one.
Result<std::vector<Row>> TokenStore::select(std::span<const TokenAsked> asked) const {
  const auto hash = [&](std::size_t i) { return Bytes{asked[std::min(i, asked.size() - 1)].hash}; };
  const std::vector<std::int64_t> parts = parts_of(asked);
  const auto part = [&](std::size_t i) { return parts[std::min(i, parts.size() - 1)]; };
  return transaction_.query(
      "SELECT t.hash, t.tenant_id, t.kind, t.family, t.client_id, t.user_id, t.scopes, "
      "t.grant_type, t.issued_at_ms, t.expires_at_ms, t.used_at_ms, t.details "
      "FROM am_token t JOIN am_client c ON c.client_id = t.client_id "
      "AND c.tenant_id + 0 = t.tenant_id AND c.status = 'ACTIVE' "
      "WHERE t.hash IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
      "AND t.part IN ($17, $18, $19, $20, $21, $22, $23, $24, 0)",
      hash(0), hash(1), hash(2), hash(3), hash(4), hash(5), hash(6), hash(7), hash(8), hash(9),
      hash(10), hash(11), hash(12), hash(13), hash(14), hash(15), part(0), part(1), part(2),
      part(3), part(4), part(5), part(6), part(7));
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
    if (families.size() == 1) {
      transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND family = $2", tenant,
                        family(0));
      return;
    }
    transaction_.post(
        "DELETE FROM am_token WHERE tenant_id = $1 AND family IN ($2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, $11, $12, $13, $14, $15, $16, $17)",
        tenant, family(0), family(1), family(2), family(3), family(4), family(5), family(6),
        family(7), family(8), family(9), family(10), family(11), family(12), family(13), family(14),
        family(15));
    families = families.subspan(std::min<std::size_t>(families.size(), 16));
  }
}

void TokenStore::remove_of_client(model::TenantNumber tenant, std::string_view client_id) {
  transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND client_id = $2", tenant,
                    client_id);
}

Result<bool> TokenStore::has_of(const UserAtClient& pair) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT kind FROM am_token WHERE tenant_id = $1 AND client_id || '' = $2 "
                  "AND user_id = $3 AND user_id <> '' LIMIT 1",
                  pair.tenant, pair.client_id, pair.user_id));
  return row.has_value();
}

// By the index of users, however few tokens there were when the statement was planned.
void TokenStore::remove_of(const UserAtClient& pair) {
  transaction_.post(
      "DELETE FROM am_token WHERE tenant_id = $1 AND client_id || '' = $2 AND user_id = $3 "
      "AND user_id <> ''",
      pair.tenant, pair.client_id, pair.user_id);
}

void TokenStore::remove_of_user(model::TenantNumber tenant, std::string_view user_id) {
  transaction_.post("DELETE FROM am_token WHERE tenant_id = $1 AND user_id = $2 AND user_id <> ''",
                    tenant, user_id);
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
