// SPDX-License-Identifier: Apache-2.0
#include "storage/databases.h"

#include <array>
#include <fstream>

#include "core/id.h"
#include "core/text.h"
#include "storage/change_log.h"
#include "storage/database_files.h"
#include "storage/migration.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"

namespace gatehouse::storage {

namespace {

Result<std::string> password_of(std::string_view key, const std::filesystem::path& file) {
  if (file.empty()) return std::string();
  std::ifstream stream(file);
  std::string password;
  if (!std::getline(stream, password) || password.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {} has no password", key, file.string()));
  }
  return std::string(trim(password));
}

// The URLs of the databases that are in PostgreSQL.
Result<std::vector<std::optional<PostgresUrl>>> postgres_urls(const DatabaseOptions& options) {
  GH_TRY(password, password_of("database.password_file", options.password_file));
  std::vector<std::optional<PostgresUrl>> urls;
  for (const std::string* const text :
       {&options.user_manager, &options.api_manager, &options.registry}) {
    std::optional<PostgresUrl> url;
    if (PostgresUrl::is(*text)) {
      GH_TRY(parsed, PostgresUrl::parse(*text, password));
      url = std::move(parsed);
    }
    if (url && std::find(urls.begin(), urls.end(), url) != urls.end()) {
      return fail(ErrorCode::invalid_argument,
                  "user_manager, api_manager and registry need a database each, or a schema each: "
                  "\"postgres://USER@HOST/DATABASE?options=-csearch_path%3DSCHEMA\"");
    }
    urls.push_back(std::move(url));
  }
  return urls;
}

}  // namespace

Databases::Databases(DatabaseFiles files)
    : files_(std::make_unique<const DatabaseFiles>(std::move(files))) {}

Databases::~Databases() = default;

Result<std::unique_ptr<Databases>> Databases::open(const DatabaseOptions& options, Access access,
                                                   const Clock& clock, Random& random) {
  GH_TRY(files, database_files(options));
  GH_CHECK(refuse_half_restored(files));
  if (access == Access::server && !options.owner.empty()) {
    GH_CHECK(migrate_as_owner(options, clock));
  }
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
    std::string_view name;
  };
  const DatabaseFiles& all = *databases->files_;
  const bool has_registry = !options.registry.empty();
  for (const Place& place :
       {Place{databases->user_manager_, all.user_manager, urls[0], unlogged, "user_manager"},
        Place{databases->api_manager_, all.api_manager, urls[1], logged, "api_manager"},
        Place{databases->registry_, all.registry, urls[2], unlogged, "registry"}}) {
    if (&place.database == &databases->registry_ && !has_registry) continue;
    if (place.url) {
      const PostgresPlace where{*place.url, options.connections_max,
                                options.data_dir / fmt::format("{}.timeline", place.name)};
      GH_TRY(opened, PostgresDatabase::open(where, place.options));
      place.database = std::move(opened);
    } else {
      GH_TRY(opened, SqliteDatabase::open(place.file, access, place.options));
      place.database = std::move(opened);
    }
  }
  GH_CHECK(databases->migrate_all(access, clock, random));
  return databases;
}

// Over connections that are closed afterwards: while it serves, a node has the rights of its URLs.
Result<> Databases::migrate_as_owner(const DatabaseOptions& options, const Clock& clock) {
  GH_TRY(urls, postgres_urls(options));
  GH_TRY(password, password_of("database.owner_password_file", options.owner_password_file));
  const std::array all{user_manager_migrations, api_manager_migrations, registry_migrations};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!urls[i]) continue;
    constexpr std::size_t connections_max = 2;
    GH_TRY(database, PostgresDatabase::open({urls[i]->as(options.owner, password), connections_max},
                                            {clock}));
    GH_TRY(owner, database->may_define());
    if (!owner) {
      return fail(ErrorCode::forbidden, fmt::format("database.owner: {} owns no tables in {}",
                                                    options.owner, urls[i]->name()));
    }
    GH_CHECK(migrate(*database, all[i], clock));
  }
  return {};
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
