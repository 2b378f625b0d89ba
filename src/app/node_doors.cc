// SPDX-License-Identifier: Apache-2.0
#include "app/node_doors.h"

#include "app/secrets.h"
#include "storage/apis/node_store.h"

namespace gatehouse::app {

namespace {

keymanager::NodeCertificates::Options certificate_options(const Configuration& configuration,
                                                          NodeKind kind) {
  const ClusterConfig& cluster = configuration.cluster;
  return {.files = {.certificates = configuration.path(cluster.ca),
                    .revocations = cluster.revocations.empty()
                                       ? std::string()
                                       : configuration.path(cluster.revocations)},
          .names = kind == NodeKind::gateway ? cluster.node_names : cluster.control_plane_names};
}

}  // namespace

Result<> NodeDoors::let_in(Guests& guests, NodeKind kind, const std::string& cluster_key,
                           http::Handler& inside) {
  const ClusterConfig& cluster = configuration_.cluster;
  keymanager::NodeDoor::Proofs proofs;
  if (kind == NodeKind::control_plane) proofs.labels = "nodes=\"control-plane\"";
  if (cluster.accepts("secret")) {
    guests.credentials = std::make_unique<keymanager::NodePasses>(
        node_credentials(kind, cluster_key, surroundings_.clock));
    const std::string key = cluster.share_sessions ? node_session_key(kind, cluster_key)
                                                   : surroundings_.random.bytes(key_size);
    guests.sessions = std::make_unique<keymanager::NodePasses>(std::vector<std::string>{key},
                                                               surroundings_.clock);
    proofs.credentials = guests.credentials.get();
    proofs.sessions = guests.sessions.get();
    proofs.revocations = &revocations_;
  }
  keymanager::NodeCertificates::Options certificates = certificate_options(configuration_, kind);
  if (cluster.accepts("certificate") && !certificates.names.empty()) {
    guests.certificates = std::make_unique<keymanager::NodeCertificates>(std::move(certificates),
                                                                         surroundings_.clock);
    GH_CHECK(guests.certificates->load());
    proofs.certificates = guests.certificates.get();
  }
  if (!guests.sessions && !guests.certificates) return {};
  guests.door = std::make_unique<keymanager::NodeDoor>(inside, proofs, surroundings_.clock,
                                                       surroundings_.metrics);
  return {};
}

Result<> NodeDoors::open(const Roles& roles, const std::string& cluster_key, http::Handler& inside,
                         PathDispatcher& outside) {
  GH_CHECK(follow());
  GH_CHECK(let_in(gateways_, NodeKind::gateway, cluster_key, inside));
  if (gateways_.door && roles.key_manager) {
    outside.add("/internal/keys/v1/validate", *gateways_.door);
  }
  if (gateways_.door && roles.portals()) outside.add("/internal/data/v1", *gateways_.door);
  if (configuration_.cluster.accepts("secret")) {
    joining_ =
        std::make_unique<JoinEndpoint>(configuration_, cluster_key, api_manager_, surroundings_);
    outside.add("/internal/cluster/v1", *joining_);
  }
  if (!roles.key_manager) return {};
  GH_CHECK(let_in(control_plane_, NodeKind::control_plane, cluster_key, inside));
  if (control_plane_.door) outside.add("/internal/keys/v1", *control_plane_.door);
  return {};
}

Result<> NodeDoors::forget_tokens() {
  const Instant until = surroundings_.clock.now() - std::chrono::days(1);
  return api_manager_.write([&](storage::Transaction& transaction) {
    return storage::NodeStore(transaction).forget_tokens(until);
  });
}

Result<> NodeDoors::reload() {
  for (Guests* const guests : {&gateways_, &control_plane_}) {
    if (guests->certificates) GH_CHECK(guests->certificates->load());
  }
  return {};
}

}  // namespace gatehouse::app
