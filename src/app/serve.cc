// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <csignal>

#include "app/node.h"
#include "core/log.h"
#include "net/signals.h"

namespace gatehouse::app {

Result<> run_server(const ConfigurationSources& sources) {
  GH_TRY(configuration, read_configuration(sources));
  net::block_signals();
  Surroundings surroundings;
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
