// SPDX-License-Identifier: Apache-2.0
//
// Connections to one PostgreSQL database, lent for one transaction at a time. While the database is
// away one caller at a time tries to reach it, at growing distances; the others wait for a few
// seconds from the moment at which it went, then fail at once.
//
// Thread:  any.
// Memory:  at most `connections_max` connections.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/postgres_connection.h"

namespace gatehouse::storage {

class PostgresPool {
 public:
  static constexpr std::chrono::seconds away_wait_max{5};
  static constexpr std::chrono::milliseconds retry_min{50};
  static constexpr std::chrono::milliseconds retry_max{2'000};

  PostgresPool(PostgresUrl url, std::size_t connections_max)
      : url_(std::move(url)), connections_max_(connections_max) {}

  // Error: unavailable, when the database is away or no connection is free until `deadline`.
  Result<std::unique_ptr<PostgresConnection>> take(Tick deadline);
  // The idle ones go with a lost one: most likely the server did.
  void give(std::unique_ptr<PostgresConnection> connection);

  const PostgresUrl& url() const { return url_; }

 private:
  Result<std::unique_ptr<PostgresConnection>> connect(std::unique_lock<std::mutex>& lock);

  // Constant after construction.
  const PostgresUrl url_;
  const std::size_t connections_max_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  std::size_t open_ = 0;            // idle, lent, or being made
  std::optional<Tick> away_since_;  // the first of the failures since the last success
  std::optional<Error> why_away_;   // the last of them
  Tick next_try_{};                 // while away
  std::chrono::milliseconds retry_{retry_min};
};

}  // namespace gatehouse::storage
