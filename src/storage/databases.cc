// SPDX-License-Identifier: Apache-2.0
#include "storage/databases.h"

#include "core/id.h"
#include "storage/change_log.h"
#include "storage/database_files.h"
#include "storage/migration.h"

namespace gatehouse::storage {

Result<std::unique_ptr<Databases>> Databases::open(const DatabaseOptions& options, Access access,
                                                   const Clock& clock, Random& random) {
  GH_TRY(files, database_files(options));
  GH_CHECK(refuse_half_restored(files));
  return open_files(files, access, {clock, options.on_change}, random);
}

Result<std::unique_ptr<Databases>> Databases::open_files(const DatabaseFiles& files, Access access,
                                                         SqliteWriter::Options options,
                                                         Random& random) {
  const Clock& clock = options.clock;
  SqliteWriter::Options unlogged{clock};
  options.change_log = SqliteWriter::Options::ChangeLog::kept;
  GH_TRY(user_manager, SqliteDatabase::open(files.user_manager, access, unlogged));
  GH_TRY(api_manager, SqliteDatabase::open(files.api_manager, access, std::move(options)));
  GH_TRY(registry, SqliteDatabase::open(files.registry, access, std::move(unlogged)));
  std::unique_ptr<Databases> databases(new Databases());
  databases->user_manager_ = std::move(user_manager);
  databases->api_manager_ = std::move(api_manager);
  databases->registry_ = std::move(registry);
  GH_CHECK(databases->migrate_all(access, clock, random));
  return databases;
}

Result<> Databases::migrate_all(Access access, const Clock& clock, Random& random) {
  if (access == Access::command) {
    GH_CHECK(check_migrated(*user_manager_, user_manager_migrations));
    GH_CHECK(check_migrated(*api_manager_, api_manager_migrations));
    return check_migrated(*registry_, registry_migrations);
  }
  GH_CHECK(migrate(*user_manager_, user_manager_migrations, clock));
  GH_CHECK(migrate(*api_manager_, api_manager_migrations, clock));
  GH_CHECK(migrate(*registry_, registry_migrations, clock));
  const std::string tag = random_uuid(random);
  return api_manager_->write(
      [&](Transaction& transaction) { return begin_history(transaction, tag); });
}

}  // namespace gatehouse::storage
