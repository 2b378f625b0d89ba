// SPDX-License-Identifier: Apache-2.0
//
// Which history of a cluster a server of PostgreSQL writes: each promotion of a standby begins a
// timeline with a higher number. Of two servers that both take writes the one with the lower number
// is a former primary, and what it accepts is lost.
//
// Thread:  plain values; a vigil is shared by all connections to one database, and atomic.
// Source:  PostgreSQL 15, chapter 26.3.5.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatehouse::storage {

struct PostgresTimeline {
  std::int64_t system = 0;   // the identifier of the cluster
  std::uint64_t number = 0;  // 0: the server does not tell
};

// What connections to the servers of one database know of the others.
struct PostgresVigil {
  std::atomic<std::uint64_t> newest = 0;  // the highest timeline that was seen
  std::atomic<bool> silent = false;       // somebody waits for a server for longer than usual
};

}  // namespace gatehouse::storage
