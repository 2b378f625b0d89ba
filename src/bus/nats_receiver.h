// SPDX-License-Identifier: Apache-2.0
//
// Hears what other nodes say on a NATS cluster, on a connection of its own. What is wanted is
// subscribed again on each new connection.
//
// Thread:  want, forget, settled: any; one mutex (docs/locks.md). `heard` is called on a thread of
//          the library, one message after the other.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bus/nats_link.h"

namespace gatehouse::bus {

class NatsReceiver {
 public:
  using Heard = std::function<void(std::string_view subject, std::string_view bytes)>;

  NatsReceiver(const NatsOptions& options, Metrics& metrics, Heard heard);
  ~NatsReceiver();
  NatsReceiver(const NatsReceiver&) = delete;
  NatsReceiver& operator=(const NatsReceiver&) = delete;

  // Subscribes soon. As many forget() as want() end it.
  void want(std::string_view subject);
  void forget(std::string_view subject);
  // True once a server knows all that is wanted at this moment; false when `timeout` passes first.
  bool settled(std::chrono::milliseconds timeout);

 private:
  struct Ear {
    NatsReceiver* receiver;
    std::string subject;
  };

  void run();
  // Brings the subscriptions of this connection to what is wanted.
  bool apply(const std::map<std::string, int, std::less<>>& wanted);
  bool subscribe(const std::string& subject);
  void hang_up();
  static void on_message(natsConnection* connection, natsSubscription* subscription,
                         natsMsg* message, void* ear);
  static void on_complete(void* ear);

  const Heard heard_;
  Counter& received_;

  std::mutex mutex_;
  std::condition_variable wake_;                   // for the thread
  std::condition_variable changed_;                // for settled and the destructor
  std::map<std::string, int, std::less<>> wants_;  // guarded by mutex_, as are the next
  std::uint64_t wanted_ = 1;                       // number of the last change of wants_
  std::uint64_t applied_ = 0;
  std::size_t ears_ = 0;  // that the library may still use, and will say when it does not
  bool ended_ = false;    // the connection has
  bool stopping_ = false;

  std::map<std::string, natsSubscription*, std::less<>> subscriptions_;  // of the thread
  std::vector<std::unique_ptr<Ear>> lost_ears_;                          // of the thread
  NatsLink link_;                                                        // of the thread
  std::thread thread_;
};

}  // namespace gatehouse::bus
