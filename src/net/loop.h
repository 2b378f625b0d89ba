// SPDX-License-Identifier: Apache-2.0
//
// The event loop of a thread: it waits for sockets, timers and posted functions, and resumes the
// tasks that wait for them.
//
//   net::Task<> echo(std::unique_ptr<net::Stream> stream) {
//     for (;;) {
//       stream->set_deadline(stream->loop().tick() + 75s);        // one store
//       const std::span<char> buffer = stream->loop().scratch();  // valid until the next wait
//       const Result<std::size_t> read = co_await stream->read_some(buffer);
//       if (!read || *read == 0) co_return;                       // the stream closes with the
//       frame const std::string_view bytes(buffer.data(), *read); if
//       (stream->try_write(bytes).bytes == *read) continue;    // the usual case never waits
//       ...
//     }
//   }
//
//   net::Loop loop;
//   net::TaskGroup connections;                                   // dies before the loop
//   auto accept = [&](std::unique_ptr<net::Stream> stream) {
//     connections.spawn(echo(std::move(stream)));
//   };
//   auto listener = net::Listener::open(loop, {.endpoint = net::Endpoint::any(8280)}, accept);
//   loop.run();                                                   // until loop.stop()
//
// Order of a turn: wait (epoll), read the clock once, sockets, timers, deadlines, then what was
// made ready meanwhile. Nothing here is fair to a callback that does not return.
//
// Thread:  the thread inside run(), except post and stop: any. While no thread is inside run(), the
//          one that owns the loop.
// Memory:  the scratch buffer (64 KiB) and the wheel.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/clock.h"
#include "core/error.h"
#include "net/list.h"
#include "net/task.h"
#include "net/task_group.h"
#include "net/timer.h"
#include "net/wheel.h"

struct epoll_event;

namespace gatehouse::net {

// Something with a file descriptor that a loop watches.
class Source {
 public:
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

 protected:
  Source() = default;
  ~Source() = default;

 private:
  friend class Loop;
  // `events` as epoll_wait gives them. May destroy its own object.
  virtual void on_events(std::uint32_t events) = 0;
};

// What goes on later in this turn, unless it dies before.
class Ready : public ListNode {
 protected:
  ~Ready() = default;

 private:
  friend class Loop;
  virtual void on_ready() = 0;
};

class Loop {
 public:
  static constexpr std::size_t scratch_size = 64 * 1024;

  // Throws std::system_error when the process has no descriptors left; only at start.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves until stop(). May be called again after it.
  void run();
  // Any thread: run() returns after its current turn, or its next one if it has not begun.
  void stop();
  // Runs the loop until `task` has ended, and returns its result; for commands and tests.
  template <typename T>
  T run_until_done(Task<T> task);

  // Monotonic time, read once per turn.
  Tick tick() const { return tick_; }
  bool is_this_thread() const { return runner_ == std::this_thread::get_id(); }

  // Any thread: calls `function()` on the loop in one of its next turns, in the order of the posts.
  // What is still waiting when the loop dies is destroyed uncalled.
  template <typename Function>
  void post(Function function) {
    push(new Call<Function>(std::move(function)));
  }

  // Lets `task` run by itself; what still runs is cancelled by cancel_tasks() or when the loop
  // dies. Tasks that refer to something that dies before the loop belong into its own TaskGroup.
  void spawn(Task<> task) { tasks_.spawn(std::move(task)); }
  void cancel_tasks() { tasks_.cancel(); }

  // co_await loop.sleep_until(tick): goes on at `due`, never before.
  class Sleep;
  Sleep sleep_until(Tick due);
  Sleep sleep_for(std::chrono::nanoseconds time);
  // co_await loop.yield(): lets everything else that is ready go first.
  class Yield;
  Yield yield();

  // A buffer for bytes that are used before the next wait. Debug builds overwrite it at every wait.
  std::span<char> scratch() { return {scratch_.get(), scratch_size}; }

  // --- For the classes that wait -------------------------------------------------------------

  // `events` as epoll_ctl takes them.
  Result<> watch(int descriptor, Source& source, std::uint32_t events);
  void rewatch(int descriptor, Source& source, std::uint32_t events);
  // Delivers nothing more to `source`, whose descriptor is closed at once.
  void forget(Source& source);

  void make_ready(Ready& ready) { ready_.push_back(ready); }
  // Between the wait and the end of its events: what is made ready now goes on in this turn.
  bool serves_events() const { return event_count_ > 0; }
  TimerHeap& timers() { return timers_; }
  Wheel& wheel() { return wheel_; }
  // Called at every suspension of a stream.
  void suspended() {
#ifndef NDEBUG
    poison_scratch();
#endif
  }

 private:
  class Waker;
  class Posted {
   public:
    virtual ~Posted() = default;
    virtual void call() = 0;
    Posted* next = nullptr;
  };
  template <typename Function>
  class Call final : public Posted {
   public:
    explicit Call(Function function) : function_(std::move(function)) {}
    void call() override { function_(); }

   private:
    Function function_;
  };

  void push(Posted* posted);
  void call_posted();
  void begin();
  void end() { runner_ = std::thread::id(); }
  void turn();
  void wait();
  void dispatch();
  void resume_ready();
  void poison_scratch();
  template <typename T>
  using Outcome = std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>>;
  template <typename T>
  static Task<> finish(Task<T>& task, Outcome<T>& outcome);

  static constexpr int events_max = 256;

  // Any thread.
  std::atomic<Posted*> posted_{nullptr};  // newest first
  std::atomic<bool> stopping_{false};

  // Owned by the loop.
  int epoll_ = -1;
  std::unique_ptr<Waker> waker_;
  std::thread::id runner_;
  Tick tick_;
  TimerHeap timers_;
  Wheel wheel_;
  List<Ready> ready_;
  std::unique_ptr<epoll_event[]> events_;
  int event_ = 0;        // the one being served
  int event_count_ = 0;  // of this turn
  std::unique_ptr<char[]> scratch_;
  TaskGroup tasks_;  // last: its tasks use all of the above while they die
};

class [[nodiscard]] Loop::Sleep final : private TimerNode {
 public:
  Sleep(Loop& loop, Tick due) : loop_(loop), due_(due) {}
  ~Sleep() { loop_.timers_.cancel(*this); }

  bool await_ready() const { return due_ <= loop_.tick_; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    loop_.timers_.set(*this, due_);
    loop_.suspended();
  }
  void await_resume() const {}

 private:
  void on_timer() override { coroutine_.resume(); }

  Loop& loop_;
  Tick due_;
  std::coroutine_handle<> coroutine_;
};

class [[nodiscard]] Loop::Yield final : private Ready {
 public:
  explicit Yield(Loop& loop) : loop_(loop) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    loop_.make_ready(*this);
    loop_.suspended();
  }
  void await_resume() const {}

 private:
  void on_ready() override { coroutine_.resume(); }

  Loop& loop_;
  std::coroutine_handle<> coroutine_;
};

inline Loop::Sleep Loop::sleep_until(Tick due) { return Sleep(*this, due); }
inline Loop::Sleep Loop::sleep_for(std::chrono::nanoseconds time) {
  return Sleep(*this, tick_ + time);
}
inline Loop::Yield Loop::yield() { return Yield(*this); }

template <typename T>
Task<> Loop::finish(Task<T>& task, Outcome<T>& outcome) {
  if constexpr (std::is_void_v<T>) {
    co_await task;
    outcome.emplace();
  } else {
    T value = co_await task;
    outcome.emplace(std::move(value));
  }
}

template <typename T>
T Loop::run_until_done(Task<T> task) {
  Outcome<T> outcome;
  TaskGroup group;
  begin();
  group.spawn(finish(task, outcome));
  while (!outcome) {
    GH_ASSERT(group.size() == 1);  // else the task has thrown
    turn();
  }
  end();
  if constexpr (!std::is_void_v<T>) return *std::move(outcome);
}

}  // namespace gatehouse::net
