// SPDX-License-Identifier: Apache-2.0
//
// The bus of several nodes: core NATS. This node hears itself at once, on the publisher's thread,
// as on the bus of one process, whether a server answers or not; other nodes hear it over NATS.
//
// Messages travel below "gatehouse.", each behind the 8 bytes that name the process which has
// published it, so that its own echo is ignored. What is too large for a server, or waits too long
// for one, is dropped and counted: nothing that must not be lost depends on a bus.
//
// Thread:  any. Listeners are called on the publisher's thread or on one of the library.
#pragma once

#include <memory>
#include <string>

#include "bus/local_bus.h"
#include "bus/nats_receiver.h"
#include "bus/nats_sender.h"
#include "core/random.h"

namespace gatehouse::bus {

class NatsBus final : public Bus {
 public:
  NatsBus(const NatsOptions& options, Random& random, Metrics& metrics);

  void publish(std::string_view subject, std::string_view message) override;
  std::unique_ptr<Subscription> subscribe(std::string subject, Listener listener) override;
  // True once a server knows all that is subscribed now; false when `timeout` passes first.
  bool settled(std::chrono::milliseconds timeout) { return receiver_.settled(timeout); }

 private:
  class Handle;

  void heard(std::string_view subject, std::string_view bytes);

  const std::string origin_;  // of this process
  LocalBus listeners_;
  NatsReceiver receiver_;
  NatsSender sender_;
};

}  // namespace gatehouse::bus
