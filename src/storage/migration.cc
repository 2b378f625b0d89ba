// SPDX-License-Identifier: Apache-2.0
#include "storage/migration.h"

#include <map>
#include <optional>
#include <set>
#include <thread>

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

namespace gatehouse::storage {

namespace {

struct Step {
  std::string sha256;
  bool additive = false;
};
using Applied = std::map<std::string, Step, std::less<>>;  // by name

std::string digest_of(const Migration& migration) {
  return sha256_hex(join(statements_of(migration.sql), ";\n"));
}

Result<Applied> applied_in(Database& database) {
  return database.read([](Transaction& transaction) -> Result<Applied> {
    GH_TRY(rows, transaction.query("SELECT name, sha256 FROM schema_migration ORDER BY name"));
    Applied applied;
    for (const Row& row : rows) applied[row.text(0)].sha256 = row.text(1);
    GH_TRY(additive, transaction.query("SELECT name FROM schema_additive"));
    for (const Row& row : additive) {
      const auto step = applied.find(row.text(0));
      if (step != applied.end()) step->second.additive = true;
    }
    return applied;
  });
}

Result<> check(const Applied& applied, std::span<const Migration> migrations) {
  std::set<std::string_view> known;
  for (const Migration& migration : migrations) {
    known.insert(migration.name);
    const auto found = applied.find(migration.name);
    if (found == applied.end() || found->second.sha256 == digest_of(migration)) continue;
    return fail(ErrorCode::conflict,
                fmt::format("The database was made by another build: its step {} differs from "
                            "this program's. Use that build, or another data directory",
                            migration.name));
  }
  for (const auto& [name, step] : applied) {
    const bool newer = known.empty() || name > *known.rbegin();
    if (known.contains(name) || (newer && step.additive)) continue;
    return fail(ErrorCode::conflict,
                fmt::format("The database has had the step {}, which this program does not know: "
                            "it is newer, or another of the three databases. Nothing was changed",
                            name));
  }
  return {};
}

// The first step that is missing.
std::optional<std::string_view> missing_in(const Applied& applied,
                                           std::span<const Migration> migrations) {
  for (const Migration& migration : migrations) {
    if (!applied.contains(migration.name)) return migration.name;
  }
  return std::nullopt;
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
    if (!is_additive(migration)) return {};
    GH_CHECK(transaction.execute("INSERT INTO schema_additive (name) VALUES ($1)", migration.name));
    return {};
  });
}

// What remembers the steps.
Result<> make_tables(Database& database) {
  const auto steps = database.dialect(
      "CREATE TABLE IF NOT EXISTS schema_migration"
      " (name TEXT NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL, applied_at_ms BIGINT NOT NULL)");
  const auto additive = database.dialect(
      "CREATE TABLE IF NOT EXISTS schema_additive (name TEXT NOT NULL PRIMARY KEY)");
  return database.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(transaction.execute(*steps));
    GH_CHECK(transaction.execute(*additive));
    return {};
  });
}

Result<> migrate_alone(Database& database, std::span<const Migration> migrations,
                       const Clock& clock) {
  GH_CHECK(make_tables(database));
  GH_TRY(applied, applied_in(database));
  GH_CHECK(check(applied, migrations));
  for (const Migration& migration : migrations) {
    if (applied.contains(migration.name)) continue;
    GH_CHECK(apply(database, migration, clock));
    log_info("database: applied {}", migration.name);
  }
  for (const auto& [name, step] : applied) {
    if (name <= migrations.back().name) continue;
    log_warning("database: a newer version has applied {}, with which this one can work", name);
  }
  return {};
}

// Until somebody else has migrated.
Result<> await_migration(Database& database, std::span<const Migration> migrations,
                         std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds look_every{250};
  const Tick deadline = std::chrono::steady_clock::now() + wait;
  for (bool told = false;; told = true) {
    const Result<Applied> applied = applied_in(database);
    if (!applied && applied.error().code == ErrorCode::unavailable) {
      return tl::unexpected<Error>(applied.error());
    }
    if (applied) GH_CHECK(check(*applied, migrations));
    const auto missing = missing_in(applied ? *applied : Applied{}, migrations);
    if (!missing) return {};
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::forbidden,
                  fmt::format("The database lacks the step {}, and its user here owns no tables: "
                              "start a node that has database.owner first",
                              *missing),
                  applied ? "" : applied.error().detail);
    }
    if (!told) log_info("database: waiting until another node has applied {}", *missing);
    std::this_thread::sleep_for(look_every);
  }
}

}  // namespace

Result<> migrate(Database& database, std::span<const Migration> migrations, const Clock& clock,
                 std::chrono::milliseconds wait) {
  GH_TRY(owner, database.may_define());
  if (!owner) return await_migration(database, migrations, wait);
  return database.alone([&] { return migrate_alone(database, migrations, clock); });
}

Result<> check_migrated(Database& database, std::span<const Migration> migrations) {
  const Result<Applied> applied = applied_in(database);
  if (applied) GH_CHECK(check(*applied, migrations));
  if (!applied || missing_in(*applied, migrations)) {
    return fail(ErrorCode::conflict,
                "The database is older than this program: start the server once",
                applied ? "" : applied.error().detail);
  }
  return {};
}

bool is_additive(const Migration& migration) { return migration.sql.starts_with("-- additive"); }

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
