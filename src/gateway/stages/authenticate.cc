// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.h"
#include "gateway/jwt_check.h"
#include "gateway/possession.h"
#include "gateway/stages/stages.h"
#include "jose/jwt.h"
#include "jose/opaque_token.h"

namespace gatehouse::gateway::stages {

namespace {

// The token of "Bearer <token>" (RFC 6750, section 2.1), or with another scheme that has a token;
// empty for anything else.
std::string_view token_after(std::string_view scheme, std::string_view value) {
  if (value.size() <= scheme.size() ||
      !equals_ignoring_case(value.substr(0, scheme.size()), scheme)) {
    return {};
  }
  const std::string_view token = trim(value.substr(scheme.size()));
  // Two passes of the C library's search cost less than one look at each byte for either.
  const bool one_word =
      token.find(' ') == std::string_view::npos && token.find('\t') == std::string_view::npos;
  return one_word ? token : std::string_view();
}

struct Header {
  const http::Field* field = nullptr;
  bool repeated = false;
};

Header find_header(const http::RequestHead& head, const FieldName& name) {
  if (name.has_id()) return {head.find(name.id), head.repeated(name.id)};
  Header header;
  for (const http::Field& field : head.fields()) {
    if (!equals_ignoring_case(head.name(field), name.text)) continue;
    header.repeated = header.field != nullptr;
    if (header.field == nullptr) header.field = &field;
  }
  return header;
}

// The value of a parameter of the query, `name` with its '='; undecoded: credentials are made of
// plain characters.
std::string_view value_in_query(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (query.substr(0, end).starts_with(name)) {
      return query.substr(name.size(), end - name.size());
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

const FieldName test_key_field("Internal-Key");

Flow find_test_key(Exchange& exchange, FaultCode without) {
  const http::RequestHead& head = *exchange.head;
  const Header header = find_header(head, test_key_field);
  if (header.repeated) return exchange.fail(FaultCode::invalid_credentials);
  if (header.field == nullptr) return exchange.fail(without);
  exchange.credential = head.value(*header.field);
  exchange.credential_kind = Credential::test_key;
  return Flow::proceed;
}

// Takes the credential from the request.
Flow find_in_request(Exchange& exchange) {
  const http::RequestHead& head = *exchange.head;
  const Api& api = *exchange.api;
  if (api.takes_oauth()) {
    const Header header = find_header(head, api.token_field());
    // Two credentials: nobody knows which one the backend would have believed.
    if (header.repeated) return exchange.fail(FaultCode::invalid_credentials);
    if (header.field != nullptr) {
      const std::string_view value = head.value(*header.field);
      exchange.credential = token_after("bearer ", value);
      if (exchange.credential.empty()) {
        exchange.credential = token_after("dpop ", value);
        exchange.dpop = !exchange.credential.empty();
      }
    }
    // The scripts of a browser cannot give a WebSocket a header (RFC 6750, section 2.3).
    if (exchange.websocket) {
      const std::string_view in_query = value_in_query(head.query(), "access_token=");
      if (!in_query.empty() && header.field != nullptr) {
        return exchange.fail(FaultCode::invalid_credentials);
      }
      if (!in_query.empty()) exchange.credential = in_query;
    }
    if (!exchange.credential.empty()) {
      exchange.credential_kind = Credential::token;
      return Flow::proceed;
    }
  }
  if (api.takes_api_key()) {
    const Header header = find_header(head, api.key_field());
    if (header.repeated) return exchange.fail(FaultCode::invalid_credentials);
    if (header.field != nullptr) exchange.credential = head.value(*header.field);
    if (exchange.credential.empty()) {
      exchange.credential = value_in_query(head.query(), "apikey=");
      exchange.api_key_in_query = !exchange.credential.empty();
    }
    if (!exchange.credential.empty()) {
      exchange.credential_kind = Credential::api_key;
      return Flow::proceed;
    }
  }
  return find_test_key(exchange, FaultCode::missing_credentials);
}

// A certificate of the connection opens the API by itself, or is needed besides, or is not asked
// for. Whoever tries the API out from the publisher has none.
Flow find_credential(Exchange& exchange) {
  const Api& api = *exchange.api;
  if (!api.takes_certificate()) return find_in_request(exchange);
  const Certificate* certificate = api.certificate(exchange.certificate_thumbprint, exchange.now);
  if (certificate == nullptr && api.needs_certificate()) {
    return find_test_key(exchange, FaultCode::certificate_refused);
  }
  if (certificate == nullptr || api.needs_credential()) return find_in_request(exchange);
  exchange.certificate = certificate;
  exchange.credential_kind = Credential::certificate;
  return Flow::proceed;
}

// Whether another server's token was checked for this tenant, as that server is set up now.
bool is_still_ours(const Exchange& exchange, const Token& token) {
  if (token.key_manager.empty()) return true;
  if (token.tenant != exchange.api->deployed.tenant) return false;
  const KeyManager* manager = exchange.snapshot->key_manager(token.tenant, token.key_manager);
  if (manager == nullptr) return false;
  return token.key_manager_stamp == 0 || token.key_manager_stamp == manager->stamp;
}

// A token that was found, remembered or fresh from its check.
Flow judge(Exchange& exchange, Surroundings& surroundings, Token& token) {
  if (token.state == TokenState::unknown) return exchange.fail(FaultCode::invalid_credentials);
  if (token.state == TokenState::expired || token.expires_at <= exchange.now) {
    return exchange.fail(FaultCode::token_expired);
  }
  const Api& api = *exchange.api;
  if (!api.takes_key_manager(token.key_manager) || !is_still_ours(exchange, token)) {
    return exchange.fail(FaultCode::invalid_credentials);
  }
  if (!is_for_resource(exchange, token)) return exchange.fail(FaultCode::invalid_credentials);
  const Flow flow = check_possession(exchange, surroundings.used_proofs, token);
  if (flow == Flow::proceed) exchange.token = &token;
  return flow;
}

// Another server may know it, which may be slow: nobody else waits for its answer.
Flow need_foreign_credential(Exchange& exchange) {
  exchange.asked_for = exchange.api->deployed.tenant;
  return Flow::need_credential;
}

// Checks a JWT here; one that the key manager must see as well is a need.
Flow check_jwt(Exchange& exchange, Surroundings& surroundings) {
  const Snapshot& snapshot = *exchange.snapshot;
  const KeyManager* issuer =
      foreign_issuer(exchange.credential, snapshot, exchange.api->deployed.tenant);
  if (issuer != nullptr && !issuer->known.verify_jwt) return need_foreign_credential(exchange);
  Token token = issuer == nullptr ? verify_jwt(exchange.credential, snapshot, exchange.now)
                                  : verify_foreign_jwt(exchange.credential, *issuer, exchange.now);
  // A key manager that is everybody's speaks for each tenant by itself.
  if (issuer != nullptr) token.tenant = exchange.api->deployed.tenant;
  token.checked_at = exchange.turn;
  if (token.state != TokenState::unknown) surroundings.trials.give_back(exchange.client);
  if (token.state == TokenState::active) {
    switch (surroundings.revocations.check(exchange.credential_hash, token, 0)) {
      case Revoked::no: break;
      case Revoked::yes: token.state = TokenState::unknown; break;
      case Revoked::ask_again: return Flow::need_credential;
    }
  }
  return judge(exchange, surroundings,
               surroundings.tokens.put(exchange.credential_hash, std::move(token)));
}

Flow check_token(Exchange& exchange, Surroundings& surroundings) {
  const CacheRules& rules = surroundings.cache_rules;
  if (exchange.hashed != exchange.credential) {
    exchange.credential_hash = sha256(exchange.credential);
    exchange.hashed = exchange.credential;
  }
  if (exchange.verdict) {
    if (exchange.verdict->state != TokenState::unknown) {
      surroundings.trials.give_back(exchange.client);
    }
    return judge(exchange, surroundings, *exchange.verdict);
  }
  if (exchange.key_manager_failed) {
    surroundings.trials.give_back(exchange.client);
    exchange.fault.retry_after = std::chrono::seconds(5);
    return exchange.fail(FaultCode::key_manager_unavailable);
  }
  Token* token = surroundings.tokens.find(exchange.credential_hash);
  if (token != nullptr && is_still_ours(exchange, *token)) {
    const Freshness fresh = freshness(*token, rules, exchange.turn);
    if (fresh == Freshness::old) exchange.recheck = !std::exchange(token->rechecking, true);
    if (fresh != Freshness::useless) return judge(exchange, surroundings, *token);
  }
  const bool is_jwt = jose::looks_like_jwt(exchange.credential);
  bool is_ours = false;
  if (!is_jwt) {
    const auto end = jose::opaque_token_end(jose::OpaqueKind::access, exchange.credential);
    if (end && *end <= exchange.now) return exchange.fail(FaultCode::token_expired);
    is_ours = end.has_value();
  }
  const auto wait = surroundings.trials.take(exchange.client, exchange.turn);
  if (wait.count() > 0) {
    exchange.fault.retry_after = wait;
    exchange.fault.description = "Too many unknown tokens came from this address.";
    return exchange.fail(FaultCode::too_many_tokens);
  }
  if (is_jwt) return check_jwt(exchange, surroundings);
  const bool may_be_foreign = !is_ours && exchange.snapshot->has_key_managers();
  return may_be_foreign ? need_foreign_credential(exchange) : Flow::need_credential;
}

}  // namespace

Flow authenticate(Exchange& exchange, Surroundings& surroundings) {
  if (exchange.operation->auth == model::AuthType::none) return Flow::proceed;
  if (exchange.credential_kind == Credential::none) {
    const Flow flow = find_credential(exchange);
    if (flow != Flow::proceed) return flow;
  }
  switch (exchange.credential_kind) {
    case Credential::token: return check_token(exchange, surroundings);
    case Credential::api_key: return check_api_key(exchange);
    case Credential::test_key: return check_test_key(exchange);
    case Credential::certificate: return Flow::proceed;
    case Credential::none: break;
  }
  GH_ASSERT_NOT_REACHED();
}

}  // namespace gatehouse::gateway::stages
