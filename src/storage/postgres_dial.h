// SPDX-License-Identifier: Apache-2.0
//
// Connects to several servers of PostgreSQL at the same time. Nobody waits for one that is silent
// once others have answered: a dead machine costs what a slow answer costs.
//
// Thread:  any; blocks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/postgres_connection.h"
#include "storage/postgres_url.h"

namespace gatehouse::storage {

// How long others may take once one has let us in, or once one has said that it may not.
inline constexpr std::chrono::milliseconds dial_grace_accepted{300};
inline constexpr std::chrono::milliseconds dial_grace_refused{1'000};

struct Dialled {
  struct Reached {
    std::size_t server;  // its place among those that were called
    std::unique_ptr<PostgresConnection> connection;
  };
  std::vector<Reached> reached;  // those that answer as their URLs want it, in their order
  Error why{ErrorCode::unavailable, "", ""};  // of all others together
};

// `servers` have one host each. Every connection heeds `vigil`, which outlives it.
Dialled dial(std::span<const PostgresUrl> servers, PostgresVigil& vigil);

}  // namespace gatehouse::storage
