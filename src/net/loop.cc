// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/log.h"

namespace gatehouse::net {

namespace {

[[noreturn]] void cannot_start(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

// The descriptor that other threads write to. It is watched edge-triggered, so nobody reads it:
// every write is an event of its own.
class Loop::Waker final : public Source {
 public:
  explicit Waker(Loop& loop) : loop_(loop), descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) cannot_start("eventfd");
  }
  ~Waker() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof one);
  }

 private:
  void on_events(std::uint32_t) override { loop_.call_posted(); }

  Loop& loop_;
  int descriptor_;
};

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      tick_(std::chrono::steady_clock::now()),
      wheel_(tick_),
      events_(std::make_unique<epoll_event[]>(events_max)),
      scratch_(std::make_unique<char[]>(scratch_size)) {
  if (epoll_ < 0) cannot_start("epoll_create1");
  waker_ = std::make_unique<Waker>(*this);
  if (!watch(waker_->descriptor(), *waker_, EPOLLIN | EPOLLET)) cannot_start("epoll_ctl");
}

Loop::~Loop() {
  tasks_.cancel();
  for (Posted* posted = posted_.exchange(nullptr); posted;) {
    const std::unique_ptr<Posted> dropped(std::exchange(posted, posted->next));
  }
  ::close(epoll_);
}

void Loop::run() {
  begin();
  while (!stopping_.load(std::memory_order_acquire)) turn();
  stopping_.store(false, std::memory_order_relaxed);
  end();
}

void Loop::begin() {
  runner_ = std::this_thread::get_id();
  tick_ = std::chrono::steady_clock::now();
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_release);
  waker_->wake();
}

void Loop::turn() {
  wait();
  dispatch();
  timers_.fire(tick_);
  wheel_.turn(tick_);
  resume_ready();
}

void Loop::wait() {
  const Tick next = std::min(timers_.next(), wheel_.next());
  int timeout_ms = -1;
  if (!ready_.empty() || next <= tick_) {
    timeout_ms = 0;
  } else if (next != never) {
    // A wait of more than an hour looks at the clock on its way.
    const auto left = std::min<std::chrono::nanoseconds>(next - tick_, std::chrono::hours(1));
    timeout_ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }
  event_count_ = std::max(0, ::epoll_wait(epoll_, events_.get(), events_max, timeout_ms));
  tick_ = std::chrono::steady_clock::now();
}

void Loop::dispatch() {
  for (event_ = 0; event_ < event_count_; ++event_) {
    const epoll_event& event = events_[static_cast<std::size_t>(event_)];
    auto* source = static_cast<Source*>(event.data.ptr);
    if (source) source->on_events(event.events);
  }
  event_count_ = 0;
}

void Loop::resume_ready() {
  List<Ready> now;
  now.take(ready_);  // what becomes ready meanwhile has its turn after the sockets
  while (Ready* ready = now.pop_front()) ready->on_ready();
}

void Loop::push(Posted* posted) {
  Posted* head = posted_.load(std::memory_order_relaxed);
  do {
    posted->next = head;
  } while (!posted_.compare_exchange_weak(head, posted, std::memory_order_release,
                                          std::memory_order_relaxed));
  // Whoever found the list empty wakes the loop; it empties the list after it woke.
  if (!head) waker_->wake();
}

void Loop::call_posted() {
  Posted* in_order = nullptr;
  for (Posted* posted = posted_.exchange(nullptr, std::memory_order_acquire); posted;) {
    Posted* older = std::exchange(posted->next, in_order);
    in_order = std::exchange(posted, older);
  }
  while (in_order) {
    const std::unique_ptr<Posted> posted(std::exchange(in_order, in_order->next));
    try {
      posted->call();
    } catch (const std::exception& exception) {
      log_error("a posted function threw: {}", exception.what());
    }
  }
}

Result<> Loop::watch(int descriptor, Source& source, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return fail(ErrorCode::exhausted, "Too many connections", std::strerror(errno));
}

void Loop::rewatch(int descriptor, Source& source, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  GH_ASSERT(::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void Loop::forget(Source& source) {
  for (int i = event_ + 1; i < event_count_; ++i) {
    epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &source) event.data.ptr = nullptr;
  }
}

void Loop::poison_scratch() { std::memset(scratch_.get(), 0xDB, scratch_size); }

}  // namespace gatehouse::net
