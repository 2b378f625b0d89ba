// SPDX-License-Identifier: Apache-2.0
//
// Three migrated databases for tests of what stands on storage:
//
//   storage::TestDatabases databases;
//   databases.api_manager().write(...);
//   databases.reopen();                   // as after a restart
//
// SQLite files in a temporary folder, or schemas of a PostgreSQL server of the test program's own,
// if asked for, or if the environment says GATEHOUSE_TEST_ENGINE=postgresql: then a whole test
// program runs on it.
//
// Thread:  as Databases.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "core/log.h"
#include "storage/change_log.h"
#include "storage/databases.h"
#include "storage/test_postgres.h"

namespace gatehouse::storage {

enum class TestEngine : std::uint8_t { sqlite, postgresql };

inline TestEngine default_test_engine() {
  const char* const wanted = std::getenv("GATEHOUSE_TEST_ENGINE");
  return wanted != nullptr && std::string_view(wanted) == "postgresql" ? TestEngine::postgresql
                                                                       : TestEngine::sqlite;
}

// For the names of tests that run on each engine.
inline std::string to_text(TestEngine engine) {
  return engine == TestEngine::sqlite ? "Sqlite" : "Postgresql";
}

class TestDatabases {
 public:
  explicit TestDatabases(std::function<void(std::uint64_t newest)> on_change = nullptr,
                         TestEngine engine = default_test_engine()) {
    set_log_level(LogLevel::warning);
    options_.data_dir = folder_.path();
    options_.on_change = std::move(on_change);
    if (engine == TestEngine::postgresql) {
      TestPostgres& server = TestPostgres::instance();
      options_.user_manager = server.make_schema();
      options_.api_manager = server.make_schema();
      options_.registry = server.make_schema();
    }
    reopen();
  }
  explicit TestDatabases(TestEngine engine) : TestDatabases(nullptr, engine) {}

  // Kinds of the changes since the last call: "policy api_key ".
  std::string kinds_changed() {
    const auto logged = api_manager().read(
        [&](Transaction& transaction) { return changes_since(transaction, seen_, 1'000); });
    std::string text;
    for (const LoggedChange& each : *logged) {
      seen_ = each.number;
      text += std::string(model::to_text(each.change.kind)) + " ";
    }
    return text;
  }

  Database& user_manager() { return databases_->user_manager(); }
  Database& api_manager() { return databases_->api_manager(); }
  Database& registry() { return databases_->registry(); }
  Databases& all() { return *databases_; }

  void reopen() {
    databases_.reset();
    auto opened = Databases::open(options_, Access::server, clock_, random_);
    if (!opened) {
      const std::string why = opened.error().message + " " + opened.error().detail;
      assertion_failed(why.c_str(), __FILE__, __LINE__);
    }
    databases_ = *std::move(opened);
  }

  const std::filesystem::path& folder() const { return folder_.path(); }
  // All that is kept, as it lies on the disk.
  std::string bytes_on_disk() const {
    const bool files = options_.api_manager.starts_with("sqlite:");
    if (!files) TestPostgres::instance().execute("CHECKPOINT");
    std::string bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             files ? folder_.path() : TestPostgres::instance().tables())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(stream), {});
    }
    return bytes;
  }
  const DatabaseOptions& options() const { return options_; }

 private:
  TestFolder folder_;
  DatabaseOptions options_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Databases> databases_;
  std::uint64_t seen_ = 0;  // number of the newest change that was told
};

}  // namespace gatehouse::storage
