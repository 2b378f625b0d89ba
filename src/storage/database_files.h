// SPDX-License-Identifier: Apache-2.0
//
// Where the three databases are, as files and as URLs; one that is in PostgreSQL or left alone has
// an empty path, one in a file no URL.
//
// Thread:  at start-up and in commands, by one thread.
#pragma once

#include <array>
#include <filesystem>

#include "core/error.h"
#include "storage/databases.h"
#include "storage/postgres_url.h"

namespace gatehouse::storage {

struct DatabaseFiles {
  std::filesystem::path user_manager;
  std::filesystem::path api_manager;
  std::filesystem::path registry;

  std::array<const std::filesystem::path*, 3> all() const {
    return {&user_manager, &api_manager, &registry};
  }
  // Whether all three are files.
  bool complete() const {
    return !user_manager.empty() && !api_manager.empty() && !registry.empty();
  }
  // Exists while a restore is under way, beside api_manager.
  std::filesystem::path restore_marker() const {
    return api_manager.parent_path() / "restore.unfinished";
  }
};

// Makes the folders above the files.
// Error: invalid_argument, for a URL of no engine, or one for two databases.
Result<DatabaseFiles> database_files(const DatabaseOptions& options);

// Of user_manager, api_manager and registry.
// Error: invalid_argument, for a URL that libpq cannot read, or one for two databases.
Result<std::vector<std::optional<PostgresUrl>>> postgres_urls(const DatabaseOptions& options);

// Error: invalid_argument, when a database is in PostgreSQL, naming the programs that back it up.
Result<> must_be_files(const DatabaseFiles& files);

// The names of a backup in its directory.
DatabaseFiles backup_files(const std::filesystem::path& directory);

// Error: conflict, when a restore has been broken off.
Result<> refuse_half_restored(const DatabaseFiles& files);

}  // namespace gatehouse::storage
