// SPDX-License-Identifier: Apache-2.0
#include "app/bus_options.h"

#include <fmt/format.h>

#include "core/text.h"

namespace gatehouse::app {

namespace {

// Nothing that means more than itself in a subject of NATS.
constexpr std::string_view name_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

}  // namespace

bool is_shared(const BusConfig& bus) { return bus.url != "local"; }

Result<std::vector<std::string>> bus_servers(const BusConfig& bus) {
  std::vector<std::string> servers;
  for (const std::string_view server : split(bus.url, ',')) {
    GH_CHECK(bus::check_server(trim(server)));
    servers.emplace_back(trim(server));
  }
  return servers;
}

bus::NatsOptions bus_options(const Configuration& configuration, std::string name) {
  const BusConfig& bus = configuration.bus;
  const auto path = [&](const std::string& file) {
    return file.empty() ? file : configuration.path(file);
  };
  bus::NatsOptions options;
  options.servers = bus_servers(bus).value_or(std::vector<std::string>{});
  options.name = std::move(name);
  options.user = bus.user;
  options.password_file = path(bus.password_file);
  options.ca = path(bus.ca);
  options.certificate = path(bus.certificate);
  options.key = path(bus.key);
  return options;
}

std::string node_name(const Configuration& configuration, Random& random) {
  if (!configuration.bus.name.empty()) return configuration.bus.name;
  return "node-" + to_hex(random.bytes(8));
}

Result<> check_bus(const BusConfig& bus) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid_argument, why); };
  if (bus.name.find_first_not_of(name_letters) != std::string::npos) {
    return refuse("bus.name: letters, digits, - and _");
  }
  if (bus.user.empty() != bus.password_file.empty()) {
    return refuse("bus.user and bus.password_file: give both, or neither");
  }
  if (bus.certificate.empty() != bus.key.empty()) {
    return refuse("bus.certificate and bus.key: give both, or neither");
  }
  if (is_shared(bus)) GH_CHECK(bus_servers(bus));
  return {};
}

}  // namespace gatehouse::app
