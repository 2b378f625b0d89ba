// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.h"
#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

namespace {

constexpr std::string_view anybody_origin = "*";

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

void add(std::string& fields, std::string_view name, std::string_view value) {
  fields.append(name).append(": ").append(value).append("\r\n");
}

// False when the origin may not read the answer: then it gets no CORS fields, and the browser keeps
// the page from it.
bool add_origin(Exchange& exchange, const model::CorsPolicy& policy, std::string_view origin) {
  if (!is_origin_allowed(policy, origin)) {
    add(exchange.fields, "Vary", "Origin");
    return false;
  }
  const bool anybody = has(policy.origins, anybody_origin);
  // With credentials a browser refuses "*", and echoing any origin would trust every page there is.
  add(exchange.fields, "Access-Control-Allow-Origin", anybody ? "*" : origin);
  if (!anybody) {
    add(exchange.fields, "Vary", "Origin");
    if (policy.allow_credentials) add(exchange.fields, "Access-Control-Allow-Credentials", "true");
  }
  return true;
}

}  // namespace

bool is_origin_allowed(const model::CorsPolicy& policy, std::string_view origin) {
  return has(policy.origins, anybody_origin) || has(policy.origins, origin);
}

Flow cors(Exchange& exchange, Surroundings&) {
  const model::CorsPolicy& policy = exchange.api->deployed.cors;
  const http::RequestHead& head = *exchange.head;
  const std::string_view origin = head.value(http::FieldId::origin);
  if (!policy.enabled || origin.empty() || head.repeated(http::FieldId::origin)) {
    return Flow::proceed;
  }
  const bool is_allowed = add_origin(exchange, policy, origin);
  const bool is_preflight = head.method() == http::Method::options &&
                            head.find(http::FieldId::access_control_request_method) != nullptr;
  if (!is_preflight || exchange.operation != nullptr) return Flow::proceed;
  if (exchange.api->verbs_of(exchange.rest).empty()) return Flow::proceed;
  if (is_allowed) {
    add(exchange.fields, "Access-Control-Allow-Methods", join(policy.methods, ","));
    add(exchange.fields, "Access-Control-Allow-Headers", join(policy.headers, ","));
  }
  exchange.answer_status = 200;
  return Flow::answer;
}

}  // namespace gatehouse::gateway::stages
