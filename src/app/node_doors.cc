// SPDX-License-Identifier: Apache-2.0
#include "app/node_doors.h"

#include "app/remote_nodes.h"
#include "app/secrets.h"
#include "core/digest.h"

namespace gatehouse::app {

namespace {

keymanager::NodeCertificates::Options certificate_options(const Configuration& configuration,
                                                          std::vector<std::string> names) {
  const ClusterConfig& cluster = configuration.cluster;
  return {.files = {.certificates = configuration.path(cluster.ca),
                    .revocations = cluster.revocations.empty()
                                       ? std::string()
                                       : configuration.path(cluster.revocations)},
          .names = std::move(names)};
}

}  // namespace

// A session ends with the secret that it was earned by, so a new secret ends them all.
Result<> NodeDoors::let_in(Guests& guests, Proof proof, const std::string& cluster_key,
                           http::Handler& inside) {
  keymanager::NodeDoor::Proofs proofs;
  proofs.labels = std::move(proof.labels);
  if (!proof.secret.empty()) {
    const std::string key = configuration_.cluster.share_sessions
                                ? hkdf_sha256(cluster_key, proof.session_label)
                                : surroundings_.random.bytes(32);
    guests.sessions = std::make_unique<keymanager::NodeSessions>(std::vector<std::string>{key},
                                                                 surroundings_.clock);
    proofs.sessions = guests.sessions.get();
    proofs.secret = std::move(proof.secret);
  }
  if (!proof.names.empty()) {
    guests.certificates = std::make_unique<keymanager::NodeCertificates>(
        certificate_options(configuration_, std::move(proof.names)), surroundings_.clock);
    GH_CHECK(guests.certificates->load());
    proofs.certificates = guests.certificates.get();
  }
  if (!guests.sessions && !guests.certificates) return {};
  guests.door = std::make_unique<keymanager::NodeDoor>(inside, proofs, surroundings_.metrics);
  return {};
}

Result<> NodeDoors::open(const Roles& roles, const std::string& cluster_key, http::Handler& inside,
                         PathDispatcher& outside) {
  const ClusterConfig& cluster = configuration_.cluster;
  Proof of_gateways;
  Proof of_control_plane{.secret = {},
                         .session_label = "session of control plane nodes",
                         .names = {},
                         .labels = "nodes=\"control-plane\""};
  if (cluster.accepts("secret")) {
    if (!cluster.secret_file.empty()) {
      GH_TRY(secret, read_shared_secret(configuration_.path(cluster.secret_file)));
      of_gateways.session_label = "session " + sha256_hex(secret);
      of_gateways.secret = std::move(secret);
    }
    of_control_plane.secret = control_plane_secret(cluster_key);
  }
  if (cluster.accepts("certificate")) {
    of_gateways.names = cluster.node_names;
    of_control_plane.names = cluster.control_plane_names;
  }
  GH_CHECK(let_in(gateways_, std::move(of_gateways), cluster_key, inside));
  if (gateways_.door && roles.key_manager) {
    outside.add("/internal/keys/v1/validate", *gateways_.door);
  }
  // Who is let in names its environments itself, and may name any: a credential that is good for
  // some of them is checked in NodeDoor::open_for, where it is known whose question this is.
  if (gateways_.door && roles.portals()) outside.add("/internal/data/v1", *gateways_.door);

  // Where all portals and no other node are here, nobody would come.
  const bool others = gateways_.door != nullptr || !roles.portals_complete();
  if (!roles.key_manager || !others) return {};
  GH_CHECK(let_in(control_plane_, std::move(of_control_plane), cluster_key, inside));
  if (control_plane_.door) outside.add("/internal/keys/v1", *control_plane_.door);
  return {};
}

Result<> NodeDoors::reload() {
  for (Guests* const guests : {&gateways_, &control_plane_}) {
    if (guests->certificates) GH_CHECK(guests->certificates->load());
  }
  return {};
}

}  // namespace gatehouse::app
