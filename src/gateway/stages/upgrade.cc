// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"
#include "http/websocket.h"

namespace gatehouse::gateway::stages {

namespace {

Flow require_websocket(Exchange& exchange) {
  exchange.fields += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  return exchange.fail(FaultCode::upgrade_required);
}

// A browser asks no preflight before a WebSocket and lets any page open one, so the origin is held
// against the policy here.
bool may_come_from(const http::RequestHead& head, const model::CorsPolicy& policy) {
  if (!policy.enabled || head.find(http::FieldId::origin) == nullptr) return true;
  if (head.repeated(http::FieldId::origin)) return false;
  return is_origin_allowed(policy, head.value(http::FieldId::origin));
}

}  // namespace

Flow upgrade(Exchange& exchange, Surroundings&) {
  const http::RequestHead& head = *exchange.head;
  const bool required = exchange.api->deployed.websocket;
  if (!head.wants_upgrade()) [[likely]] {
    return required ? require_websocket(exchange) : Flow::proceed;
  }
  switch (http::websocket_wish(head)) {
    case http::WebSocketWish::none: return required ? require_websocket(exchange) : Flow::proceed;
    case http::WebSocketWish::other_version: return require_websocket(exchange);
    case http::WebSocketWish::malformed: return exchange.fail(FaultCode::bad_request);
    case http::WebSocketWish::opening: break;
  }
  if (!may_come_from(head, exchange.api->deployed.cors)) {
    return exchange.fail(FaultCode::origin_refused);
  }
  exchange.websocket = true;
  return Flow::proceed;
}

}  // namespace gatehouse::gateway::stages
