// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/token_parts.h"

#include <functional>
#include <set>

#include "core/log.h"
#include "core/text.h"
#include "storage/apis/token_store.h"

namespace gatehouse::storage {

namespace {

using std::chrono::days;
using std::chrono::hours;

// Ahead of the longest life, so that a process that sweeps late does no harm.
constexpr hours ahead{2};

// Rows that are deleted in one transaction.
constexpr std::int64_t bite = 100;

// Functions of migration 0012, which run as the owner of the table.
constexpr std::string_view making = "SELECT am_make_token_part($1)";
constexpr std::string_view dropping = "SELECT am_drop_token_part($1)";

bool has_parts(const Database& database) {
  return database.dialect("CREATE TABLE am_token_0 PARTITION OF am_token").has_value();
}

// When the last token of a part has expired.
Instant end_of(std::int64_t part) {
  if (part > 0) return Instant(hours(part + 1));
  return Instant(days(-part + 1));
}

std::optional<std::int64_t> part_of(std::string_view table) {
  for (const auto& [prefix, sign] :
       {std::pair<std::string_view, int>{"am_token_hour_", 1}, {"am_token_day_", -1}}) {
    if (!table.starts_with(prefix)) continue;
    const auto number = parse_number(table.substr(prefix.size()));
    if (number) return sign * static_cast<std::int64_t>(*number);
  }
  return std::nullopt;
}

Result<std::set<std::int64_t>> parts_of(Database& api_manager) {
  GH_TRY(rows, api_manager.read([](Transaction& transaction) {
    return transaction.query(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = CAST('am_token' AS regclass)");
  }));
  std::set<std::int64_t> parts;
  for (const Row& row : rows) {
    if (const auto part = part_of(row.text(0))) parts.insert(*part);
  }
  return parts;
}

// Removes up to `limit` rows, few in a transaction: whoever issues tokens meanwhile waits for few.
Result<std::int64_t> in_bites(
    Database& api_manager, std::int64_t limit,
    const std::function<Result<std::int64_t>(TokenStore& tokens, std::int64_t rows)>& remove) {
  std::int64_t removed = 0;
  while (removed < limit) {
    const std::int64_t rows = std::min(limit - removed, bite);
    GH_TRY(gone, api_manager.write([&](Transaction& transaction) {
      TokenStore tokens(transaction);
      return remove(tokens, rows);
    }));
    removed += gone;
    if (gone < rows) break;
  }
  return removed;
}

// Making and dropping take the whole table for a moment: not while that would keep anybody waiting.
Result<> define(Database& api_manager, std::string_view statement, std::int64_t part) {
  return api_manager.write([&](Transaction& transaction) -> Result<> {
    transaction.post("SET LOCAL lock_timeout = '100ms'");
    transaction.post("SELECT pg_advisory_xact_lock(7107707)");
    GH_CHECK(transaction.query(statement, part));
    return {};
  });
}

}  // namespace

Result<> make_token_parts(Database& api_manager, Instant now) {
  if (!has_parts(api_manager)) return {};
  GH_TRY(present, parts_of(api_manager));
  std::vector<std::int64_t> wanted;
  const auto since_epoch = now.time_since_epoch();
  for (hours after{0}; after <= hourly_life_max + ahead; ++after) {
    wanted.push_back(std::chrono::floor<hours>(since_epoch + after).count());
  }
  for (days after{0}; after <= std::chrono::ceil<days>(daily_life_max + ahead); ++after) {
    wanted.push_back(-std::chrono::floor<days>(since_epoch + after).count());
  }
  for (const std::int64_t part : wanted) {
    if (present.contains(part)) continue;
    // Not now, when the table is busy or the shared partition has such tokens: the next round
    // tries.
    const Result<> made = define(api_manager, making, part);
    static_cast<void>(made.has_value());
  }
  return {};
}

Result<std::int64_t> forget_tokens(Database& api_manager, Instant until, std::int64_t limit) {
  if (!has_parts(api_manager)) {
    return in_bites(api_manager, limit, [&](TokenStore& tokens, std::int64_t rows) {
      return tokens.remove_expired(until, rows);
    });
  }
  GH_TRY(parts, parts_of(api_manager));
  for (const std::int64_t part : parts) {
    if (end_of(part) > until) continue;
    const Result<> dropped = define(api_manager, dropping, part);
    if (!dropped) log_warning("tokens: part {} stays: {}", part, dropped.error().detail);
  }
  GH_TRY(long_lived, in_bites(api_manager, limit, [&](TokenStore& tokens, std::int64_t rows) {
           return tokens.remove_expired_long(until, rows);
         }));
  // What lies in the shared partition; parts of that age have been dropped.
  GH_TRY(other,
         in_bites(api_manager, limit - long_lived, [&](TokenStore& tokens, std::int64_t rows) {
           return tokens.remove_expired(until - hours(25), rows);
         }));
  return long_lived + other;
}

}  // namespace gatehouse::storage
