// SPDX-License-Identifier: Apache-2.0
//
// A disk that loses power and fills up, between SQLite and its usual file system.
//
// While it lives, every SQLite file of the process is opened through it. It passes all on to real
// files and remembers beside them what a power cut could undo: writes and truncations until their
// file is synced, new and deleted names until a journal's first sync has also synced the folder.
// After the cut, each of those is lost, kept or torn by chance, in sectors of 512 bytes.
//
// Thread:  any; built and destroyed while no database is open.
// Source:  https://www.sqlite.org/vfs.html, https://www.sqlite.org/psow.html
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"

namespace gatehouse::storage {

class FaultDisk {
 public:
  FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;
  ~FaultDisk();

  // The power goes with the `operations`-th write, truncation, sync or deletion from now: it and
  // all that follow fail.
  void cut_power_after(std::uint64_t operations);

  // Files together take at most `bytes`; what would make them larger fails as on a full disk.
  void set_capacity(std::uint64_t bytes);
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t used() const;

  // Writes what the next start finds, into a folder by chance.
  void write_survivors(const std::filesystem::path& folder, Random& chance) const;

  // For the functions that SQLite calls; a code of SQLite.
  int note_write(const std::string& path, std::int64_t offset, std::string_view bytes);
  int note_truncate(const std::string& path, std::int64_t size);
  int note_sync(const std::string& path);
  int note_delete(const std::string& path, bool folder_synced);
  void note_open(const std::string& path, std::int64_t size);
  void note_folder_sync();
  sqlite3_vfs& base() { return base_; }

 private:
  struct Operation {
    std::int64_t offset;  // of a truncation: the size that is left
    std::string bytes;
    bool truncates;
  };
  struct File {
    std::string synced;
    std::vector<Operation> pending;
    std::uint64_t size = 0;
    bool exists = true;
    bool name_synced = false;
  };

  bool spend_power();
  static void apply(std::string& content, const Operation& operation);
  static void apply_torn(std::string& content, const Operation& operation, Random& chance);

  sqlite3_vfs& base_;
  sqlite3_vfs vfs_;

  mutable std::mutex mutex_;  // guards the rest
  std::map<std::string, File> files_;
  std::uint64_t power_left_ = unlimited;
  std::uint64_t capacity_ = unlimited;
  std::uint64_t used_ = 0;
};

}  // namespace gatehouse::storage
