// SPDX-License-Identifier: Apache-2.0
//
// Keeps one question open at a control plane of another process, so that a change arrives at once
// without any bus.
//
// Thread:  a thread with a loop of its own, from the beginning to stop(); it calls `target` and
//          `take`.
// Source:  docs/feed.md.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "http/client.h"
#include "net/loop.h"
#include "net/task_group.h"

namespace gatehouse::gateway {

class FeedWatch {
 public:
  struct Parts {
    // Makes the client that asks, for the loop of this.
    std::function<std::unique_ptr<http::Client>(net::Loop&)> control_plane;
    // What is asked for next; empty: nothing yet.
    std::function<std::string()> target;
    // True when the body of a 200 had something new.
    std::function<bool(std::string_view body)> take;
  };
  // How long the other side may hold the question.
  static constexpr std::chrono::seconds wait{30};

  explicit FeedWatch(Parts parts);
  ~FeedWatch() { stop(); }
  FeedWatch(const FeedWatch&) = delete;
  FeedWatch& operator=(const FeedWatch&) = delete;

  // Does not wait for an answer.
  void stop();

 private:
  net::Task<> watch();

  const Parts parts_;
  net::Loop loop_;
  std::unique_ptr<http::Client> client_;
  net::TaskGroup tasks_;
  std::thread thread_;
};

}  // namespace gatehouse::gateway
