// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

namespace {

ClientName name_of(const Token& token) {
  return {token.tenant, token.key_manager, token.client_id};
}

// Finds the application that the credential belongs to.
bool find_application(const Exchange& exchange, Standing& standing) {
  const Snapshot& snapshot = *exchange.snapshot;
  if (const ApiKey* key = exchange.api_key) {
    standing.key_type = key->known.key_type;
    standing.application = snapshot.application(key->known.application_id, key->application_hash);
  } else if (const KeyMapping* mapping = snapshot.key_mapping(name_of(*exchange.token))) {
    standing.key_type = mapping->known.key_type;
    standing.application =
        snapshot.application(mapping->known.application_id, mapping->application_hash);
  }
  return standing.application != nullptr;
}

const Policy* limiting_policy(const Snapshot& snapshot, const PolicyName& name) {
  const Policy* policy = snapshot.policy(name);
  return policy != nullptr && !policy->known.unlimited ? policy : nullptr;
}

// Without a subscription when there is none, or no application.
Standing find_standing(const Exchange& exchange) {
  const Snapshot& snapshot = *exchange.snapshot;
  Standing standing;
  if (!find_application(exchange, standing)) return standing;
  standing.subscription = snapshot.subscription(*exchange.api, *standing.application);
  if (standing.subscription == nullptr) return standing;
  standing.application_policy = limiting_policy(snapshot, standing.application->policy);
  standing.subscription_policy = limiting_policy(snapshot, standing.subscription->policy);
  return standing;
}

// A token that calls the same API again under the same snapshot has the same standing.
Standing standing_of(const Exchange& exchange) {
  Token* token = exchange.token;
  if (token == nullptr || exchange.snapshot_number == 0) return find_standing(exchange);
  if (token->standing_number != exchange.snapshot_number || token->standing_api != exchange.api) {
    token->standing = find_standing(exchange);
    token->standing_number = exchange.snapshot_number;
    token->standing_api = exchange.api;
  }
  return token->standing;
}

Flow check_subscription(Exchange& exchange) {
  exchange.standing = standing_of(exchange);
  if (exchange.standing.subscription == nullptr) return exchange.fail(FaultCode::not_subscribed);
  const std::string& status = exchange.standing.subscription->known.status;
  const bool production = exchange.standing.key_type == model::KeyType::production;
  if (status == "BLOCKED" || (status == "PROD_ONLY_BLOCKED" && production)) {
    return exchange.fail(FaultCode::subscription_blocked);
  }
  if (status == "ON_HOLD" || status == "REJECTED") {
    return exchange.fail(FaultCode::subscription_inactive);
  }
  return Flow::proceed;
}

bool has_kind(const Token& token, model::AuthType wanted) {
  switch (wanted) {
    case model::AuthType::application: return token.user_id.empty();
    case model::AuthType::application_user: return !token.user_id.empty();
    case model::AuthType::any:
    case model::AuthType::none: return true;
  }
  return false;
}

bool has_scope(const Token& token, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& scope) {
    return std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end();
  });
}

}  // namespace

// The order is WSO2's: the kind of token, then the subscription, then the scope. An API key carries
// neither user nor scopes: it opens what its application may call.
Flow authorise(Exchange& exchange, Surroundings&) {
  const Operation& operation = *exchange.operation;
  if (operation.auth == model::AuthType::none) return Flow::proceed;
  // Whoever may change the API tries it out: there need be no subscription, nor a published API.
  if (exchange.credential_kind == Credential::test_key) return Flow::proceed;
  // The provider let it in by name: it calls without an application.
  if (exchange.certificate != nullptr) {
    exchange.standing.key_type = exchange.certificate->known.key_type;
    return Flow::proceed;
  }
  if (exchange.token != nullptr && !has_kind(*exchange.token, operation.auth)) {
    return exchange.fail(FaultCode::token_type);
  }
  const Flow flow = check_subscription(exchange);
  if (flow != Flow::proceed) return flow;
  if (exchange.token != nullptr && !has_scope(*exchange.token, operation.scopes)) {
    return exchange.fail(FaultCode::scope_missing);
  }
  return Flow::proceed;
}

}  // namespace gatehouse::gateway::stages
