// SPDX-License-Identifier: Apache-2.0
#include "net/wheel.h"

#include <algorithm>

namespace gatehouse::net {

namespace {

Tick beginning_of(std::int64_t step) { return Tick(Wheel::step * step); }

}  // namespace

void Deadline::relink() {
  unlink();
  wheel_.link(*this);
}

std::int64_t Wheel::number_of(Tick tick) { return tick.time_since_epoch() / step; }

// A deadline stands in the slot of its own step, which is looked at when the step is over: by then
// it has passed. One that is too far off stands in the last slot and is sent on from there.
void Wheel::link(Deadline& deadline) {
  const std::int64_t first = turned_to_ + 1;
  const std::int64_t last = turned_to_ + static_cast<std::int64_t>(slots);
  const std::int64_t number = std::clamp(number_of(deadline.deadline_), first, last);
  slots_[static_cast<std::size_t>(number) % slots].push_back(deadline);
  deadline.slot_begins_ = beginning_of(number);
  next_ = std::min(next_, beginning_of(number + 1));
}

void Wheel::turn(Tick now) {
  if (now < next_) return;
  const std::int64_t over = number_of(now) - 1;
  const std::int64_t from = std::max(turned_to_ + 1, over - static_cast<std::int64_t>(slots) + 1);
  turned_to_ = over;
  for (std::int64_t number = from; number <= over; ++number) {
    List<Deadline> slot;
    slot.take(slots_[static_cast<std::size_t>(number) % slots]);
    while (Deadline* deadline = slot.pop_front()) {
      deadline->slot_begins_ = never;
      if (deadline->deadline_ <= now) {
        deadline->passed_ = true;
        deadline->on_deadline();
      } else if (deadline->deadline_ != never) {
        link(*deadline);
      }
    }
  }
  find_next();
}

void Wheel::find_next() {
  next_ = never;
  for (std::size_t i = 1; i <= slots && next_ == never; ++i) {
    const std::int64_t number = turned_to_ + static_cast<std::int64_t>(i);
    if (!slots_[static_cast<std::size_t>(number) % slots].empty()) {
      next_ = beginning_of(number + 1);
    }
  }
}

}  // namespace gatehouse::net
