// SPDX-License-Identifier: Apache-2.0
#include "app/roles.h"

#include <algorithm>

#include "core/text.h"

namespace gatehouse::app {

namespace {

struct Profile {
  std::string_view name;
  Roles roles;
};

constexpr std::array profiles{
    Profile{"all-in-one", {true, true, true, true, true, true}},
    Profile{"control-plane", {true, true, true, true, false, false}},
    Profile{"publisher", {.publisher = true}},
    Profile{"devportal", {.devportal = true}},
    Profile{"admin", {.admin = true}},
    Profile{"key-manager", {.key_manager = true}},
    Profile{"traffic-manager", {.traffic_manager = true}},
    Profile{"gateway", {.gateway = true}},
};

using Role = bool Roles::*;
constexpr std::array<Role, 6> every_role{&Roles::publisher,       &Roles::devportal,
                                         &Roles::admin,           &Roles::key_manager,
                                         &Roles::traffic_manager, &Roles::gateway};

using Urls = std::vector<std::string>;

Place place(bool runs_here, const Urls& named, const Urls& usual) {
  return runs_here && named == usual ? Place::here : Place::elsewhere;
}

}  // namespace

Roles Roles::of(const std::vector<std::string>& names) {
  Roles all;
  for (const std::string& name : names) {
    const auto profile = std::ranges::find(profiles, name, &Profile::name);
    if (profile == profiles.end()) continue;
    for (const Role role : every_role) all.*role = all.*role || profile->roles.*role;
  }
  return all;
}

std::string Roles::text() const {
  std::vector<std::string> names;
  for (const Profile& profile : profiles) {
    const auto counts = std::ranges::count_if(every_role, [&](Role r) { return profile.roles.*r; });
    const bool runs =
        std::ranges::any_of(every_role, [&](Role r) { return profile.roles.*r && this->*r; });
    if (counts == 1 && runs) names.emplace_back(profile.name);
  }
  return join(names, ", ");
}

Deployment Deployment::of(const Configuration& configuration) {
  Deployment deployment;
  deployment.roles = Roles::of(configuration.server.profile);
  const Roles& roles = deployment.roles;
  const GatewayConfig& gateway = configuration.gateway;
  const PortalsConfig& portals = configuration.portals;
  deployment.key_managers_of_gateway =
      place(roles.key_manager, gateway.key_manager, GatewayConfig().key_manager);
  deployment.key_managers_of_portals =
      place(roles.key_manager, portals.key_manager, PortalsConfig().key_manager);
  deployment.feed = place(roles.portals(), gateway.control_plane, GatewayConfig().control_plane);
  return deployment;
}

}  // namespace gatehouse::app
