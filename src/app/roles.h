// SPDX-License-Identifier: Apache-2.0
//
// What runs where: which roles the profiles of this node name, what each of them opens, and whom it
// asks in this process or over HTTPS. A deployment pattern is a choice that is made here and
// nowhere else.
//
// Thread:  pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"

namespace gatehouse::app {

struct Roles {
  bool publisher = false;
  bool devportal = false;
  bool admin = false;
  bool key_manager = false;
  bool traffic_manager = false;
  bool gateway = false;

  static Roles of(const std::vector<std::string>& profiles);

  bool portals() const { return publisher || devportal || admin; }
  // user_manager and api_manager are opened, and the cluster key is kept.
  bool keeps_data() const { return portals() || key_manager; }
  bool keeps_registry() const { return portals(); }
  // Port 9443.
  bool has_control_port() const { return keeps_data(); }
  bool portals_complete() const { return publisher && devportal && admin; }
  // "gateway, key-manager", for people.
  std::string text() const;
};

// A role that another one asks.
enum class Place : std::uint8_t { here, elsewhere };

// What this node runs, and where those are whom its roles ask. A role that runs here is asked here,
// unless its key names others.
struct Deployment {
  Roles roles;
  Place key_managers_of_gateway = Place::here;
  Place key_managers_of_portals = Place::here;
  Place feed = Place::here;  // of the gateway

  static Deployment of(const Configuration& configuration);
};

}  // namespace gatehouse::app
