// SPDX-License-Identifier: Apache-2.0
//
// Numbered, forward-only steps that make the tables. The files of storage/migrations/ are compiled
// in; a database remembers the name of each that it has had, and the SHA-256 of its statements.
//
// A step that begins with the comment "-- additive" takes nothing away from programs that do not
// know it: it adds tables, columns that may be empty, indices or functions. A program that finds
// such steps of a newer version goes on, so that old and new nodes work side by side while one
// after the other is upgraded, and back. Any other step that it does not know stops it.
//
// On PostgreSQL only who owns the tables migrates. A node whose user owns nothing waits until
// somebody has.
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

// How long a node waits for another one to migrate.
inline constexpr std::chrono::seconds migration_wait_max{60};

// Applies what is missing, each step in a transaction of its own. Of several processes that start
// at once on one database, one does it and the others wait; so does, for at most `wait`, who may
// not. Error: conflict, when the database has had a step that is not in `migrations` and is not
// additive (it is newer, or another one), or one whose statements have changed since; nothing is
// changed then; forbidden, when it is still older after `wait`.
Result<> migrate(Database& database, std::span<const Migration> migrations, const Clock& clock,
                 std::chrono::milliseconds wait = migration_wait_max);

// Error: conflict, when migrate() would do or refuse something.
Result<> check_migrated(Database& database, std::span<const Migration> migrations);

// Whether programs that do not know it may go on.
bool is_additive(const Migration& migration);

// The statements of a file, without its comments.
std::vector<std::string> statements_of(std::string_view sql);

}  // namespace gatehouse::storage
