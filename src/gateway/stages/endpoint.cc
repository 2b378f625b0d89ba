// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

Flow endpoint(Exchange& exchange, Surroundings&) {
  const Api& api = *exchange.api;
  const bool anonymous = exchange.operation->auth == model::AuthType::none;
  // Who needs no key is no production user either: they get whatever there is.
  if (anonymous && api.backends(model::KeyType::production).list.empty()) {
    exchange.standing.key_type = model::KeyType::sandbox;
  }
  exchange.backends = &api.backends(exchange.standing.key_type);
  if (!exchange.backends->list.empty()) return Flow::proceed;
  return anonymous ? exchange.fail(FaultCode::backend_unreachable)
                   : exchange.fail(FaultCode::invalid_credentials, 403);
}

}  // namespace gatehouse::gateway::stages
