// SPDX-License-Identifier: Apache-2.0
//
// A folder of a test's own, which goes with the object and all that is in it.
//
// Thread:  none; the folder is the object's alone.
// Error:   without a folder no test can go on, so the test ends.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "core/error.h"

namespace gatehouse {

class TestFolder {
 public:
  explicit TestFolder(const std::filesystem::path& parent) {
    // mkdtemp (POSIX) puts its own letters in the place of the six X.
    std::string name = (parent / "gatehouse-test-XXXXXX").string();
    GH_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  // In memory where there is such a place: a sync costs nothing there.
  TestFolder() : TestFolder(place()) {}
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  static std::filesystem::path place() {
    const std::filesystem::path memory = "/dev/shm";
    return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace gatehouse
