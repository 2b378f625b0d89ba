// SPDX-License-Identifier: Apache-2.0
//
// Runs a node from its configuration until a signal ends it: SIGTERM drains, SIGINT stops within
// two seconds, SIGHUP reads certificates and log level again and reopens logs.
//
// Thread:  the main thread; it becomes the loop of the control plane.
// Error:   invalid_argument for the configuration; anything else stopped the node.
#pragma once

#include "app/configuration.h"
#include "core/error.h"

namespace gatehouse::app {

Result<> run_server(const ConfigurationSources& sources);

}  // namespace gatehouse::app
