// SPDX-License-Identifier: Apache-2.0
//
// Keeps a second server away from a database file: an exclusive lock on FILE.lock, which the kernel
// gives back when the process ends, however it ends.
//
// Thread:  one owner.
#pragma once

#include <filesystem>
#include <memory>

#include "core/error.h"

namespace gatehouse::storage {

class FileLock {
 public:
  // Error: unavailable, when another process holds the lock; the message names it.
  static Result<std::unique_ptr<FileLock>> take(const std::filesystem::path& file);

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
};

}  // namespace gatehouse::storage
