// SPDX-License-Identifier: Apache-2.0
//
// The traffic manager: wires the coordinator of limits to the bus, the clock and the journal.
//
// Of all traffic managers on a bus one owns the limits: it holds the office for a term and renews
// it, and the others try to take it over. Two things keep a second one from granting. An owner
// whose term is over by its own clock says nothing until it has renewed it; and each reservation is
// refused to it once a successor has written in the journal, so that it steps down.
//
// Holders ask on limits.ask; what arrives while the journal is being written is answered together
// after it, so many small limits share one write.
//
// Thread:  its own, from start() to stop(). Constructed and stopped by the thread that owns it.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/metrics.h"
#include "limits/coordinator.h"
#include "net/loop.h"
#include "net/timer.h"
#include "traffic/journal.h"

namespace gatehouse::traffic {

struct OwnerOptions {
  std::chrono::milliseconds tick{50};
};

class Owner {
 public:
  struct Parts {
    bus::Bus& bus;
    bus::Keep& keep;
    const Clock& clock;
    Metrics& metrics;
  };

  explicit Owner(Parts parts, OwnerOptions options = {});
  ~Owner();
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  // Error: unavailable, when this process keeps by itself, and cannot.
  Result<> start();
  // Writes down exactly what has been granted, and leaves the office.
  void stop();

  // Any thread.
  bool is_leading() const { return leading_; }

 private:
  net::Task<> tick();
  void on_message(const limits::HolderMessage& message);
  void flush();
  Result<> write(const std::vector<limits::Reservation>& reservations);
  Result<> close_journal();

  void hold_office();
  Result<> lead();
  Result<> take_over();
  bool renew();
  void step_down(const Error& why);
  bool is_in_term() const;

  const Parts parts_;
  const OwnerOptions options_;
  std::atomic<bool> leading_{false};

  // Owned by the loop.
  Journal journal_;
  std::unique_ptr<limits::Coordinator> coordinator_;  // only while it leads
  std::uint64_t held_ = 0;                            // of the office
  Tick term_end_{};
  Tick next_trial_{};  // to renew the office, or to take it
  std::string complaint_;
  bool flush_posted_ = false;
  bool journal_is_behind_ = false;  // its last write has failed
  net::Loop loop_;
  std::unique_ptr<bus::Subscription> asks_;
  std::thread thread_;
};

}  // namespace gatehouse::traffic
