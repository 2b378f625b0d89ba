// SPDX-License-Identifier: Apache-2.0
#include "app/surroundings.h"

#include <algorithm>
#include <thread>

namespace gatehouse::app {

namespace {

std::size_t cores() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace

// Statements mostly wait for the disk, hashes for a core: hence twice the cores, and at most four.
Surroundings::Surroundings()
    : sql({.name = "sql",
           .threads = std::clamp<std::size_t>(2 * cores(), 4, 16),
           .queue_max = 4096}),
      passwords(
          {.name = "password", .threads = std::min<std::size_t>(cores(), 4), .queue_max = 64}),
      files({.name = "files", .threads = 2, .queue_max = 4096}) {}

void Surroundings::stop_pools() {
  sql.stop();
  passwords.stop();
  files.stop();
}

}  // namespace gatehouse::app
