// SPDX-License-Identifier: Apache-2.0
//
// Where tasks of one loop wait for each other: for a free connection, for room in a queue, for an
// answer that another task already asked for.
//
//   while (!free_connection()) {
//     const bool told = co_await returned_.wait_until(deadline);
//     if (!told) co_return late();
//   }
//
// Thread:  one event loop; from another thread, post a notification to it.
// Memory:  a wait lies in the frame of the task that waits.
#pragma once

#include <coroutine>

#include "net/loop.h"

namespace gatehouse::net {

class Condition {
 public:
  explicit Condition(Loop& loop) : loop_(loop) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  // Whoever still waits waits for its deadline.
  ~Condition() = default;

  // co_await condition.wait_until(deadline): true when notified, false when the deadline passed.
  // The waiter goes on later in the turn of the notification, and looks again at what it waits for.
  class Wait;
  Wait wait_until(Tick deadline);

  // Wakes who waits longest, if anybody does.
  void notify_one();
  void notify_all();

 private:
  Loop& loop_;
  List<Wait> waits_;
};

class [[nodiscard]] Condition::Wait final : private Ready, private TimerNode {
 public:
  Wait(Condition& condition, Tick deadline)
      : loop_(condition.loop_), condition_(condition), deadline_(deadline) {}
  ~Wait() { loop_.timers().cancel(*this); }

  bool await_ready() const { return deadline_ <= loop_.tick(); }
  void await_suspend(std::coroutine_handle<> coroutine);
  bool await_resume() const { return notified_; }

 private:
  friend class Condition;
  friend class List<Wait>;
  void on_ready() override { coroutine_.resume(); }
  void on_timer() override;

  Loop& loop_;
  Condition& condition_;
  const Tick deadline_;
  bool notified_ = false;
  std::coroutine_handle<> coroutine_;
};

inline Condition::Wait Condition::wait_until(Tick deadline) { return Wait(*this, deadline); }

}  // namespace gatehouse::net
