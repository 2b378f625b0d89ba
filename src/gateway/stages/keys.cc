// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "gateway/jwt_check.h"
#include "gateway/stages/stages.h"

namespace gatehouse::gateway::stages {

namespace {

bool is_permitted(const ApiKey& api_key, const Exchange& exchange) {
  const model::KnownApiKey& key = api_key.known;
  const bool near =
      key.permitted_addresses.empty() ||
      std::any_of(api_key.permitted_networks.begin(), api_key.permitted_networks.end(),
                  [&](const net::Network& network) { return network.contains(exchange.client); });
  if (!near) return false;
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

}  // namespace

Flow check_api_key(Exchange& exchange) {
  const ApiKey* key = exchange.snapshot->api_key(sha256_hex(exchange.credential));
  if (key == nullptr) return exchange.fail(FaultCode::invalid_credentials);
  if (key->known.expires_at != Instant{} && key->known.expires_at <= exchange.now) {
    return exchange.fail(FaultCode::token_expired);
  }
  if (!key->known.api_id.empty() && key->known.api_id != exchange.api->deployed.id) {
    return exchange.fail(FaultCode::invalid_credentials);
  }
  if (!is_permitted(*key, exchange)) return exchange.fail(FaultCode::invalid_credentials, 403);
  key->note_use(exchange.now);
  exchange.api_key = key;
  return Flow::proceed;
}

Flow check_test_key(Exchange& exchange) {
  const TestKeyUse use{exchange.api->deployed.id, exchange.now};
  switch (verify_test_key(exchange.credential, *exchange.snapshot, use)) {
    case TokenState::active: return Flow::proceed;
    case TokenState::expired: return exchange.fail(FaultCode::token_expired);
    case TokenState::unknown: return exchange.fail(FaultCode::invalid_credentials);
  }
  GH_ASSERT_NOT_REACHED();
}

}  // namespace gatehouse::gateway::stages
