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

Pool::Pool(Options options) : options_(std::move(options)), places_(options_.threads) {
  GH_ASSERT(options_.threads > 0);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this, &place = places_[i]] { work(place); });
    ::pthread_setname_np(threads_.back().native_handle(),
                         options_.name.substr(0, thread_name_max).c_str());
  }
}

void Pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Place& place : places_) place.wake.notify_one();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t Pool::queued() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

Result<> Pool::push(std::unique_ptr<Job> job) {
  Place* idle = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(ErrorCode::unavailable, "The server is stopping", options_.name);
    if (jobs_.size() >= options_.queue_max) {
      return fail(ErrorCode::exhausted, "The server is busy", "pool " + options_.name + " is full");
    }
    jobs_.push_back(std::move(job));
    if (!idle_.empty()) {
      idle = idle_.back();
      idle_.pop_back();
      idle->called = true;
    }
  }
  if (idle != nullptr) idle->wake.notify_one();
  return {};
}

void Pool::work(Place& place) {
  // In Linux a niceness is one thread's; raising it is always allowed.
  const auto self = static_cast<id_t>(::gettid());
  const int niceness = ::getpriority(PRIO_PROCESS, self) + options_.niceness;
  static_cast<void>(::setpriority(PRIO_PROCESS, self, niceness));
  while (const std::unique_ptr<Job> job = next_job(place)) {
    try {
      job->call();
    } catch (const std::exception& exception) {
      log_error("pool {}: {}", options_.name, exception.what());
    }
  }
}

std::unique_ptr<Pool::Job> Pool::next_job(Place& place) {
  std::unique_lock lock(mutex_);
  while (jobs_.empty() && !stopping_) {
    place.called = false;
    idle_.push_back(&place);
    place.wake.wait(lock, [&] { return place.called || stopping_; });
  }
  if (jobs_.empty()) return nullptr;
  std::unique_ptr<Job> job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

}  // namespace gatehouse::net
