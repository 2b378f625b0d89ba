// SPDX-License-Identifier: Apache-2.0
//
// Copies the write-ahead log of a SQLite file into the file on a thread of its own, so that no
// commit waits for it. A log that grows nevertheless, because readers or writers never pause, is
// restarted by holding writers back for a moment.
//
// Thread:  note_log_size() from any thread.
// Source:  https://www.sqlite.org/wal.html, section 2.3
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "storage/sqlite_connection.h"

namespace gatehouse::storage {

class SqliteCheckpointer {
 public:
  static constexpr int pages_per_checkpoint = 1'000;  // 4 MiB
  static constexpr int pages_before_restart = 4'000;

  explicit SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection);
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;
  ~SqliteCheckpointer();

  // The log holds `pages` pages after a commit.
  void note_log_size(int pages);

 private:
  void serve();
  void checkpoint(int pages);
  void copy_pages(int mode);

  const std::unique_ptr<SqliteConnection> connection_;  // the thread's own

  std::mutex mutex_;
  std::condition_variable grown_;
  int pages_ = 0;       // guarded by mutex_, as are the next two
  int pages_seen_ = 0;  // by the last checkpoint
  bool stopping_ = false;

  std::thread thread_;  // last: starts when all else stands
};

}  // namespace gatehouse::storage
