// SPDX-License-Identifier: Apache-2.0
//
// The three databases of the configuration, opened and migrated; their backup and restore. A key
// manager on its own has two of them.
//
// Thread:  opened and closed by one thread; the databases as Database says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "storage/database.h"
#include "storage/write_options.h"

namespace gatehouse::storage {

struct DatabaseFiles;
class SqliteDatabase;

// A server makes what is missing and migrates, and has a SQLite file for itself; a command works
// beside a running server, on databases that exist.
enum class Access : std::uint8_t { server, command };

struct DatabaseOptions {
  std::filesystem::path data_dir;

  // "sqlite:FILE", below data_dir unless FILE is absolute, or "postgres://USER@HOST/DATABASE".
  std::string user_manager = "sqlite:user_manager.db";
  std::string api_manager = "sqlite:api_manager.db";
  std::string registry = "sqlite:registry.db";  // empty: left alone

  // Of PostgreSQL: a file with the password for URLs without one (empty: none), and the most
  // connections to each database.
  std::filesystem::path password_file;
  std::size_t connections_max = 16;
  // Who migrates databases in PostgreSQL, and a file with his password; empty: the URL's user, if
  // he may.
  std::string owner;
  std::filesystem::path owner_password_file;

  // Told the newest number after each commit to the change log, on a thread that writes.
  std::function<void(std::uint64_t newest)> on_change;
};

class Databases {
 public:
  // Error: invalid_argument, for a URL that we cannot use; otherwise as SqliteDatabase::open,
  // PostgresDatabase::open and migrate() say. The messages are for the person who starts the
  // program.
  static Result<std::unique_ptr<Databases>> open(const DatabaseOptions& options, Access access,
                                                 const Clock& clock, Random& random);
  ~Databases();
  Databases(const Databases&) = delete;
  Databases& operator=(const Databases&) = delete;

  Database& user_manager() { return *user_manager_; }
  Database& api_manager() { return *api_manager_; }
  Database& registry() {
    GH_ASSERT(registry_ != nullptr);
    return *registry_;
  }

  // Copies all three into `directory`, which is made and must hold no backup yet. Online: nobody
  // waits. Every row of the copies finds in them the contents and users that it names.
  // Error: invalid_argument, when one of them is in PostgreSQL.
  Result<> backup(const std::filesystem::path& directory);

 private:
  friend Result<> restore(const std::filesystem::path& directory, const DatabaseOptions& options,
                          const Clock& clock, Random& random);

  static Result<std::unique_ptr<Databases>> open_all(const DatabaseOptions& options,
                                                     DatabaseFiles files, Access access,
                                                     const Clock& clock, Random& random);

  explicit Databases(DatabaseFiles files);

  static Result<> migrate_as_owner(const DatabaseOptions& options, const Clock& clock);
  Result<> migrate_all(Access access, const Clock& clock, Random& random);

  const std::unique_ptr<const DatabaseFiles> files_;
  std::unique_ptr<Database> user_manager_;
  std::unique_ptr<Database> api_manager_;
  std::unique_ptr<Database> registry_;  // null: left alone
};

// Puts a backup in the place of the databases of `options`, while no server runs on them. The
// change log goes on under another tag, so that every gateway starts from a full snapshot. Broken
// off halfway, it must be run again: until then the databases do not open.
// Error: not_found, when `directory` has no backup; as Databases::open and backup for the rest.
Result<> restore(const std::filesystem::path& directory, const DatabaseOptions& options,
                 const Clock& clock, Random& random);

}  // namespace gatehouse::storage
