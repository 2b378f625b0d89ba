// SPDX-License-Identifier: Apache-2.0
#include "publisher/deployment_view.h"

#include "core/text.h"
#include "publisher/gateway_roll.h"

namespace gatehouse::publisher {

using storage::DeploymentRow;
using storage::GatewayStand;

json::object deployment_view(const DeploymentRow& deployment,
                             const std::vector<GatewayStand>& gateways) {
  json::object view;
  view["revisionUuid"] = deployment.revision_id;
  view["name"] = deployment.environment;
  view["vhost"] = deployment.vhost;
  view["displayOnDevportal"] = deployment.display_on_devportal;
  view["status"] = "APPROVED";
  view["deployedTime"] = to_rfc3339(deployment.deployed_at);
  json::array arrived;
  Instant last = deployment.deployed_at;
  for (const GatewayStand& gateway : gateways) {
    if (gateway.reached_at == Instant{}) continue;
    const Instant at = std::max(gateway.reached_at, deployment.deployed_at);
    last = std::max(last, at);
    arrived.push_back(json::object{{"name", gateway.node}, {"deployedTime", to_rfc3339(at)}});
  }
  if (!arrived.empty() && arrived.size() == gateways.size()) {
    view["successDeployedTime"] = to_rfc3339(last);
  }
  view["liveGatewayCount"] = gateways.size();
  view["deployedGatewayCount"] = arrived.size();
  view["failedGatewayCount"] = 0;
  view["gateways"] = std::move(arrived);
  return view;
}

Result<json::array> deployment_views(storage::Transaction& transaction, model::TenantNumber tenant,
                                     const std::vector<DeploymentRow>& deployments, Instant now) {
  const storage::GatewayStore store(transaction);
  json::array views;
  for (const DeploymentRow& deployment : deployments) {
    GH_TRY(number, store.deployed_by(tenant, deployment.api_id, deployment.deployed_at));
    GH_TRY(live, store.seen_since(now - GatewayRoll::live_max, number));
    std::erase_if(live, [&](const GatewayStand& gateway) {
      return std::find(gateway.environments.begin(), gateway.environments.end(),
                       deployment.environment) == gateway.environments.end();
    });
    views.push_back(deployment_view(deployment, live));
  }
  return views;
}

}  // namespace gatehouse::publisher
