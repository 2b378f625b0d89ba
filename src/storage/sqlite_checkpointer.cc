// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_checkpointer.h"

#include "core/log.h"

namespace gatehouse::storage {

namespace {

// A restart keeps writers out while it waits for readers, so it does not wait long.
constexpr int restart_wait_ms = 100;

}  // namespace

SqliteCheckpointer::SqliteCheckpointer(std::unique_ptr<SqliteConnection> connection)
    : connection_(std::move(connection)), thread_([this] { serve(); }) {}

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
  if (pages_ < pages_copied_) pages_copied_ = 0;  // a writer has begun the log anew
  if (due()) grown_.notify_one();
}

void SqliteCheckpointer::wait_for_room() {
  std::unique_lock lock(mutex_);
  done_.wait(lock,
             [&] { return !restarting_ && !(pages_ >= pages_before_wait && (copying_ || due())); });
}

void SqliteCheckpointer::serve() {
  sqlite3_busy_timeout(connection_->handle(), restart_wait_ms);
  std::unique_lock lock(mutex_);
  for (;;) {
    grown_.wait(lock, [&] { return stopping_ || due(); });
    if (stopping_) return;
    const int pages = pages_;
    copying_ = true;
    lock.unlock();
    const Restarted restarted = checkpoint(pages);
    lock.lock();
    copying_ = restarting_ = false;
    if (restarted == Restarted::yes) pages_ = 0;
    pages_copied_ = std::min(pages, pages_);
    done_.notify_one();
  }
}

// Copies first what writers need not wait for, so that a restart has little left to do.
SqliteCheckpointer::Restarted SqliteCheckpointer::checkpoint(int pages) {
  copy_pages(SQLITE_CHECKPOINT_PASSIVE);
  return pages < pages_before_restart ? Restarted::no : restart();
}

// Writers wait from here on: a restart cannot win the file from one that never pauses.
SqliteCheckpointer::Restarted SqliteCheckpointer::restart() {
  {
    const std::lock_guard lock(mutex_);
    restarting_ = true;
  }
  const int code = copy_pages(SQLITE_CHECKPOINT_RESTART);
  return code == SQLITE_OK ? Restarted::yes : Restarted::no;
}

int SqliteCheckpointer::copy_pages(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) {
    log_warning("database: {}", connection_->error("checkpoint").detail);
  }
  return code;
}

}  // namespace gatehouse::storage
