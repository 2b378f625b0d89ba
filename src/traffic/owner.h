// SPDX-License-Identifier: Apache-2.0
//
// The traffic manager: wires the coordinator of limits to the bus, the clock and the journal.
//
// Holders ask on limits.ask; what arrives while the journal is being synced is answered together
// after the next sync, so many small limits share one.
//
// Thread:  its own, from start() to stop(). Constructed and stopped by the thread that owns it.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/error.h"
#include "limits/coordinator.h"
#include "net/loop.h"
#include "net/timer.h"
#include "traffic/journal.h"

namespace gatehouse::traffic {

struct OwnerOptions {
  std::string journal_file;
  std::chrono::milliseconds tick{50};
};

class Owner {
 public:
  Owner(bus::Bus& bus, const Clock& clock, OwnerOptions options);
  ~Owner();
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  // Error: unavailable, when the journal cannot be read or written.
  Result<> start();
  // Writes down exactly what has been granted.
  void stop();

 private:
  net::Task<> tick();
  void on_message(const limits::HolderMessage& message);
  void flush();

  bus::Bus& bus_;
  const Clock& clock_;
  const OwnerOptions options_;
  Journal journal_;
  std::unique_ptr<limits::Coordinator> coordinator_;  // of the loop
  bool flush_posted_ = false;                         // of the loop
  net::Loop loop_;
  std::unique_ptr<bus::Subscription> asks_;
  std::thread thread_;
};

}  // namespace gatehouse::traffic
