// SPDX-License-Identifier: Apache-2.0
#include "net/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace gatehouse::net {

namespace {

sigset_t watched_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  return signals;
}

}  // namespace

void block_signals() {
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Signals(Loop& loop, std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  const sigset_t signals = watched_signals();
  descriptor_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor_ < 0 || !loop_.watch(descriptor_, *this, EPOLLIN)) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
}

Signals::~Signals() {
  loop_.forget(*this);
  ::close(descriptor_);
}

// The callback may be the last thing that this object sees, so one signal is read at a time.
void Signals::on_events(std::uint32_t) {
  signalfd_siginfo signal{};
  if (::read(descriptor_, &signal, sizeof signal) == sizeof signal) {
    on_signal_(static_cast<int>(signal.ssi_signo));
  }
}

}  // namespace gatehouse::net
