// SPDX-License-Identifier: Apache-2.0
//
// Who may say and hear what on NATS: the part of a server's configuration that gives each node of a
// cluster the subjects that its profiles need, and no other.
//
// Shape:   docs/bus.md says how it is used.
// Thread:  pure functions, but for the passwords, which are files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/random.h"

namespace gatehouse::app {

struct ClusterNode {
  std::string name;  // its bus.name, and its bus.user or the name in its certificate
  std::vector<std::string> profiles;
  std::vector<std::string> environments{"Default"};  // of a gateway: whose changes it may hear
  std::string password;                              // empty: it has a certificate

  // "NAME=PROFILE+PROFILE@ENVIRONMENT,ENVIRONMENT", the last part for gateways that have others
  // than Default. Error: invalid_argument.
  static Result<ClusterNode> parse(std::string_view text);
};

// A block `authorization` for nats-server.
std::string nats_permissions(const std::vector<ClusterNode>& nodes);

// The password in `folder`/NAME.password, which is made where there is none.
// Error: unavailable, when it can be neither read nor written.
Result<std::string> password_of_node(const std::string& folder, std::string_view name,
                                     Random& random);

}  // namespace gatehouse::app
