// SPDX-License-Identifier: Apache-2.0
//
// How the REST API shows a deployment, and on which gateways it has arrived.
//
// Thread:  as the transaction.
#pragma once

#include "core/json.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/gateway_store.h"

namespace gatehouse::publisher {

// `gateways`: the live ones of its environment; reached_at is the epoch where it has not arrived.
//   successDeployedTime  when the last of them had it; absent while one has it not
//   gateways             [{"name","deployedTime"}] of those that have it
json::object deployment_view(const storage::DeploymentRow& deployment,
                             const std::vector<storage::GatewayStand>& gateways);

// Of one API, as it stands at `now`.
Result<json::array> deployment_views(storage::Transaction& transaction, model::TenantNumber tenant,
                                     const std::vector<storage::DeploymentRow>& deployments,
                                     Instant now);

}  // namespace gatehouse::publisher
