// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_pool.h"

#include <algorithm>
#include <iterator>

#include "core/log.h"

namespace gatehouse::storage {

Result<std::unique_ptr<PostgresConnection>> PostgresPool::take(Tick deadline) {
  std::vector<std::unique_ptr<PostgresConnection>> dropped;  // closed without the mutex
  std::unique_lock lock(mutex_);
  for (;;) {
    drop_superseded(dropped);
    if (!idle_.empty()) {
      std::unique_ptr<PostgresConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    const Tick now = std::chrono::steady_clock::now();
    const Tick until = away_since_ ? std::min(deadline, *away_since_ + away_wait_max) : deadline;
    const bool room = open_ < connections_max_;
    const bool crowd = !doubtful_ && !away_since_;
    if (room && (crowd || now >= next_try_)) {
      auto connected = connect(lock);
      if (connected || std::chrono::steady_clock::now() >= until) return connected;
      continue;
    }
    if (now >= until) {
      if (why_away_) return tl::unexpected<Error>(*why_away_);
      return fail(ErrorCode::unavailable, "The database is busy",
                  fmt::format("{}: all {} connections are in use", servers_.url().name(), open_));
    }
    changed_.wait_until(lock, room ? std::min(until, next_try_) : until);
  }
}

Result<std::unique_ptr<PostgresConnection>> PostgresPool::connect(
    std::unique_lock<std::mutex>& lock) {
  ++open_;
  // Nobody else tries until this one has an answer.
  if (doubtful_ || away_since_) next_try_ = Tick::max();
  lock.unlock();
  auto connected = servers_.connect();
  lock.lock();
  if (connected) {
    if (away_since_) log_info("database: {} is back", servers_.url().name());
    doubtful_ = false;
    away_since_.reset();
    why_away_.reset();
    retry_ = retry_min;
  } else {
    --open_;
    const Tick now = std::chrono::steady_clock::now();
    if (!away_since_) {
      away_since_ = now;
      log_warning("database: {} is away: {}", servers_.url().name(), connected.error().detail);
    }
    why_away_ = connected.error();
    next_try_ = now + retry_;
    retry_ = std::min(2 * retry_, retry_max);
  }
  changed_.notify_all();
  return connected;
}

void PostgresPool::drop_superseded(std::vector<std::unique_ptr<PostgresConnection>>& dropped) {
  if (idle_.empty() || !idle_.back()->superseded()) return;
  open_ -= idle_.size();
  std::ranges::move(idle_, std::back_inserter(dropped));
  idle_.clear();
}

void PostgresPool::give(std::unique_ptr<PostgresConnection> connection) {
  std::vector<std::unique_ptr<PostgresConnection>> dropped;  // closed without the mutex
  const std::lock_guard lock(mutex_);
  if (connection->superseded()) {  // others may be of the new primary
    dropped.push_back(std::move(connection));
    --open_;
    changed_.notify_one();
  } else if (connection->lost()) {
    servers_.doubt();
    if (!doubtful_ && !away_since_) next_try_ = {};
    doubtful_ = true;
    dropped.swap(idle_);
    dropped.push_back(std::move(connection));
    open_ -= dropped.size();
    changed_.notify_all();
  } else {
    idle_.push_back(std::move(connection));
    changed_.notify_one();
  }
}

}  // namespace gatehouse::storage
