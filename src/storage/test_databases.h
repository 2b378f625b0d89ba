// SPDX-License-Identifier: Apache-2.0
//
// Three migrated databases in a temporary folder, for tests of what stands on storage:
//
//   storage::TestDatabases databases;
//   databases.api_manager().write(...);
//   databases.reopen();                   // as after a restart
//
// Thread:  as Databases.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "core/log.h"
#include "storage/databases.h"

namespace gatehouse::storage {

// Memory where there is such a place: a sync costs nothing there.
inline std::filesystem::path place_of_tests() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

// A folder that goes with the object.
class TestFolder {
 public:
  explicit TestFolder(const std::filesystem::path& parent = place_of_tests()) {
    std::string name = (parent / "gatehouse-test-XXXXXX").string();
    GH_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class TestDatabases {
 public:
  explicit TestDatabases(std::function<void(std::uint64_t newest)> on_change = nullptr) {
    set_log_level(LogLevel::warning);
    options_.data_dir = folder_.path();
    options_.on_change = std::move(on_change);
    reopen();
  }

  Database& user_manager() { return databases_->user_manager(); }
  Database& api_manager() { return databases_->api_manager(); }
  Database& registry() { return databases_->registry(); }
  Databases& all() { return *databases_; }

  void reopen() {
    databases_.reset();
    auto opened = Databases::open(options_, Access::server, clock_, random_);
    if (!opened) assertion_failed(opened.error().message.c_str(), __FILE__, __LINE__);
    databases_ = *std::move(opened);
  }

  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TestFolder folder_;
  DatabaseOptions options_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<Databases> databases_;
};

}  // namespace gatehouse::storage
