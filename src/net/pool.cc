// SPDX-License-Identifier: Apache-2.0
#include "net/pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>

#include "core/log.h"

namespace gatehouse::net {

namespace {

constexpr std::size_t thread_name_max = 15;  // pthread_setname_np

}  // namespace

Pool::Pool(Options options) : options_(std::move(options)) {
  GH_ASSERT(options_.threads > 0);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(),
                         options_.name.substr(0, thread_name_max).c_str());
  }
}

void Pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t Pool::queued() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

Result<> Pool::push(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(ErrorCode::unavailable, "The server is stopping", options_.name);
    if (jobs_.size() >= options_.queue_max) {
      return fail(ErrorCode::exhausted, "The server is busy", "pool " + options_.name + " is full");
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return {};
}

void Pool::work() {
  // In Linux a niceness is one thread's; raising it is always allowed.
  if (options_.niceness > 0) {
    static_cast<void>(
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), options_.niceness));
  }
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    try {
      job->call();
    } catch (const std::exception& exception) {
      log_error("pool {}: {}", options_.name, exception.what());
    }
  }
}

}  // namespace gatehouse::net
