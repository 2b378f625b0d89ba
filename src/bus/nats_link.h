// SPDX-License-Identifier: Apache-2.0
//
// One connection to a NATS cluster, made again for as long as it is wanted: what went wrong is
// logged and counted, and never ends a node.
//
// The client library could reconnect by itself, but gives up on a server that has refused a
// password twice; here every end is alike, and certificates and passwords are those of the moment.
//
// Thread:  one, but for is_connected: any. The library calls back on threads of its own.
// Source:  NATS client protocol; libnats 3.4 (docs/decisions/nats.md).
#pragma once

#include <nats/nats.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "bus/nats_options.h"
#include "core/clock.h"
#include "core/metrics.h"

namespace gatehouse::bus {

// "NATS: what went wrong", as the library says it for the last call of this thread.
tl::unexpected<Error> nats_error(natsStatus status, std::string_view what);

class NatsLink {
 public:
  // `purpose` names it in log and metrics. `ended` is called on a thread of the library.
  NatsLink(const NatsOptions& options, std::string purpose, Metrics& metrics,
           std::function<void()> ended);
  ~NatsLink() { close(); }
  NatsLink(const NatsLink&) = delete;
  NatsLink& operator=(const NatsLink&) = delete;

  // True when there is a connection. Tries to make one when there is none, if the last trial is
  // long enough ago. Closes one that has ended, and says false.
  bool open(Tick now);
  // When open() tries again.
  Tick next_trial() const { return next_trial_; }
  // A round trip: the server has read what was sent. False when it does not answer.
  bool flush() const;
  // Ends the connection; no callback of it runs any longer.
  void close();

  bool is_connected() const { return made_ && !ending_; }
  // Only while there is one.
  natsConnection* get() const { return connection_; }

 private:
  Result<> connect();
  void log_failure(const Error& error, Tick now);
  static void on_closed(natsConnection* connection, void* link);
  static void on_error(natsConnection* connection, natsSubscription* subscription,
                       natsStatus status, void* link);

  const NatsOptions options_;
  const std::string purpose_;
  const std::function<void()> ended_;
  Counter& connects_;
  Counter& failures_;
  Counter& errors_;

  natsConnection* connection_ = nullptr;
  Tick next_trial_{};
  Tick logged_at_{};
  std::chrono::milliseconds pause_{0};
  bool silent_ = false;  // the last trials have failed

  std::atomic<bool> made_{false};
  std::atomic<bool> ending_{false};  // the library has said so
  std::mutex mutex_;
  std::condition_variable closed_changed_;
  bool closed_ = true;  // guarded by mutex_: the library has called back for the last time
};

}  // namespace gatehouse::bus
