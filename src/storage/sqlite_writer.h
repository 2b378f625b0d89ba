// SPDX-License-Identifier: Apache-2.0
//
// The one thread that writes to a SQLite file. Writes that wait together run as savepoints of one
// transaction and share its commit, the only step that waits for the disk.
//
// A write that finds the thread idle commits at once. Under load the thread waits for as many
// writes as the last commit carried, but not longer than `companions_wait_max`: writers that were
// woken by one commit meet again in the next. Each write fails alone: its savepoint is undone. If
// the shared transaction fails, each of its writes runs again in one of its own, so that a write
// too large for a full disk takes no other with it.
//
// Thread:  run() from any thread but the writer's own; a caller waits, so no more writes wait than
//          there are threads that call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "storage/sqlite_checkpointer.h"
#include "storage/sqlite_connection.h"
#include "storage/write_options.h"

namespace gatehouse::storage {

class SqliteWriter {
 public:
  using Body = std::function<Result<>(Transaction&)>;

  using Options = WriteOptions;  // on_change is called on the writer's thread

  static constexpr std::size_t batch_max = 256;
  static constexpr std::chrono::milliseconds companions_wait_max{1};

  SqliteWriter(std::unique_ptr<SqliteConnection> connection, SqliteCheckpointer& checkpointer,
               Options options);
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;
  // Ends after every waiting write.
  ~SqliteWriter();

  // Returns once `body` is durable: the number of its last change, 0 without one. What `body`
  // throws comes out here, its writes undone.
  Result<std::uint64_t> run(const Body& body);

  // Since the start.
  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }

 private:
  struct Job {
    const Body& body;
    Result<> outcome = {};
    std::exception_ptr thrown = nullptr;
    std::vector<model::Change> changes = {};
    std::uint64_t number = 0;
    bool finished = false;  // guarded by mutex_
    std::condition_variable wake = {};
  };
  using Batch = std::vector<Job*>;
  enum class Joining : std::uint8_t { open, closed };

  void serve();
  bool take_waiting(Batch& batch);
  void take_companions(Batch& batch, Tick until);
  void take_locked(Batch& batch);
  void commit(Batch& batch);
  Result<> begin();
  Result<> commit_together(Batch& batch, Joining joining);
  Result<> run_all(Batch& batch, Joining joining);
  Result<> run_job(Job& job);
  Result<> number_changes(const Batch& batch);
  void finish(const Batch& batch);

  // Constant after construction.
  const Options options_;
  SqliteCheckpointer& checkpointer_;

  // The writer's thread alone.
  const std::unique_ptr<SqliteConnection> connection_;
  std::size_t companions_ = 1;  // writes in the last commit

  std::atomic<std::uint64_t> commits_ = 0;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job*> waiting_;  // guarded by mutex_, as is the next
  bool stopping_ = false;

  std::thread thread_;  // starts when all else stands
};

}  // namespace gatehouse::storage
