// SPDX-License-Identifier: Apache-2.0
//
// Moves a whole installation, all three databases, from one place to another: SQLite files or
// PostgreSQL on either side.
//
// No server may run on the databases that are left; files are locked meanwhile. The target has the
// tables at most. Each database is filled and read back in one transaction: what was written must
// have the row counts and the digest of what was read, or nothing of it stays. api_manager of the
// target is marked before the first row and until the last one is committed, and no server starts
// on a marked one; a move that was broken off is run again and begins anew.
//
// Rows come over as they are: passwords, tokens, sessions and sealed secrets go on to count, these
// under the same cluster key. Only the tag of the change log is another one, so that gateways begin
// with a full snapshot.
//
// Thread:  blocks; one thread, and one more that reads ahead.
// Memory:  two pages of rows, of about 8 MiB each, or of one row if it is larger.
#pragma once

#include <functional>
#include <string>

#include "core/random.h"
#include "storage/databases.h"

namespace gatehouse::storage {

// How far a move is.
struct MoveProgress {
  std::string_view database;  // "user_manager"
  std::string table;
  std::int64_t rows = 0;
  // "read back" means that its rows are the same on both sides.
  enum class Stage : std::uint8_t { copying, copied, read_back } stage = Stage::copying;
};
using MoveTold = std::function<void(const MoveProgress&)>;

// Returns how many rows were moved.
// Error: conflict, when the target has rows, or a server is at work on the databases that are left;
// not_found, when one of these does not exist; as Databases::open says for the rest.
Result<std::int64_t> move_databases(const DatabaseOptions& from, const DatabaseOptions& to,
                                    const Clock& clock, Random& random, const MoveTold& told);

// The three databases of one URL: "sqlite:FOLDER", with files of the usual names;
// "postgres://USER@HOST", with databases of these names; "postgres://USER@HOST/DATABASE", with a
// schema of each name in it. Parameters are kept.
// Error: invalid_argument.
Result<DatabaseOptions> databases_at(const std::string& url);

// Makes the schemas of such a URL where there are none. Error: as PostgresConnection::open;
// forbidden things are internal.
Result<> make_schemas(const std::string& url);

}  // namespace gatehouse::storage
