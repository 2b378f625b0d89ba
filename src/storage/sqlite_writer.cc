// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_writer.h"

#include <algorithm>

#include "core/log.h"
#include "storage/change_log.h"
#include "storage/sqlite_transaction.h"

namespace gatehouse::storage {

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection,
                           SqliteCheckpointer& checkpointer, Options options)
    : options_(std::move(options)),
      checkpointer_(checkpointer),
      connection_(std::move(connection)) {
  sqlite3_wal_hook(
      connection_->handle(),
      [](void* noting, sqlite3*, const char*, int pages) {
        static_cast<SqliteCheckpointer*>(noting)->note_log_size(pages);
        return SQLITE_OK;
      },
      &checkpointer_);
  thread_ = std::thread([this] { serve(); });
}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    arrived_.notify_one();
  }
  thread_.join();
}

Result<std::uint64_t> SqliteWriter::run(const Body& body) {
  Job job{body};
  {
    std::unique_lock lock(mutex_);
    waiting_.push_back(&job);
    arrived_.notify_one();
    job.wake.wait(lock, [&] { return job.finished; });
  }
  if (job.thrown) std::rethrow_exception(job.thrown);
  if (!job.outcome) return tl::unexpected(std::move(job.outcome).error());
  return job.number;
}

void SqliteWriter::serve() {
  Batch batch;
  while (take_waiting(batch)) {
    commit(batch);
    companions_ = batch.size();
    finish(batch);
    batch.clear();
  }
}

bool SqliteWriter::take_waiting(Batch& batch) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
  take_locked(batch);
  return !batch.empty();
}

void SqliteWriter::take_companions(Batch& batch, Tick until) {
  std::unique_lock lock(mutex_);
  if (batch.size() < companions_) {
    arrived_.wait_until(lock, until, [&] { return stopping_ || !waiting_.empty(); });
  }
  take_locked(batch);
}

void SqliteWriter::take_locked(Batch& batch) {
  const std::size_t count = std::min(waiting_.size(), batch_max - batch.size());
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.insert(batch.end(), waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
}

void SqliteWriter::commit(Batch& batch) {
  const Result<> begun = begin();
  if (!begun) {
    for (Job* const job : batch) job->outcome = begun;
    return;
  }
  Result<> done = commit_together(batch, Joining::open);
  if (!done) log_warning("database: {}", done.error().detail);
  if (done || batch.size() == 1) {
    if (!done) batch.front()->outcome = std::move(done);
    return;
  }
  for (Job* const job : batch) {
    Batch alone{job};
    job->outcome = begin();
    if (!job->outcome) continue;
    Result<> done_alone = commit_together(alone, Joining::closed);
    if (!done_alone) job->outcome = std::move(done_alone);
  }
}

Result<> SqliteWriter::begin() {
  checkpointer_.wait_for_room();
  return connection_->control("BEGIN IMMEDIATE");
}

// Ends the transaction that has begun, one way or the other.
Result<> SqliteWriter::commit_together(Batch& batch, Joining joining) {
  Result<> done = run_all(batch, joining);
  if (done) done = number_changes(batch);
  if (done) done = connection_->control("COMMIT");
  if (done) {
    commits_.fetch_add(1, std::memory_order_relaxed);
    return done;
  }
  if (connection_->in_transaction()) {
    const Result<> undone = connection_->control("ROLLBACK");
    if (!undone) log_error("database: {}", undone.error().detail);
  }
  return done;
}

Result<> SqliteWriter::run_all(Batch& batch, Joining joining) {
  const Tick until = std::chrono::steady_clock::now() + companions_wait_max;
  for (std::size_t next = 0; next < batch.size(); ++next) {
    GH_CHECK(run_job(*batch[next]));
    const bool last = next + 1 == batch.size();
    if (last && joining == Joining::open && std::chrono::steady_clock::now() < until) {
      take_companions(batch, until);
    }
  }
  return {};
}

// The outcome of the job is its own; an error here is one of the whole transaction.
Result<> SqliteWriter::run_job(Job& job) {
  GH_CHECK(connection_->control("SAVEPOINT job"));
  SqliteTransaction transaction(*connection_);
  job.thrown = nullptr;
  job.number = 0;
  try {
    job.outcome = job.body(transaction);
  } catch (...) {
    job.thrown = std::current_exception();
  }
  if (const auto& failure = transaction.failure()) job.outcome = tl::unexpected(*failure);
  if (!connection_->in_transaction()) return job.outcome;

  const bool kept = job.outcome && !job.thrown;
  job.changes = transaction.take_changes();
  if (!kept) {
    job.changes.clear();
    GH_CHECK(connection_->control("ROLLBACK TO job"));
  }
  GH_ASSERT(job.changes.empty() || options_.change_log == Options::ChangeLog::kept);
  return connection_->control("RELEASE job");
}

Result<> SqliteWriter::number_changes(const Batch& batch) {
  SqliteTransaction transaction(*connection_);
  for (Job* const job : batch) {
    if (job->changes.empty()) continue;
    post_changes(transaction, job->changes, options_.clock.now());
    GH_TRY(newest, transaction.query_one(newest_change_sql));
    job->number = static_cast<std::uint64_t>(newest->number(0));
  }
  return {};
}

void SqliteWriter::finish(const Batch& batch) {
  std::uint64_t newest = 0;
  for (const Job* const job : batch) {
    if (job->outcome) newest = std::max(newest, job->number);
  }
  if (newest != 0 && options_.on_change) options_.on_change(newest);
  // Under the mutex, so that no job is gone before its wake-up is done.
  const std::lock_guard lock(mutex_);
  for (Job* const job : batch) {
    job->finished = true;
    job->wake.notify_one();
  }
}

}  // namespace gatehouse::storage
