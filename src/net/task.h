// SPDX-License-Identifier: Apache-2.0
//
// Task<T>: a function that can wait. It starts when it is awaited, ends with a T, and passes
// control to whoever awaited it without growing the stack.
//
//   net::Task<Result<std::size_t>> count(net::Stream& stream) {
//     std::array<char, 512> buffer;
//     std::size_t total = 0;
//     for (;;) {
//       const auto read = co_await stream.read_some(buffer);
//       if (!read) co_return tl::unexpected(read.error());
//       if (*read == 0) co_return total;
//       total += *read;
//     }
//   }
//
// Destroying a task that waits cancels it: its locals die, innermost first, and what it waited for
// forgets it. A task never destroys the frame that it runs in.
//
// With g++ 12: no co_await inside ?:, &&, ||, a range-for head or braces; no capturing lambda as a
// coroutine; parameters are ids, unique_ptr, or references to what outlives the task.
//
// Thread:  a task lives on one event loop.
// Memory:  frames come from the FramePool.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "core/error.h"
#include "net/frame_pool.h"

namespace gatehouse::net {

template <typename T>
class Task;

namespace task_detail {

// What every promise has: the coroutine that goes on when this one ends.
class PromiseBase : public PooledFrame {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct Return {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation_;
    }
    void await_resume() noexcept {}
  };
  Return final_suspend() noexcept { return {}; }

  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void continue_with(std::coroutine_handle<> continuation) { continuation_ = continuation; }

 protected:
  void rethrow() {
    if (exception_) [[unlikely]]
      std::rethrow_exception(std::exchange(exception_, nullptr));
  }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr exception_;  // of a library or a bug; nothing of ours throws while serving
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <typename U = T>
    requires std::convertible_to<U, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow();
    return *std::move(value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() { rethrow(); }
};

}  // namespace task_detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Awaited once, as `co_await task` or directly on a call.
  auto operator co_await() const noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        handle.promise().continue_with(caller);
        return handle;
      }
      T await_resume() { return handle.promise().take(); }
    };
    GH_ASSERT(handle_ && !handle_.done());
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace task_detail {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace task_detail

}  // namespace gatehouse::net
