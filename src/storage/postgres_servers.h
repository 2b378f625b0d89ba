// SPDX-License-Identifier: Apache-2.0
//
// The servers of one database, a primary and its standbys, and which of them is asked.
//
// All are called at once, and of those that take writes the one with the highest timeline is it: a
// former primary that comes back as if nothing had happened, and takes writes, too, is left alone.
// What was the highest is kept in a file, so that a node which starts anew next to such a server
// does not fall for it. That one stays for as long as no connection breaks; while somebody waits
// for it unusually long, and every `look_every` anyway, the others are looked at.
//
// This is a second line of defence. Nobody here can see a promotion that he cannot reach; the
// first is that a former primary may not acknowledge a commit without a standby
// (synchronous_standby_names), and that Patroni stops it (docs/postgresql.md).
//
// Thread:  any; one mutex, never held while connecting (docs/locks.md). With several servers, a
//          thread of its own.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/postgres_dial.h"

namespace gatehouse::storage {

class PostgresServers {
 public:
  static constexpr std::chrono::seconds look_every{15};
  // While somebody waits for a silent server.
  static constexpr std::chrono::seconds look_again{1};

  // `memory`: the file with the highest timeline that was seen; empty: none.
  PostgresServers(PostgresUrl url, std::filesystem::path memory);
  PostgresServers(const PostgresServers&) = delete;
  PostgresServers& operator=(const PostgresServers&) = delete;
  ~PostgresServers();

  // Error: unavailable, when no server answers, takes writes and lets us in, or when all that do
  // are former primaries or of another cluster; as PostgresConnection::adopt for the rest.
  Result<std::unique_ptr<PostgresConnection>> connect();

  // A connection has broken: the next one asks all servers which of them is the primary.
  void doubt();

  const PostgresUrl& url() const { return url_; }

 private:
  Result<std::unique_ptr<PostgresConnection>> choose(Dialled dialled);
  // Why this server is not to be used; empty: it is.
  std::string objection(const PostgresConnection& connection) const;
  void note(std::size_t server, const PostgresConnection& connection);
  void read_memory();
  void write_memory(const PostgresTimeline& timeline) const;
  void look();
  void watch();

  // Constant after construction.
  const PostgresUrl url_;
  const std::vector<PostgresUrl> servers_;
  const std::filesystem::path memory_;

  PostgresVigil vigil_;  // its newest is written under mutex_

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::int64_t system_ = 0;             // the identifier of the cluster; 0: not told
  bool remembered_ = false;             // system_ is from the file, and nobody has confirmed it
  std::optional<std::size_t> primary_;  // that of the last connection
  bool stopping_ = false;

  std::thread watch_;
};

}  // namespace gatehouse::storage
