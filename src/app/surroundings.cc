// SPDX-License-Identifier: Apache-2.0
#include "app/surroundings.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>

#include "app/bus_options.h"
#include "bus/local_bus.h"
#include "bus/local_keep.h"
#include "bus/nats_bus.h"
#include "bus/nats_keep.h"

namespace gatehouse::app {

namespace {

// How many processors this process may use; where there are more than a cpu_set_t holds, as many as
// it holds.
std::size_t cores() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return errno == EINVAL ? CPU_SETSIZE : 1;
  }
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&allowed)));
}

// Who waits for a login waits for a core; beyond this it is better to say so at once.
keymanager::HashTurns::Options hash_turns_of_this_machine() {
  const std::size_t at_once = std::min<std::size_t>(cores(), 4);
  return {.at_once = at_once, .waiting_max = 4 * at_once + 4};
}

std::unique_ptr<bus::Bus> make_bus(const Configuration& configuration, Surroundings& around) {
  if (!is_shared(configuration.bus)) return std::make_unique<bus::LocalBus>();
  return std::make_unique<bus::NatsBus>(bus_options(configuration, around.name), around.random,
                                        around.metrics);
}

std::unique_ptr<bus::Keep> make_keep(const Configuration& configuration, Surroundings& around) {
  if (!is_shared(configuration.bus)) {
    return std::make_unique<bus::LocalKeep>(configuration.server.data_dir, around.clock);
  }
  return std::make_unique<bus::NatsKeep>(bus_options(configuration, around.name), around.metrics);
}

}  // namespace

// Who writes waits for the disk most of the time, and all who wait share one commit: hence so many
// threads. Logins: a thread for each that hashes or waits for its turn, and some for those that are
// refused.
Surroundings::Surroundings() : Surroundings(Configuration{}) {}

Surroundings::Surroundings(const Configuration& configuration)
    : name(node_name(configuration, random)),
      own_bus(make_bus(configuration, *this)),
      bus(*own_bus),
      keep(make_keep(configuration, *this)),
      hash_turns(hash_turns_of_this_machine()),
      sql({.name = "sql", .threads = 64, .queue_max = 4096}),
      logins({.name = "login",
              .threads = hash_turns.at_once + hash_turns.waiting_max + 2,
              .queue_max = 256,
              .niceness = 10}),
      files({.name = "files", .threads = 2, .queue_max = 4096}) {}

void Surroundings::stop_pools() {
  sql.stop();
  logins.stop();
  files.stop();
}

}  // namespace gatehouse::app
