// SPDX-License-Identifier: Apache-2.0
#include "keymanager/hash_turns.h"

namespace gatehouse::keymanager {

Result<HashTurns::Turn> HashTurns::take() {
  std::unique_lock lock(mutex_);
  if (free_ > 0) {
    --free_;
    return Turn(*this);
  }
  if (waiting_.size() >= waiting_max_) {
    return fail(ErrorCode::exhausted, "The server is busy", "too many passwords wait");
  }
  Waiter waiter;
  waiting_.push_back(&waiter);
  waiter.wake.wait(lock, [&] { return waiter.called; });
  return Turn(*this);
}

std::size_t HashTurns::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void HashTurns::give_back() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  // Under the mutex, so that the waiter is not gone before its wake-up is done.
  Waiter* const next = waiting_.front();
  waiting_.pop_front();
  next->called = true;
  next->wake.notify_one();
}

}  // namespace gatehouse::keymanager
