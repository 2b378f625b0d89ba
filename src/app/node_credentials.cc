// SPDX-License-Identifier: Apache-2.0
#include "app/node_credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/secrets.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

namespace gatehouse::app {

namespace {

using keymanager::NodePass;
using keymanager::NodePasses;

// A node that makes its own makes another one when it starts.
constexpr std::chrono::days own_lifetime{3650};

std::string basic(const std::string& name, const std::string& credential) {
  return "Basic " + to_base64(name + ":" + credential);
}

std::string label_of(NodeKind kind) {
  return kind == NodeKind::gateway ? "gateways" : "control plane nodes";
}

Result<std::string> own_proof(NodeKind kind, const Configuration& configuration,
                              const std::string& cluster_key, const Clock& clock) {
  const NodePass pass{
      .node = {.name = own_name(configuration), .environments = configuration.gateway.environments},
      .serial = NodePasses::own_serial,
      .expires = clock.now() + own_lifetime};
  const Result<std::string> made = node_credentials(kind, cluster_key, clock).make(pass);
  if (made) return basic(pass.node.name, *made);
  return fail(ErrorCode::invalid_argument,
              "bus.name, gateway.environments: " + made.error().message);
}

// What cannot work is said before anybody is asked.
Result<> check_given(const NodePass& pass, const Configuration& configuration, const Clock& clock) {
  const std::string where = "cluster.secret_file: " + configuration.cluster.secret_file;
  const auto left = pass.expires - clock.now();
  if (left <= left.zero()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: the credential has expired; join the cluster again", where));
  }
  for (const std::string& wanted : configuration.gateway.environments) {
    if (std::ranges::find(pass.node.environments, wanted) != pass.node.environments.end()) continue;
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("gateway.environments: '{}' is not among those that the credential in "
                    "{} opens: {}",
                    wanted, configuration.cluster.secret_file, join(pass.node.environments, ", ")));
  }
  if (left < credential_warning) {
    log_warning("{}: the credential of {} ends in {} days; join the cluster again", where,
                pass.node.name, std::chrono::duration_cast<std::chrono::days>(left).count());
  }
  return {};
}

}  // namespace

NodePasses node_credentials(NodeKind kind, const std::string& cluster_key, const Clock& clock) {
  return {{hkdf_sha256(cluster_key, "credentials of " + label_of(kind))}, clock};
}

std::string node_session_key(NodeKind kind, const std::string& cluster_key) {
  return hkdf_sha256(cluster_key, "sessions of " + label_of(kind));
}

std::string own_name(const Configuration& configuration) {
  if (!configuration.bus.name.empty()) return configuration.bus.name;
  return fmt::format("{}-{}", configuration.server.hostname, configuration.server.port_offset);
}

Result<std::string> proof_of_gateway(const Configuration& configuration,
                                     const std::string& cluster_key, const Clock& clock) {
  const ClusterConfig& cluster = configuration.cluster;
  if (!cluster.certificate.empty()) return std::string();
  if (!cluster_key.empty()) {
    return own_proof(NodeKind::gateway, configuration, cluster_key, clock);
  }
  GH_TRY(text, read_credential(configuration.path(cluster.secret_file)));
  const Result<NodePass> pass = NodePasses::read(text);
  if (!pass) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("cluster.secret_file: {} has no credential of a node, as `gatehouse "
                            "cluster join` writes it",
                            cluster.secret_file));
  }
  GH_CHECK(check_given(*pass, configuration, clock));
  return basic(pass->node.name, text);
}

Result<std::string> proof_of_control_plane(const Configuration& configuration,
                                           const std::string& cluster_key, const Clock& clock) {
  if (!configuration.cluster.certificate.empty()) return std::string();
  return own_proof(NodeKind::control_plane, configuration, cluster_key, clock);
}

}  // namespace gatehouse::app
