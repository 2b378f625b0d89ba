// SPDX-License-Identifier: Apache-2.0
#include "net/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <vector>

namespace gatehouse::net {
namespace {

TEST(Signals, ReachTheLoop) {
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  block_signals();
  {
    Loop loop;
    std::vector<int> seen;
    const Signals signals(loop, [&](int signal) {
      seen.push_back(signal);
      if (signal == SIGTERM) loop.stop();
    });
    loop.post([] { ::pthread_kill(::pthread_self(), SIGHUP); });
    loop.post([] { ::pthread_kill(::pthread_self(), SIGTERM); });
    while (seen.size() < 2) loop.run();
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGTERM}));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace gatehouse::net
