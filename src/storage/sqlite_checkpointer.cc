// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_checkpointer.h"

#include "core/log.h"

namespace gatehouse::storage {

namespace {

// A restart keeps writers out while it waits for readers, so it does not wait long.
constexpr int restart_wait_ms = 100;

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection)
    : connection_(std::move(connection)), thread_([this] { serve(); }) {
  sqlite3_busy_timeout(connection_->handle(), restart_wait_ms);
}

SqliteCheckpointer::~SqliteCheckpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    grown_.notify_one();
  }
  thread_.join();
}

void SqliteCheckpointer::note_log_size(int pages) {
  const std::lock_guard lock(mutex_);
  pages_ = pages;
  if (pages_ < pages_seen_) pages_seen_ = 0;  // a writer has begun the log anew
  if (pages_ >= pages_seen_ + pages_per_checkpoint) grown_.notify_one();
}

void SqliteCheckpointer::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    grown_.wait(lock, [&] { return stopping_ || pages_ >= pages_seen_ + pages_per_checkpoint; });
    if (stopping_) return;
    const int pages = pages_;
    lock.unlock();
    checkpoint(pages);
    lock.lock();
    pages_seen_ = pages;
  }
}

// Copies first what writers need not wait for, so that a restart has little left to do.
void SqliteCheckpointer::checkpoint(int pages) {
  copy_pages(SQLITE_CHECKPOINT_PASSIVE);
  if (pages >= pages_before_restart) copy_pages(SQLITE_CHECKPOINT_RESTART);
}

void SqliteCheckpointer::copy_pages(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) {
    log_warning("database: {}", connection_->error("checkpoint").detail);
  }
}

}  // namespace gatehouse::storage
