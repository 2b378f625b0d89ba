// SPDX-License-Identifier: Apache-2.0
#include "storage/database_files.h"

#include <fstream>

#include "core/text.h"

namespace gatehouse::storage {

namespace {

Result<std::string> password_of(const std::filesystem::path& file) {
  if (file.empty()) return std::string();
  std::ifstream stream(file);
  std::string password;
  if (!std::getline(stream, password) || password.empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("database.password_file: {} has no password", file.string()));
  }
  return std::string(trim(password));
}

Result<std::filesystem::path> file_of(std::string_view url, const std::filesystem::path& data_dir) {
  if (PostgresUrl::is(url)) return std::filesystem::path();
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme) || url.size() == scheme.size()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("\"{}\" is not the URL of a database: use \"sqlite:FILE\" or "
                            "\"postgres://USER@HOST/DATABASE\"",
                            url));
  }
  std::filesystem::path file = data_dir / url.substr(scheme.size());
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return fail(ErrorCode::unavailable,
                fmt::format("The folder {} cannot be made", file.parent_path().string()),
                error.message());
  }
  return std::filesystem::weakly_canonical(file);
}

}  // namespace

Result<DatabaseFiles> database_files(const DatabaseOptions& options) {
  GH_TRY(user_manager, file_of(options.user_manager, options.data_dir));
  GH_TRY(api_manager, file_of(options.api_manager, options.data_dir));
  std::filesystem::path registry;
  if (!options.registry.empty()) {
    GH_TRY(file, file_of(options.registry, options.data_dir));
    registry = std::move(file);
  }
  const auto same = [](const std::filesystem::path& a, const std::filesystem::path& b) {
    return !a.empty() && a == b;
  };
  if (same(user_manager, api_manager) || same(api_manager, registry) ||
      same(registry, user_manager)) {
    return fail(ErrorCode::invalid_argument,
                "user_manager, api_manager and registry need a file each");
  }
  return DatabaseFiles{std::move(user_manager), std::move(api_manager), std::move(registry)};
}

Result<> must_be_files(const DatabaseFiles& files) {
  if (files.complete()) return {};
  return fail(
      ErrorCode::invalid_argument,
      "This command copies SQLite files, and a database is in PostgreSQL: back it up with "
      "pg_dump and cluster.key beside it, api_manager first; how to bring it back stands in "
      "docs/postgresql.md");
}

DatabaseFiles backup_files(const std::filesystem::path& directory) {
  return {directory / "user_manager.db", directory / "api_manager.db", directory / "registry.db"};
}

Result<> refuse_half_restored(const DatabaseFiles& files) {
  if (files.api_manager.empty()) return {};
  if (!std::filesystem::exists(files.restore_marker())) return {};
  return fail(ErrorCode::conflict,
              "A restore was broken off, so the three databases may not belong together: run "
              "'gatehouse restore' again");
}

Result<std::vector<std::optional<PostgresUrl>>> postgres_urls(const DatabaseOptions& options) {
  GH_TRY(password, password_of(options.password_file));
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

}  // namespace gatehouse::storage
