// SPDX-License-Identifier: Apache-2.0
//
// Whether another server is worth a question now. One that keeps failing is left alone for a while,
// then tried with a single question; one that is slow holds a bounded number of threads.
//
// Thread:  used under its owner's mutex.
#pragma once

#include <chrono>

#include "core/clock.h"

namespace gatehouse::keymanager {

enum class Outcome : std::uint8_t { answered, failed };

class Circuit {
 public:
  static constexpr int failures_max = 3;  // one after another
  static constexpr int running_max = 4;
  static constexpr std::chrono::seconds rest{5};

  // True: ask, and tell `leave` what came of it.
  bool enter(Instant now);
  void leave(Outcome outcome, Instant now);

  bool healthy() const { return failures_ == 0; }

 private:
  int failures_ = 0;
  int running_ = 0;
  Instant closed_until_{};
};

}  // namespace gatehouse::keymanager
