// SPDX-License-Identifier: Apache-2.0
//
// Lets few threads hash passwords at once, since each takes a core and megabytes, and few wait.
//
// Thread:  any that may block; one mutex (docs/locks.md), not held while hashing. First come, first
//          served.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

#include "core/error.h"

namespace gatehouse::keymanager {

class HashTurns {
 public:
  struct Options {
    std::size_t at_once = 1;
    std::size_t waiting_max = 64;
  };

  // A turn, until it goes.
  class Turn {
   public:
    explicit Turn(HashTurns& turns) : turns_(&turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->give_back();
    }

   private:
    HashTurns* turns_;
  };

  explicit HashTurns(const Options& options)
      : free_(options.at_once), waiting_max_(options.waiting_max) {}

  // Waits for a turn. Error: exhausted, when as many wait as may.
  Result<Turn> take();

  // How many wait for a turn.
  std::size_t waiting() const;

 private:
  struct Waiter {
    std::condition_variable wake;
    bool called = false;
  };

  void give_back();

  mutable std::mutex mutex_;
  std::size_t free_;  // guarded by mutex_, as is the next
  std::deque<Waiter*> waiting_;
  const std::size_t waiting_max_;
};

}  // namespace gatehouse::keymanager
