// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"
#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

Flow resource(Exchange& exchange, Surroundings&) {
  if (exchange.operation != nullptr) return Flow::proceed;
  const std::vector<std::string> verbs = exchange.api->verbs_of(exchange.rest);
  if (verbs.empty()) return exchange.fail(FaultCode::not_found);
  exchange.fields += "Allow: " + join(verbs, ", ") + "\r\n";
  return exchange.fail(FaultCode::method_not_allowed);
}

}  // namespace gatehouse::gateway::stages
