// SPDX-License-Identifier: Apache-2.0
//
// Which inner paths nodes of other machines may come to on port 9443, and how they prove who they
// are (keymanager/node_door.h). Without a proof none of them is opened.
//
//   gateways       /internal/keys/v1/validate, /internal/data/v1: by the cluster's secret, or a
//                  certificate of cluster.node_names
//   control plane  all of /internal/keys/v1: by what is made of the cluster key, or a certificate
//                  of cluster.control_plane_names
//
// Thread:  opened and reloaded by the main thread; the doors as http::Handler says.
#pragma once

#include <memory>

#include "app/configuration.h"
#include "app/path_dispatcher.h"
#include "app/roles.h"
#include "app/surroundings.h"
#include "keymanager/node_door.h"

namespace gatehouse::app {

class NodeDoors {
 public:
  NodeDoors(const Configuration& configuration, Surroundings& surroundings)
      : configuration_(configuration), surroundings_(surroundings) {}

  // Adds the doors of these roles to `outside`, in front of `inside`; both outlive the doors.
  Result<> open(const Roles& roles, const std::string& cluster_key, http::Handler& inside,
                PathDispatcher& outside);

  // Reads again who issues the certificates of nodes, and which ones are revoked.
  // Error: invalid_argument; then all stays as it was.
  Result<> reload();

 private:
  // A kind of nodes, what its nodes are known by, and the door; null while there is nothing.
  struct Guests {
    std::unique_ptr<keymanager::NodeCertificates> certificates;
    std::unique_ptr<keymanager::NodeSessions> sessions;
    std::unique_ptr<keymanager::NodeDoor> door;
  };
  struct Proof {
    std::string secret;              // empty: none counts
    std::string session_label;       // of the key that sessions are made with
    std::vector<std::string> names;  // in certificates; empty: none counts
    std::string labels;              // of the series
  };

  Result<> let_in(Guests& guests, Proof proof, const std::string& cluster_key,
                  http::Handler& inside);

  const Configuration& configuration_;
  Surroundings& surroundings_;
  Guests gateways_;
  Guests control_plane_;
};

}  // namespace gatehouse::app
