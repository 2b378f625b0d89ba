// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM, SIGINT and SIGHUP as events of a loop.
//
// Thread:  one event loop; block_signals() before the first thread starts.
#pragma once

#include <functional>

#include "net/loop.h"

namespace gatehouse::net {

// From now on the three signals only reach a Signals object, and SIGPIPE nobody. Threads inherit
// it.
void block_signals();

class Signals final : private Source {
 public:
  // Calls `on_signal` with the signal's number. Throws std::system_error at start.
  Signals(Loop& loop, std::function<void(int)> on_signal);
  ~Signals();

 private:
  void on_events(std::uint32_t events) override;

  Loop& loop_;
  std::function<void(int)> on_signal_;
  int descriptor_;
};

}  // namespace gatehouse::net
