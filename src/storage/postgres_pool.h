// SPDX-License-Identifier: Apache-2.0
//
// Connections to one PostgreSQL database, lent for one transaction at a time. After one has broken,
// and while the database is away, one caller at a time tries to reach it, then at growing
// distances; the others wait for a few seconds from the moment at which it went, then fail at once.
//
// Thread:  any.
// Memory:  at most `connections_max` connections.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "storage/postgres_servers.h"

namespace gatehouse::storage {

// Where a database is.
struct PostgresPlace {
  PostgresUrl url;
  std::size_t connections_max = 16;
  std::filesystem::path memory{};  // as PostgresServers
};

class PostgresPool {
 public:
  static constexpr std::chrono::seconds away_wait_max{5};
  static constexpr std::chrono::milliseconds retry_min{50};
  static constexpr std::chrono::milliseconds retry_max{1'000};

  explicit PostgresPool(PostgresPlace place)
      : servers_(std::move(place.url), std::move(place.memory)),
        connections_max_(place.connections_max) {}

  // Error: unavailable, when the database is away or no connection is free until `deadline`.
  Result<std::unique_ptr<PostgresConnection>> take(Tick deadline);
  // The idle ones go with a lost one: most likely the server did.
  void give(std::unique_ptr<PostgresConnection> connection);

  // One beside those that are lent. Error: as PostgresServers::connect.
  Result<std::unique_ptr<PostgresConnection>> connect_beside() { return servers_.connect(); }

 private:
  Result<std::unique_ptr<PostgresConnection>> connect(std::unique_lock<std::mutex>& lock);
  // The idle ones, if they are of a server that is the primary no more.
  void drop_superseded(std::vector<std::unique_ptr<PostgresConnection>>& dropped);

  // Constant after construction, or with a lock of its own.
  PostgresServers servers_;  // outlives the connections
  const std::size_t connections_max_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::unique_ptr<PostgresConnection>> idle_;
  std::size_t open_ = 0;            // idle, lent, or being made
  bool doubtful_ = false;           // one has broken, and none was made since
  std::optional<Tick> away_since_;  // the first of the failures since the last success
  std::optional<Error> why_away_;   // the last of them
  Tick next_try_{};                 // while doubtful or away
  std::chrono::milliseconds retry_{retry_min};
};

}  // namespace gatehouse::storage
