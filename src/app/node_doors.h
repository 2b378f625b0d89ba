// SPDX-License-Identifier: Apache-2.0
//
// Which inner paths nodes of other machines may come to on port 9443, and how they prove who they
// are (keymanager/node_door.h). Where cluster.accept names no proof, none of them is opened.
//
//   gateways       /internal/keys/v1/validate, /internal/data/v1: by the credential of a gateway,
//                  or a certificate of cluster.node_names
//   control plane  all of /internal/keys/v1: by a credential made with the cluster key, or a
//                  certificate of cluster.control_plane_names
//   new nodes      /internal/cluster/v1 (app/join_endpoint.h), where credentials are accepted
//
// Thread:  opened and reloaded by the main thread; follow: from one pool thread at a time; the
//          doors as http::Handler says.
#pragma once

#include <memory>

#include "app/configuration.h"
#include "app/join_endpoint.h"
#include "app/node_credentials.h"
#include "app/path_dispatcher.h"
#include "app/roles.h"
#include "app/surroundings.h"
#include "keymanager/node_door.h"

namespace gatehouse::app {

class NodeDoors {
 public:
  // Everything outlives the doors.
  NodeDoors(const Configuration& configuration, Surroundings& surroundings,
            storage::Database& api_manager)
      : configuration_(configuration), surroundings_(surroundings), api_manager_(api_manager) {}

  // Adds the doors of these roles to `outside`, in front of `inside`; both outlive the doors.
  Result<> open(const Roles& roles, const std::string& cluster_key, http::Handler& inside,
                PathDispatcher& outside);

  // Reads again who issues the certificates of nodes, and which ones are revoked.
  // Error: invalid_argument; then all stays as it was.
  Result<> reload();

  // Takes note of the credentials that were revoked, here or on another node.
  Result<> follow() { return revocations_.load(api_manager_); }
  // Removes tokens of new nodes a day after they have expired.
  Result<> forget_tokens();

 private:
  // A kind of nodes, what its nodes are known by, and the door; null while there is nothing.
  struct Guests {
    std::unique_ptr<keymanager::NodeCertificates> certificates;
    std::unique_ptr<keymanager::NodePasses> credentials;
    std::unique_ptr<keymanager::NodePasses> sessions;
    std::unique_ptr<keymanager::NodeDoor> door;
  };

  Result<> let_in(Guests& guests, NodeKind kind, const std::string& cluster_key,
                  http::Handler& inside);

  const Configuration& configuration_;
  Surroundings& surroundings_;
  storage::Database& api_manager_;
  keymanager::NodeRevocations revocations_;
  Guests gateways_;
  Guests control_plane_;
  std::unique_ptr<JoinEndpoint> joining_;
};

}  // namespace gatehouse::app
