// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

Flow state(Exchange& exchange, Surroundings&) {
  if (exchange.api == nullptr) return exchange.fail(FaultCode::not_found);
  const model::DeployedApi& api = exchange.api->deployed;
  if (api.state == "BLOCKED") return exchange.fail(FaultCode::api_blocked);
  if (api.state == "RETIRED") return exchange.fail(FaultCode::not_found);
  if (exchange.tls ? !api.https : !api.http) {
    return exchange.fail(FaultCode::unsupported_transport);
  }
  return Flow::proceed;
}

}  // namespace gatehouse::gateway::stages
