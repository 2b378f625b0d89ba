// SPDX-License-Identifier: Apache-2.0
//
// A loop on a thread of its own, for commands whose clients block.
//
// Thread:  made and stopped by one thread; the loop runs on its own.
#pragma once

#include <thread>

#include "net/loop.h"
#include "net/pool.h"
#include "net/resolver.h"

namespace gatehouse::app {

class ClientLoop {
 public:
  ClientLoop()
      : pool_({.name = "files", .threads = 1}),
        resolver_(loop_, pool_),
        thread_([this] { loop_.run(); }) {}
  ~ClientLoop() { stop(); }
  ClientLoop(const ClientLoop&) = delete;
  ClientLoop& operator=(const ClientLoop&) = delete;

  // Before the clients die, which belong to the loop.
  void stop() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
    pool_.stop();
  }

  net::Loop& loop() { return loop_; }
  net::Resolver& resolver() { return resolver_; }

 private:
  net::Loop loop_;
  net::Pool pool_;
  net::Resolver resolver_;
  std::thread thread_;
};

}  // namespace gatehouse::app
