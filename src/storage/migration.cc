// SPDX-License-Identifier: Apache-2.0
#include "storage/migration.h"

#include <map>

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

namespace gatehouse::storage {

namespace {

using Applied = std::map<std::string, std::string, std::less<>>;  // name, SHA-256

// Stands among the steps as one that nobody knows.
constexpr std::string_view half_filled_step = "half_filled";

std::string digest_of(const Migration& migration) {
  return sha256_hex(join(statements_of(migration.sql), ";\n"));
}

Result<Applied> applied_in(Database& database) {
  return database.read([](Transaction& transaction) -> Result<Applied> {
    GH_TRY(rows, transaction.query("SELECT name, sha256 FROM schema_migration ORDER BY name"));
    Applied applied;
    for (const Row& row : rows) applied.emplace(row.text(0), row.text(1));
    return applied;
  });
}

Result<> check(const Applied& applied, std::span<const Migration> migrations) {
  if (applied.contains(half_filled_step)) {
    return fail(ErrorCode::conflict,
                "'gatehouse migrate' is filling the databases, or was broken off: run it again");
  }
  std::size_t known = 0;
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.name);
    if (found == applied.end()) continue;
    ++known;
    if (found->second != digest_of(migration)) {
      return fail(ErrorCode::conflict,
                  fmt::format("The database was made by another build: its step {} differs from "
                              "this program's. Use that build, or another data directory",
                              migration.name));
    }
  }
  if (known == applied.size()) return {};
  // The last name is the newest step, and so one that we do not know, unless the file is another's.
  return fail(ErrorCode::conflict,
              fmt::format("The database has had the step {}, which this program does not know: it "
                          "is newer, or another of the three databases. Nothing was changed",
                          applied.rbegin()->first));
}

Result<> apply(Database& database, const Migration& migration, const Clock& clock) {
  std::vector<std::string> statements;
  for (const std::string& statement : statements_of(migration.sql)) {
    std::optional<std::string> ours = database.dialect(statement);
    if (ours) statements.push_back(*std::move(ours));
  }
  const std::string digest = digest_of(migration);
  const Instant now = clock.now();
  return database.write([&](Transaction& transaction) -> Result<> {
    for (const std::string& statement : statements) GH_CHECK(transaction.execute(statement));
    GH_CHECK(transaction.execute(
        "INSERT INTO schema_migration (name, sha256, applied_at_ms) VALUES ($1, $2, $3)",
        migration.name, digest, now));
    return {};
  });
}

Result<> migrate_alone(Database& database, std::span<const Migration> migrations,
                       const Clock& clock, HalfFilled half_filled) {
  const auto table = database.dialect(
      "CREATE TABLE IF NOT EXISTS schema_migration"
      " (name TEXT NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL, applied_at_ms BIGINT NOT NULL)");
  GH_CHECK(database.write([&](Transaction& transaction) { return transaction.execute(*table); }));
  GH_TRY(applied, applied_in(database));
  if (half_filled == HalfFilled::opened) applied.erase(std::string(half_filled_step));
  GH_CHECK(check(applied, migrations));
  for (const Migration& migration : migrations) {
    if (applied.contains(migration.name)) continue;
    GH_CHECK(apply(database, migration, clock));
    log_info("database: applied {}", migration.name);
  }
  return {};
}

}  // namespace

Result<> migrate(Database& database, std::span<const Migration> migrations, const Clock& clock,
                 HalfFilled half_filled) {
  return database.alone([&] { return migrate_alone(database, migrations, clock, half_filled); });
}

Result<> mark_half_filled(Transaction& transaction, std::string_view place, Instant now) {
  GH_CHECK(transaction.execute(
      "INSERT INTO schema_migration (name, sha256, applied_at_ms) VALUES ($1, $2, $3)",
      half_filled_step, place, now));
  return {};
}

Result<> mark_filled(Transaction& transaction) {
  GH_CHECK(transaction.execute("DELETE FROM schema_migration WHERE name = $1", half_filled_step));
  return {};
}

Result<std::string> half_filled_by(Transaction& transaction) {
  GH_TRY(row, transaction.query_one("SELECT sha256 FROM schema_migration WHERE name = $1",
                                    half_filled_step));
  return row ? row->text(0) : std::string();
}

Result<> check_migrated(Database& database, std::span<const Migration> migrations) {
  const Result<Applied> applied = applied_in(database);
  if (applied) GH_CHECK(check(*applied, migrations));
  if (!applied || applied->size() != migrations.size()) {
    return fail(ErrorCode::conflict,
                "The database is older than this program: start the server once, or run "
                "'gatehouse migrate'",
                applied ? "" : applied.error().detail);
  }
  return {};
}

std::vector<std::string> statements_of(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  for (const std::string_view line : split(sql, '\n')) {
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with("--")) continue;
    statement.append(statement.empty() ? "" : "\n").append(text);
    if (!text.ends_with(';')) continue;
    statement.pop_back();
    statements.push_back(std::exchange(statement, {}));
  }
  if (!statement.empty()) statements.push_back(std::move(statement));
  return statements;
}

}  // namespace gatehouse::storage
