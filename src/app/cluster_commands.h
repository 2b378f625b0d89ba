// SPDX-License-Identifier: Apache-2.0
//
// What `gatehouse cluster` does: the cluster key, credentials of nodes, how new nodes join and old
// ones are shut out, and what each of them may do on NATS.
//
// Thread:  one each; they block.
// Error:   invalid_argument for what the user wrote; conflict, where a file stands in the way;
//          anything else failed while running.
// Source:  docs/nodes.md.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "core/error.h"

namespace gatehouse::app {

enum class Existing : std::uint8_t { kept, replaced };

// Files that joining writes into a folder, as the configuration in deploy/ names them.
inline constexpr const char* cluster_key_file = "cluster.key";
inline constexpr const char* credential_file = "cluster.secret";
inline constexpr const char* authorities_file = "ca.crt";

// A node of the cluster, as its administrator describes it.
struct NodeWish {
  std::string name;
  std::vector<std::string> profiles{"gateway"};
  std::vector<std::string> environments{"Default"};  // of a gateway
};

// Makes cluster.key in `directory`, which is made if need be.
Result<> run_cluster_init(const std::string& directory, Existing existing, std::ostream& out);

// Writes a gateway's credential into `file`, without a database: for whoever brings secrets to
// machines himself. `serial`: 0, unless the node was revoked (run_revoke_node prints it).
struct CredentialWish {
  NodeWish node;
  std::string file;
  std::int64_t days = 730;
  std::uint64_t serial = 0;
};
Result<> run_make_credential(const Configuration& configuration, const CredentialWish& wish,
                             Existing existing, std::ostream& out);

// Makes a token by which the node joins, once and for so many minutes, and prints it.
Result<> run_join_token(const Configuration& configuration, const NodeWish& node,
                        std::int64_t minutes, std::ostream& out);

// Joins the cluster that a node of it at `url` belongs to, and writes what this machine's node
// needs into `directory`.
struct JoinWish {
  std::string url;
  std::string token;  // "-": the first line of standard input
  std::string directory = ".";
};
Result<> run_join(const JoinWish& wish, Existing existing, std::ostream& out);

// From within a second on, no credential that the node has opens anything.
Result<> run_revoke_node(const Configuration& configuration, const std::string& name,
                         std::ostream& out);

// Prints who may say and hear what on NATS. `nodes`: "NAME=PROFILE+PROFILE" each; with `passwords`,
// a folder, they have the passwords there, which are made where there are none.
Result<> run_nats_permissions(const std::vector<std::string>& nodes, const std::string& passwords,
                              std::ostream& out);

}  // namespace gatehouse::app
