// SPDX-License-Identifier: Apache-2.0
//
// Where a new node gets what makes it one of the cluster: /internal/cluster/v1 on port 9443, open
// to everybody, since whoever comes has nothing yet but a token.
//
//   GET  /authorities        PEM; the token says whether it is the right one
//   POST /join               {"token":"<base64url of its secret>"} →
//                            {"node","profiles":[…],"environments":[…]} and
//                            "credential", for a gateway that keeps no data, or
//                            "cluster_key" (base64), for a node that does
//   401  the token is unknown, has expired, or was used: nobody is told which
//   429  with Retry-After: this address has shown too many of those
//
// What a node gets is decided by what its token was made for, and by nothing that it says.
//
// Thread:  handle on pool threads.
// Source:  docs/nodes.md.
#pragma once

#include <string>

#include "app/configuration.h"
#include "app/surroundings.h"
#include "http/handler.h"
#include "keymanager/browser/attempts.h"
#include "storage/apis/node_store.h"

namespace gatehouse::app {

// The PEM file by which new nodes check those of the cluster: cluster.ca, else the certificate that
// this node has made for itself.
// Error: invalid_argument, naming the key, when there is none; unavailable.
Result<std::string> read_authorities(const Configuration& configuration);

class JoinEndpoint final : public http::Handler {
 public:
  // Whoever fails more often waits, twice as long each time.
  static constexpr keymanager::AttemptLimits limits{.free = 5};

  // Everything outlives it.
  JoinEndpoint(const Configuration& configuration, std::string cluster_key,
               storage::Database& api_manager, Surroundings& surroundings);

  http::Response handle(const http::Request& request) override;

 private:
  http::Response authorities() const;
  http::Response join(const http::Request& request);
  Result<http::Response> welcome(const storage::JoiningNode& node, std::uint64_t serial) const;

  const Configuration& configuration_;
  const std::string cluster_key_;
  storage::Database& api_manager_;
  const Clock& clock_;
  keymanager::Attempts attempts_;
};

}  // namespace gatehouse::app
