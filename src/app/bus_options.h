// SPDX-License-Identifier: Apache-2.0
//
// Which bus the configuration asks for.
//
// Thread:  pure functions.
#pragma once

#include <string>

#include "app/configuration.h"
#include "bus/nats_options.h"
#include "core/random.h"

namespace gatehouse::app {

// Whether nodes tell each other news over NATS; else this process is alone.
bool is_shared(const BusConfig& bus);

// The servers of bus.url. Error: invalid_argument, naming it.
Result<std::vector<std::string>> bus_servers(const BusConfig& bus);

// `name`: of this node among the others.
bus::NatsOptions bus_options(const Configuration& configuration, std::string name);

// bus.name, or one that is made for this process.
std::string node_name(const Configuration& configuration, Random& random);

// The rules of the table by itself. Error: invalid_argument.
Result<> check_bus(const BusConfig& bus);

}  // namespace gatehouse::app
