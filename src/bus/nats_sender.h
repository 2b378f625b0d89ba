// SPDX-License-Identifier: Apache-2.0
//
// Sends to a NATS cluster what a node publishes, from a thread and a connection of its own, so that
// nobody who publishes waits for the network.
//
// What waits is bounded in bytes, and in age: while no server answers, older news goes first, and
// what was not sent within two seconds is not sent at all. Each message that is dropped is counted.
//
// Thread:  send, wait_sent: any; one mutex (docs/locks.md).
// Memory:  at most `bytes_max`.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <thread>

#include "bus/nats_link.h"

namespace gatehouse::bus {

class NatsSender {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024 * 1024;
  static constexpr std::chrono::milliseconds age_max{2'000};

  NatsSender(const NatsOptions& options, Metrics& metrics);
  // Sends what waits, if a server takes it within a moment.
  ~NatsSender();
  NatsSender(const NatsSender&) = delete;
  NatsSender& operator=(const NatsSender&) = delete;

  // `bytes`: the message as it travels.
  void send(std::string subject, std::string bytes);

 private:
  struct Message {
    std::string subject;
    std::string bytes;
    Tick since;
  };

  void run();
  void send_all(std::deque<Message>& messages);
  // False when the connection is over and the message may be tried on another.
  bool send_one(const Message& message);
  void put_back(std::deque<Message>& messages);

  Counter& sent_;
  Counter& dropped_;
  Counter& too_large_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Message> messages_;  // guarded by mutex_, as are the next
  std::size_t bytes_ = 0;
  bool ended_ = false;  // the connection has
  bool stopping_ = false;

  NatsLink link_;  // of the thread
  std::thread thread_;
};

}  // namespace gatehouse::bus
