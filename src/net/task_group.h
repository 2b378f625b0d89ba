// SPDX-License-Identifier: Apache-2.0
//
// Tasks that run by themselves, owned by whoever must outlive them: a server and its connections.
//
// Thread:  one event loop.
#pragma once

#include <cstddef>

#include "net/list.h"
#include "net/task.h"

namespace gatehouse::net {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  // Cancels what still runs; not from inside one of the group's own tasks.
  ~TaskGroup() { cancel(); }

  // Runs `task` until it waits for the first time, and lets it go on by itself. What it throws is
  // logged and ends this task only.
  void spawn(Task<> task);
  void cancel();

  // How many tasks have not ended.
  std::size_t size() const { return size_; }

 private:
  struct Runner;
  class Running : public ListNode {
   public:
    virtual void destroy() = 0;

   protected:
    ~Running() = default;
  };

  static Runner start(TaskGroup& group, Task<> task);

  List<Running> running_;
  std::size_t size_ = 0;
};

}  // namespace gatehouse::net
