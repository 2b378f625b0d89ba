// SPDX-License-Identifier: Apache-2.0
#include "net/condition.h"

namespace gatehouse::net {

void Condition::Wait::await_suspend(std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  condition_.waits_.push_back(*this);
  if (deadline_ != never) loop_.timers().set(*this, deadline_);
  loop_.suspended();
}

void Condition::Wait::on_timer() {
  if (notified_) return;  // it stands in the loop's list already
  unlink();
  coroutine_.resume();
}

void Condition::notify_one() {
  Wait* wait = waits_.pop_front();
  if (!wait) return;
  wait->notified_ = true;
  loop_.make_ready(*wait);
}

void Condition::notify_all() {
  while (!waits_.empty()) notify_one();
}

}  // namespace gatehouse::net
