// SPDX-License-Identifier: Apache-2.0
//
// Copies the write-ahead log of a SQLite file into the file on a thread of its own, so that no
// commit waits for it. A log that grows nevertheless, because writers never pause, is restarted by
// holding them back for a moment; one that outruns the copying makes them wait for it.
//
// Thread:  note_log_size() and wait_for_room() on the writer's.
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
  static constexpr int pages_before_wait = 8'000;

  explicit SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection);
  SqliteCheckpointer(const SqliteCheckpointer&) = delete;
  SqliteCheckpointer& operator=(const SqliteCheckpointer&) = delete;
  ~SqliteCheckpointer();

  // The log holds `pages` pages after a commit.
  void note_log_size(int pages);

  // Called before each transaction. Returns at once unless the log is being restarted or is far
  // behind; not later than one checkpoint from now, for a long reader may keep the log from ending.
  void wait_for_room();

 private:
  enum class Restarted : std::uint8_t { no, yes };

  void serve();
  Restarted checkpoint(int pages);
  Restarted restart();
  int copy_pages(int mode);
  bool due() const { return pages_ >= pages_copied_ + pages_per_checkpoint; }

  const std::unique_ptr<SqliteConnection> connection_;  // the thread's own

  std::mutex mutex_;
  std::condition_variable grown_;
  std::condition_variable done_;
  int pages_ = 0;  // guarded by mutex_, as are the next four
  int pages_copied_ = 0;
  bool copying_ = false;
  bool restarting_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: starts when all else stands
};

}  // namespace gatehouse::storage
