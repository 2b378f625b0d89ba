// SPDX-License-Identifier: Apache-2.0
#include "http/drain.h"

#include <algorithm>
#include <utility>

namespace gatehouse::http {

Drain::Member::Member(Drain& drain) : drain_(drain) {
  drain_.members_.push_back(*this);
  ++drain_.count_;
}

Drain::Member::~Member() {
  unlink();
  --drain_.count_;
  drain_.check_over();
}

Drain::Drain(net::Loop& loop) : loop_(loop), timer_(loop, [this] { step(); }) {}

void Drain::begin(const DrainOptions& options, std::function<void()> close_ports,
                  std::function<void()> over) {
  if (phase_ != Phase::serving) return;
  phase_ = Phase::accepting;
  options_ = options;
  begun_ = loop_.tick();
  close_ports_ = std::move(close_ports);
  over_ = std::move(over);
  step();
}

// Does what is due by now and sets the timer for what comes next.
void Drain::step() {
  const auto elapsed = loop_.tick() - begun_;
  if (phase_ == Phase::accepting && elapsed >= options_.accept) {
    phase_ = Phase::closed;
    std::exchange(close_ports_, nullptr)();
  }
  if (elapsed >= options_.deadline) {
    cut_all();
  } else if (elapsed >= options_.idle) {
    cut_idle();
  }
  check_over();
  if (phase_ == Phase::over || elapsed >= options_.deadline) return;
  std::chrono::milliseconds next = options_.deadline;
  if (phase_ == Phase::accepting) next = std::min(next, options_.accept);
  if (elapsed < options_.idle) next = std::min(next, options_.idle);
  timer_.set(begun_ + next);
}

void Drain::cut_idle() {
  net::List<Member> waiting;
  waiting.take(members_);
  while (Member* member = waiting.pop_front()) {
    members_.push_back(*member);
    if (member->idle_) member->cut();
  }
}

void Drain::cut_all() {
  net::List<Member> waiting;
  waiting.take(members_);
  while (Member* member = waiting.pop_front()) {
    members_.push_back(*member);
    member->cut();
  }
}

void Drain::check_over() {
  if (phase_ != Phase::closed || count_ > 0) return;
  phase_ = Phase::over;
  timer_.cancel();
  if (over_) std::exchange(over_, nullptr)();
}

}  // namespace gatehouse::http
