// SPDX-License-Identifier: Apache-2.0
//
// What a database does about changes, whatever its engine.
//
// Thread:  plain values.
#pragma once

#include <cstdint>
#include <functional>

#include "core/clock.h"

namespace gatehouse::storage {

struct WriteOptions {
  enum class ChangeLog : std::uint8_t { none, kept };

  const Clock& clock;  // for the change log
  // Called once changes are durable, before their writers go on, with the number of the newest, on
  // a thread of the database's. Must neither throw nor write here.
  std::function<void(std::uint64_t newest)> on_change = nullptr;
  // Whether transactions may call changed(): api_manager only.
  ChangeLog change_log = ChangeLog::none;
};

}  // namespace gatehouse::storage
