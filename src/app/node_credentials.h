// SPDX-License-Identifier: Apache-2.0
//
// Who a node is to others, and by what they know it. All of it is made of the cluster key: who has
// the key makes a credential for himself whenever he needs one, and checks those of all others; a
// gateway on its own is given one, which opens its environments and makes no other.
//
// Thread:  pure functions but for the file.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "app/configuration.h"
#include "keymanager/node_passes.h"

namespace gatehouse::app {

// What credentials and sessions of a kind of nodes are made and checked with.
enum class NodeKind : std::uint8_t { gateway, control_plane };
keymanager::NodePasses node_credentials(NodeKind kind, const std::string& cluster_key,
                                        const Clock& clock);
std::string node_session_key(NodeKind kind, const std::string& cluster_key);

// Of a credential that is given to a node.
inline constexpr std::chrono::days credential_lifetime{730};
// When a gateway begins to warn of its end.
inline constexpr std::chrono::days credential_warning{30};

// The name of this node: bus.name, else its host name and port offset.
std::string own_name(const Configuration& configuration);

// The value of Authorization for what a gateway asks; empty: its certificate says who it is.
// `cluster_key`: empty, where the node has none and shows what is in cluster.secret_file.
// Error: invalid_argument, naming the key, for a file that is no credential, or none for this
// gateway's environments.
Result<std::string> proof_of_gateway(const Configuration& configuration,
                                     const std::string& cluster_key, const Clock& clock);
// The same for what portals ask.
Result<std::string> proof_of_control_plane(const Configuration& configuration,
                                           const std::string& cluster_key, const Clock& clock);

}  // namespace gatehouse::app
