// SPDX-License-Identifier: Apache-2.0
#include "net/task_group.h"

#include <coroutine>

#include "core/log.h"

namespace gatehouse::net {

// The coroutine around a spawned task: it stands in the group's list and ends by itself.
struct TaskGroup::Runner {
  class promise_type final : public Running, public PooledFrame {
   public:
    promise_type(TaskGroup& group, Task<>&) : group_(group) {
      group_.running_.push_back(*this);
      ++group_.size_;
    }
    ~promise_type() { --group_.size_; }

    Runner get_return_object() { return {Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {
      try {
        throw;
      } catch (const std::exception& exception) {
        log_error("a task ended with an exception: {}", exception.what());
      } catch (...) {
        log_error("a task ended with an unknown exception");
      }
    }
    void destroy() override { Handle::from_promise(*this).destroy(); }

   private:
    TaskGroup& group_;
  };
  using Handle = std::coroutine_handle<promise_type>;

  Handle handle;
};

TaskGroup::Runner TaskGroup::start(TaskGroup&, Task<> task) { co_await task; }

void TaskGroup::spawn(Task<> task) { start(*this, std::move(task)).handle.resume(); }

void TaskGroup::cancel() {
  while (Running* running = running_.pop_front()) running->destroy();
}

}  // namespace gatehouse::net
