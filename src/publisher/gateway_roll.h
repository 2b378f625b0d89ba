// SPDX-License-Identifier: Apache-2.0
//
// Notes where gateways stand, from the questions that they ask the feed: at most every few seconds
// for each, and only when it stands elsewhere or was not noted for a while.
//
// Thread:  note: pool threads, which may block. One mutex (docs/locks.md), never held while
// writing.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.h"
#include "storage/apis/gateway_store.h"
#include "storage/database.h"

namespace gatehouse::publisher {

class GatewayRoll {
 public:
  static constexpr std::chrono::seconds step_min{2};   // between two writes for one gateway
  static constexpr std::chrono::seconds idle_max{15};  // without one
  // Who was not noted for so long is not live.
  static constexpr std::chrono::seconds live_max = storage::GatewayStore::live_max;

  GatewayRoll(storage::Database& api_manager, const Clock& clock)
      : api_manager_(api_manager), clock_(clock) {}

  // A gateway stands at `number`.
  void note(const std::string& node, const std::vector<std::string>& environments,
            std::uint64_t number);

 private:
  struct Noted {
    storage::GatewayStand stand;
    std::uint64_t written_number = 0;
    Instant written_at{};
  };

  // What is to be written now, if anything.
  std::optional<storage::GatewayStand> due(const storage::GatewayStand& stand);

  storage::Database& api_manager_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Noted> noted_;  // guarded by mutex_
};

}  // namespace gatehouse::publisher
