// SPDX-License-Identifier: Apache-2.0
#include "gateway/known.h"

#include "core/text.h"

namespace gatehouse::gateway {

namespace {

limits::Limit limit_of(limits::LimitKind kind, std::int64_t quota, std::int64_t seconds) {
  limits::Limit limit;
  limit.kind = kind;
  limit.quota = static_cast<std::uint64_t>(std::max<std::int64_t>(quota, 0));
  limit.span = std::chrono::seconds(std::max<std::int64_t>(seconds, 1));
  return limit;
}

}  // namespace

Application::Application(model::KnownApplication from, std::uint32_t usage_number)
    : known(std::move(from)),
      id_hash(hash_of(known.id)),
      policy(known.tenant, model::PolicyLevel::application, known.policy),
      number(usage_number) {}

KeyMapping::KeyMapping(model::KnownKeyMapping from)
    : known(std::move(from)), application_hash(hash_of(known.application_id)) {
  if (known.key_manager == model::resident_key_manager) known.key_manager.clear();
}

Subscription::Subscription(model::KnownSubscription from)
    : known(std::move(from)),
      policy(known.tenant, model::PolicyLevel::subscription, known.policy),
      quota_key(limits::key_of("subscription:" + known.id)),
      burst_key(limits::key_of("subscription_burst:" + known.id)) {}

Policy::Policy(model::KnownPolicy from)
    : known(std::move(from)),
      name(known.tenant, known.level, known.name),
      quota(limit_of(limits::LimitKind::window, known.quota, known.window_s)),
      burst(limit_of(limits::LimitKind::bucket, known.burst, known.burst_window_s)) {}

ApiKey::ApiKey(model::KnownApiKey from)
    : known(std::move(from)), application_hash(hash_of(known.application_id)) {
  known.hash = to_lower(known.hash);
  for (const std::string& text : known.permitted_addresses) {
    // What cannot be read permits nobody.
    if (const Result<net::Network> network = net::Network::parse(text)) {
      permitted_networks.push_back(*network);
    }
  }
}

SigningKey::SigningKey(model::KnownSigningKey from, jose::PublicKey public_key)
    : known(std::move(from)), key(std::move(public_key)) {}

KeyManager::KeyManager(model::KnownKeyManager from, jose::KeySet key_set)
    : known(std::move(from)),
      keys(std::move(key_set)),
      stamp(hash_of(json::serialize(to_json(known)))) {}

}  // namespace gatehouse::gateway
