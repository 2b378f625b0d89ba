// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/text.h"
#include "gateway/jwt_check.h"
#include "gateway/stages/stages.h"
#include "jose/jwt.h"
#include "jose/opaque_token.h"

namespace gatehouse::gateway::stages {

namespace {

// The token of "Bearer <token>" (RFC 6750, section 2.1), empty for anything else.
std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view scheme = "bearer ";
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

// The value of the parameter `apikey` of the query, undecoded: keys are made of plain characters.
std::string_view key_in_query(std::string_view query) {
  constexpr std::string_view name = "apikey=";
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (query.substr(0, end).starts_with(name)) {
      return query.substr(name.size(), end - name.size());
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

// Takes the credential from the request.
Flow find_credential(Exchange& exchange) {
  const http::RequestHead& head = *exchange.head;
  const Api& api = *exchange.api;
  if (api.takes_oauth()) {
    const Header header = find_header(head, api.token_field());
    // Two credentials: nobody knows which one the backend would have believed.
    if (header.repeated) return exchange.fail(FaultCode::invalid_credentials);
    if (header.field != nullptr) exchange.credential = bearer_token(head.value(*header.field));
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
      exchange.credential = key_in_query(head.query());
      exchange.api_key_in_query = !exchange.credential.empty();
    }
    if (!exchange.credential.empty()) {
      exchange.credential_kind = Credential::api_key;
      return Flow::proceed;
    }
  }
  return exchange.fail(FaultCode::missing_credentials);
}

// Whether what is remembered of a token may still be used.
enum class Freshness : std::uint8_t { fresh, old, useless };

Freshness freshness(const Token& token, const CacheRules& rules, Tick now) {
  const auto age = now - token.checked_at;
  if (token.state != TokenState::active) {
    return age < rules.unknown_ttl ? Freshness::fresh : Freshness::useless;
  }
  if (token.source == TokenSource::jwt || age < rules.ttl) return Freshness::fresh;
  return age < rules.ttl + rules.stale_max && rules.stale_max.count() > 0 ? Freshness::old
                                                                          : Freshness::useless;
}

// A token that was found, remembered or fresh from its check.
Flow judge(Exchange& exchange, Token& token) {
  if (token.state == TokenState::unknown) return exchange.fail(FaultCode::invalid_credentials);
  if (token.state == TokenState::expired || token.expires_at <= exchange.now) {
    return exchange.fail(FaultCode::token_expired);
  }
  exchange.token = &token;
  return Flow::proceed;
}

// Checks a JWT here; one that the key manager must see as well is a need.
Flow check_jwt(Exchange& exchange, Surroundings& surroundings) {
  Token token = verify_jwt(exchange.credential, *exchange.snapshot, exchange.now);
  token.checked_at = exchange.turn;
  if (token.state != TokenState::unknown) surroundings.trials.give_back(exchange.client);
  if (token.state == TokenState::active) {
    switch (surroundings.revocations.check(exchange.credential_hash, token, 0)) {
      case Revoked::no: break;
      case Revoked::yes: token.state = TokenState::unknown; break;
      case Revoked::ask_again: return Flow::need_credential;
    }
  }
  return judge(exchange, surroundings.tokens.put(exchange.credential_hash, std::move(token)));
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
    return judge(exchange, *exchange.verdict);
  }
  if (exchange.key_manager_failed) {
    surroundings.trials.give_back(exchange.client);
    exchange.fault.retry_after = std::chrono::seconds(5);
    return exchange.fail(FaultCode::key_manager_unavailable);
  }
  if (Token* token = surroundings.tokens.find(exchange.credential_hash)) {
    const Freshness fresh = freshness(*token, rules, exchange.turn);
    if (fresh == Freshness::old) exchange.recheck = !std::exchange(token->rechecking, true);
    if (fresh != Freshness::useless) return judge(exchange, *token);
  }
  const bool is_jwt = jose::looks_like_jwt(exchange.credential);
  if (!is_jwt) {
    const auto end = jose::opaque_token_end(jose::OpaqueKind::access, exchange.credential);
    if (end && *end <= exchange.now) return exchange.fail(FaultCode::token_expired);
  }
  const auto wait = surroundings.trials.take(exchange.client, exchange.turn);
  if (wait.count() > 0) {
    exchange.fault.retry_after = wait;
    exchange.fault.description = "Too many unknown tokens came from this address.";
    return exchange.fail(FaultCode::too_many_tokens);
  }
  return is_jwt ? check_jwt(exchange, surroundings) : Flow::need_credential;
}

bool is_permitted(const model::KnownApiKey& key, const Exchange& exchange) {
  if (!key.permitted_addresses.empty()) {
    const auto holds = [&](const std::string& text) {
      const Result<net::Network> network = net::Network::parse(text);
      return network && network->contains(exchange.client);
    };
    if (std::none_of(key.permitted_addresses.begin(), key.permitted_addresses.end(), holds)) {
      return false;
    }
  }
  if (key.permitted_referers.empty()) return true;
  const std::string_view referer = exchange.head->value(http::FieldId::referer);
  // "https://shop.example/*" permits everything that begins so.
  const auto fits = [referer](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == referer;
    pattern.remove_suffix(1);
    return referer.starts_with(pattern);
  };
  return std::any_of(key.permitted_referers.begin(), key.permitted_referers.end(), fits);
}

Flow check_api_key(Exchange& exchange) {
  const ApiKey* key = exchange.snapshot->api_key(sha256_hex(exchange.credential));
  if (key == nullptr) return exchange.fail(FaultCode::invalid_credentials);
  if (key->known.expires_at != Instant{} && key->known.expires_at <= exchange.now) {
    return exchange.fail(FaultCode::token_expired);
  }
  if (!key->known.api_id.empty() && key->known.api_id != exchange.api->deployed.id) {
    return exchange.fail(FaultCode::invalid_credentials);
  }
  if (!is_permitted(key->known, exchange))
    return exchange.fail(FaultCode::invalid_credentials, 403);
  exchange.api_key = key;
  return Flow::proceed;
}

}  // namespace

Flow authenticate(Exchange& exchange, Surroundings& surroundings) {
  if (exchange.operation->auth == model::AuthType::none) return Flow::proceed;
  if (exchange.credential_kind == Credential::none) {
    const Flow flow = find_credential(exchange);
    if (flow != Flow::proceed) return flow;
  }
  return exchange.credential_kind == Credential::token ? check_token(exchange, surroundings)
                                                       : check_api_key(exchange);
}

}  // namespace gatehouse::gateway::stages
