// SPDX-License-Identifier: Apache-2.0
#include "storage/databases.h"

#include "core/id.h"
#include "storage/change_log.h"
#include "storage/database_files.h"
#include "storage/migration.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"

namespace gatehouse::storage {

Databases::Databases(DatabaseFiles files)
    : files_(std::make_unique<const DatabaseFiles>(std::move(files))) {}

Databases::~Databases() = default;

Result<std::unique_ptr<Databases>> Databases::open(const DatabaseOptions& options, Access access,
                                                   const Clock& clock, Random& random) {
  GH_TRY(files, database_files(options));
  GH_CHECK(refuse_half_restored(files));
  return open_all(options, std::move(files), access, clock, random);
}

Result<std::unique_ptr<Databases>> Databases::open_all(const DatabaseOptions& options,
                                                       DatabaseFiles files, Access access,
                                                       const Clock& clock, Random& random) {
  GH_TRY(urls, postgres_urls(options));
  std::unique_ptr<Databases> databases(new Databases(std::move(files)));
  const WriteOptions unlogged{clock};
  const WriteOptions logged{clock, options.on_change, WriteOptions::ChangeLog::kept};
  struct Place {
    std::unique_ptr<Database>& database;
    const std::filesystem::path& file;
    const std::optional<PostgresUrl>& url;
    const WriteOptions& options;
  };
  const DatabaseFiles& all = *databases->files_;
  const bool has_registry = !options.registry.empty();
  for (const Place& place : {Place{databases->user_manager_, all.user_manager, urls[0], unlogged},
                             Place{databases->api_manager_, all.api_manager, urls[1], logged},
                             Place{databases->registry_, all.registry, urls[2], unlogged}}) {
    if (&place.database == &databases->registry_ && !has_registry) continue;
    if (place.url) {
      GH_TRY(opened, PostgresDatabase::open(*place.url, options.connections_max, place.options));
      place.database = std::move(opened);
    } else {
      GH_TRY(opened, SqliteDatabase::open(place.file, access, place.options));
      place.database = std::move(opened);
    }
  }
  GH_CHECK(databases->migrate_all(access, clock, random));
  return databases;
}

Result<> Databases::migrate_all(Access access, const Clock& clock, Random& random) {
  if (access == Access::command) {
    GH_CHECK(check_migrated(*user_manager_, user_manager_migrations));
    GH_CHECK(check_migrated(*api_manager_, api_manager_migrations));
    return registry_ ? check_migrated(*registry_, registry_migrations) : Result<>();
  }
  GH_CHECK(migrate(*user_manager_, user_manager_migrations, clock));
  GH_CHECK(migrate(*api_manager_, api_manager_migrations, clock));
  if (registry_) GH_CHECK(migrate(*registry_, registry_migrations, clock));
  const std::string tag = random_uuid(random);
  return api_manager_->write(
      [&](Transaction& transaction) { return begin_history(transaction, tag); });
}

}  // namespace gatehouse::storage
