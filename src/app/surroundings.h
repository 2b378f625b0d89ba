// SPDX-License-Identifier: Apache-2.0
//
// What every role of a node stands on: clocks, chance, metrics, the bus and the pools of threads.
//
// Thread:  made first and destroyed last, by the main thread.
#pragma once

#include <memory>
#include <string>

#include "app/configuration.h"
#include "bus/bus.h"
#include "bus/keep.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/random.h"
#include "keymanager/hash_turns.h"
#include "net/loop.h"
#include "net/pool.h"

namespace gatehouse::app {

struct Surroundings {
  // Of a command: nobody else hears it.
  Surroundings();
  // Of a node, with the bus that it asks for.
  explicit Surroundings(const Configuration& configuration);

  // Before what the pools' functions refer to dies.
  void stop_pools();

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  const std::string name;  // of this process among all on the bus
  const std::unique_ptr<bus::Bus> own_bus;
  bus::Bus& bus;
  const std::unique_ptr<bus::Keep> keep;
  const keymanager::HashTurns::Options hash_turns;
  net::Loop loop;  // of the main thread: the control plane and the status page
  net::Pool sql;
  net::Pool logins;
  net::Pool files;
};

}  // namespace gatehouse::app
