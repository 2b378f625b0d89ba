// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <malloc.h>

#include <csignal>

#include "app/bus_options.h"
#include "app/node.h"
#include "core/log.h"
#include "net/signals.h"

namespace gatehouse::app {

namespace {

// The memory of a password's hash (19 MiB) goes back to the system when it is done. Left alone, the
// C library learns from the first one freed to keep blocks of this size in the heap of each thread.
void give_large_blocks_back() {
  constexpr int large = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, large);
}

}  // namespace

Result<> run_server(const ConfigurationSources& sources) {
  give_large_blocks_back();
  GH_TRY(configuration, read_configuration(sources));
  net::block_signals();
  // After that: it may begin threads, which would take signals otherwise.
  if (is_shared(configuration.bus)) {
    GH_CHECK(bus::check(bus_options(configuration, configuration.bus.name)));
  }
  Surroundings surroundings(configuration);
  Node node(configuration, surroundings);
  net::Signals signals(surroundings.loop, [&](int number) {
    log_info("signal {}", number);
    if (number == SIGINT) return surroundings.loop.stop();
    if (number == SIGTERM) return node.drain([&] { surroundings.loop.stop(); });
    const Result<Configuration> fresh = read_configuration(sources);
    if (!fresh) return log_error("the configuration stays as it is: {}", fresh.error().message);
    node.reload(*fresh);
  });
  GH_CHECK(node.start());
  surroundings.loop.run();
  node.stop();
  return {};
}

}  // namespace gatehouse::app
