// SPDX-License-Identifier: Apache-2.0
//
// Precise timers of one loop: a heap of instants, and a callback that can be cancelled.
//
// For the deadlines of streams, which move with every request and rarely pass, see wheel.h.
//
// Thread:  one event loop.
// Cost:    O(log n) to set or cancel; a timer fires at its instant or up to about 1 ms later.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "core/clock.h"

namespace gatehouse::net {

class Loop;

// An instant that never comes.
inline constexpr Tick never = Tick::max();

// What waits in a TimerHeap. It leaves the heap when it dies.
class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  bool is_set() const { return place_ != unset; }
  Tick due() const { return due_; }

 protected:
  ~TimerNode() = default;

 private:
  friend class TimerHeap;
  static constexpr std::size_t unset = std::numeric_limits<std::size_t>::max();

  virtual void on_timer() = 0;

  Tick due_{};
  std::size_t place_ = unset;
};

class TimerHeap {
 public:
  void set(TimerNode& node, Tick due);
  void cancel(TimerNode& node);

  Tick next() const { return heap_.empty() ? never : heap_.front()->due_; }
  // Calls what is due, in order of its instants. A timer set to an instant before `now` meanwhile
  // waits for the next call.
  void fire(Tick now);

 private:
  void place(std::size_t position, TimerNode* node);
  void sift_up(std::size_t position);
  void sift_down(std::size_t position);

  std::vector<TimerNode*> heap_;
};

// Calls `callback` once at the instant that was set last.
class Timer final : private TimerNode {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer() { cancel(); }

  // Replaces the instant set before. May be called from the callback.
  void set(Tick due);
  void cancel();
  using TimerNode::is_set;

 private:
  void on_timer() override;

  Loop& loop_;
  std::function<void()> callback_;
};

}  // namespace gatehouse::net
