// SPDX-License-Identifier: Apache-2.0
//
// A few threads with a name for what may block: SQL, password hashing, files, names.
//
//   const auto work = [&] { return hash(password); };
//   const Result<std::string> hashed = co_await passwords.run(loop, work);
//
// Thread:  any. stop() before a loop dies that a task waits on for this pool.
// Memory:  at most `queue_max` functions wait; one more is refused.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "net/loop.h"

namespace gatehouse::net {

namespace pool_detail {
// What comes out of run(): a Result as it is, anything else within one.
template <typename T>
struct ResultOf {
  using Type = Result<T>;
};
template <typename T>
struct ResultOf<Result<T>> {
  using Type = Result<T>;
};
}  // namespace pool_detail

class Pool {
 public:
  struct Options {
    std::string name;  // of its threads, 15 characters at most
    std::size_t threads = 1;
    std::size_t queue_max = 1024;
    int niceness = 0;  // added to that of its threads: how far they step back where cores are short
  };

  explicit Pool(Options options);
  ~Pool() { stop(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Calls `function()` on a thread of the pool. What it throws is logged.
  // Error: exhausted, when the queue is full; unavailable, after stop().
  template <typename Function>
  Result<> submit(Function function) {
    return push(std::make_unique<Call<Function>>(std::move(function)));
  }

  // co_await pool.run(loop, function): its result (Result<T> for a T), once the task goes on on
  // `loop`. A task that dies meanwhile leaves `function` running, so it refers to nothing of the
  // task. Error: as submit.
  template <typename Function>
  auto run(Loop& loop, Function function);

  // Runs what is queued, takes nothing more, and joins the threads.
  void stop();

  const std::string& name() const { return options_.name; }
  // How many functions wait for a thread.
  std::size_t queued() const;

 private:
  template <typename Function>
  class Run;
  class Job {
   public:
    virtual ~Job() = default;
    virtual void call() = 0;
  };
  template <typename Function>
  class Call final : public Job {
   public:
    explicit Call(Function function) : function_(std::move(function)) {}
    void call() override { function_(); }

   private:
    Function function_;
  };

  // Where a thread waits. Who came last is called first: the others stay cold, so that a large pool
  // costs no more than what is used of it.
  struct Place {
    std::condition_variable wake;
    bool called = false;
  };

  Result<> push(std::unique_ptr<Job> job);
  void work(Place& place);
  // Nothing, when the pool stops and nothing waits.
  std::unique_ptr<Job> next_job(Place& place);

  const Options options_;

  mutable std::mutex mutex_;
  std::deque<std::unique_ptr<Job>> jobs_;  // guarded by mutex_, as is the rest
  std::deque<Place> places_;               // one for each thread, for as long as the pool lives
  std::vector<Place*> idle_;
  bool stopping_ = false;

  std::vector<std::thread> threads_;  // of the thread that made the pool
};

// The function goes to the pool and comes back to the loop in one object; the task that waits and
// that object know each other only on the loop.
template <typename Function>
class [[nodiscard]] Pool::Run {
 public:
  using Outcome = std::invoke_result_t<Function&>;
  using Returned = typename pool_detail::ResultOf<Outcome>::Type;

  Run(Pool& pool, Loop& loop, Function function)
      : pool_(pool), errand_(std::make_unique<Errand>(loop, std::move(function))) {}
  ~Run() {
    if (sent_) sent_->waiter = nullptr;
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    sent_ = errand_.get();
    sent_->waiter = this;
    Result<> pushed = pool_.submit(Outward{std::move(errand_)});
    if (pushed) return true;
    sent_ = nullptr;
    returned_.emplace(tl::unexpected<Error>(std::move(pushed).error()));
    return false;
  }
  Returned await_resume() { return *std::move(returned_); }

 private:
  struct Errand {
    Errand(Loop& its_loop, Function its_function)
        : loop(its_loop), function(std::move(its_function)) {}
    Loop& loop;
    Function function;
    std::optional<Returned> returned;
    Run* waiter = nullptr;  // owned by the loop
  };
  struct Homeward {
    std::unique_ptr<Errand> errand;
    void operator()() {
      Run* waiter = errand->waiter;
      if (!waiter) return;
      waiter->sent_ = nullptr;
      waiter->returned_ = std::move(errand->returned);
      waiter->coroutine_.resume();
    }
  };
  struct Outward {
    std::unique_ptr<Errand> errand;
    void operator()() {
      try {
        call();
      } catch (const std::exception& exception) {
        errand->returned.emplace(
            fail(ErrorCode::internal, "Something went wrong here", exception.what()));
      }
      Loop& loop = errand->loop;
      loop.post(Homeward{std::move(errand)});
    }
    void call() {
      if constexpr (std::is_void_v<Outcome>) {
        errand->function();
        errand->returned.emplace();
      } else {
        errand->returned.emplace(errand->function());
      }
    }
  };

  Pool& pool_;
  std::unique_ptr<Errand> errand_;
  Errand* sent_ = nullptr;
  std::optional<Returned> returned_;
  std::coroutine_handle<> coroutine_;
};

template <typename Function>
auto Pool::run(Loop& loop, Function function) {
  return Run<Function>(*this, loop, std::move(function));
}

}  // namespace gatehouse::net
