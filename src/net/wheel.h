// SPDX-License-Identifier: Apache-2.0
//
// A coarse wheel of deadlines that move all the time and rarely pass.
//
// A deadline is a plain field of its owner. The wheel looks at it when the slot comes round in
// which it once stood: if it has moved on meanwhile, it is put into its new slot, else it has
// passed. So moving a deadline later costs one store; only moving it before the place where the
// wheel would look costs a relink.
//
// Thread:  one event loop.
// Memory:  16 KiB per wheel, 48 bytes per deadline.
// Cost:    a deadline passes at its instant or up to one `step` later, never early.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/list.h"
#include "net/timer.h"

namespace gatehouse::net {

class Wheel;

// A base class of what has a deadline.
class Deadline : private ListNode {
 public:
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // `never` is allowed. An instant that has passed already fires within one step.
  void set_deadline(Tick at) {
    deadline_ = at;
    passed_ = false;
    if (at < slot_begins_) [[unlikely]]
      relink();
  }
  Tick deadline() const { return deadline_; }
  // True from the moment it passed until a new one is set.
  bool deadline_passed() const { return passed_; }

 protected:
  explicit Deadline(Wheel& wheel) : wheel_(wheel) {}
  ~Deadline() = default;

  // Called once when the deadline has passed. May destroy its own object.
  virtual void on_deadline() = 0;

 private:
  friend class Wheel;
  friend class List<Deadline>;

  void relink();

  Tick deadline_ = never;
  Tick slot_begins_ = never;  // earlier deadlines need another slot; never: it stands in none
  bool passed_ = false;
  Wheel& wheel_;
};

class Wheel {
 public:
  static constexpr std::chrono::milliseconds step{64};
  static constexpr std::size_t slots =
      1024;  // about 65 s; later deadlines are looked at on the way

  explicit Wheel(Tick now) : turned_to_(number_of(now) - 1) {}

  // When turn() has something to look at; `never` when the wheel is empty.
  Tick next() const { return next_; }
  // Looks at the slots of all steps that ended since the last call.
  void turn(Tick now);

 private:
  friend class Deadline;

  // The number of the step that `tick` falls into.
  static std::int64_t number_of(Tick tick);
  void link(Deadline& deadline);
  void find_next();

  std::array<List<Deadline>, slots> slots_;
  std::int64_t turned_to_;  // the slots of every step up to this one have been looked at
  Tick next_ = never;
};

}  // namespace gatehouse::net
