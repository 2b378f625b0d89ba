// SPDX-License-Identifier: Apache-2.0
//
// Slows down who guesses. After some failures of one name or one address, each further one closes
// the door for twice as long as the one before, up to a limit; failures are forgotten after an hour
// without another.
//
// Failures are counted in a table of fixed size under a hash that only this process knows, so
// memory is bounded, and nobody can push out another's count. Two names that meet in one place
// share it: rarely, and to the safe side. Each node counts for itself.
//
// Thread:  any; one mutex (docs/locks.md).
// Memory:  `slots` × 24 bytes.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"

namespace gatehouse::keymanager {

struct AttemptLimits {
  std::uint32_t free = 5;  // failures without a delay
  std::chrono::seconds first_delay{2};
  std::chrono::seconds longest_delay{900};
};

// A name as limits count it, however it is typed: in lower case, without the domain that may be
// left out.
std::string plain_name(std::string_view name);

class Attempts {
 public:
  static constexpr std::size_t slots = 1 << 15;
  static constexpr std::chrono::hours memory{1};

  Attempts(const Clock& clock, Random& random);

  // How long `key` must wait; zero when it may try.
  std::chrono::seconds wait_of(std::string_view key) const;
  void failed(std::string_view key, const AttemptLimits& limits);
  void succeeded(std::string_view key);

 private:
  struct Slot {
    std::uint32_t failures = 0;
    Instant last{};
    Instant closed_until{};
  };

  std::size_t slot_of(std::string_view key) const;

  const Clock& clock_;
  const std::string secret_;

  mutable std::mutex mutex_;
  std::vector<Slot> table_;  // guarded by mutex_
};

// What each kind of trying may do.
inline constexpr AttemptLimits name_attempts{.free = 5};
// Many people may share an address.
inline constexpr AttemptLimits address_attempts{.free = 50};
// Six digits: a million codes, three of them good at a time.
inline constexpr AttemptLimits code_attempts{.free = 5, .first_delay = std::chrono::seconds(10)};

}  // namespace gatehouse::keymanager
