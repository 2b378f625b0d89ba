// SPDX-License-Identifier: Apache-2.0
//
// Numbered, forward-only steps that make the tables. The files of storage/migrations/ are compiled
// in; a database remembers the name of each that it has had, and the SHA-256 of its statements.
//
// One text serves both engines (storage/dialect.h). A file is statements that end with a semicolon
// at the end of a line and whole-line comments; types are TEXT, BIGINT and BLOB.
//
// Thread:  at start-up, by one thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "storage/database.h"

namespace gatehouse::storage {

struct Migration {
  std::string_view name;  // "api_manager/0001_apis"
  std::string_view sql;
};

// In the order of their numbers.
extern const std::span<const Migration> user_manager_migrations;
extern const std::span<const Migration> api_manager_migrations;
extern const std::span<const Migration> registry_migrations;

// Whether a database may be opened that a move (storage/move.h) is filling or has left half filled.
enum class HalfFilled : std::uint8_t { refused, opened };

// Applies what is missing, each step in a transaction of its own. Of several processes that start
// at once on one database, one does it and the others wait. Error: conflict, when the database has
// had a step that is not in `migrations` (it is newer, or another one), or one whose statements
// have changed since, or when it is half filled; nothing is changed then.
Result<> migrate(Database& database, std::span<const Migration> migrations, const Clock& clock,
                 HalfFilled half_filled = HalfFilled::refused);

// Error: conflict, when migrate() would do or refuse something.
Result<> check_migrated(Database& database, std::span<const Migration> migrations);

// The table of a database that remembers its steps.
inline constexpr std::string_view migration_table = "schema_migration";

// Marks a database as half filled: no server opens it, one of an older version neither. `place`
// says by whom.
Result<> mark_half_filled(Transaction& transaction, std::string_view place, Instant now);
Result<> mark_filled(Transaction& transaction);
// The place of the mark; empty without one.
Result<std::string> half_filled_by(Transaction& transaction);

// The statements of a file, without its comments.
std::vector<std::string> statements_of(std::string_view sql);

}  // namespace gatehouse::storage
