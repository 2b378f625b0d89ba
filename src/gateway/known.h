// SPDX-License-Identifier: Apache-2.0
//
// What the feed tells beside APIs, made ready for requests: applications, key mappings,
// subscriptions, policies, API keys and signing keys.
//
// Each has an id, by which the feed changes it, and a name, by which requests find it.
//
// Thread:  immutable.
#pragma once

#include <cstdint>
#include <string>

#include "core/digest.h"
#include "gateway/api.h"
#include "gateway/hash.h"
#include "jose/key.h"
#include "limits/limit.h"
#include "model/snapshot.h"

namespace gatehouse::gateway {

// Requests find it by its id.
struct Application {
  Application(model::KnownApplication from, std::uint32_t usage_number);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const { return id_hash; }
  bool has_name_of(const Application& other) const { return known.id == other.known.id; }

  model::KnownApplication known;
  std::uint64_t id_hash;
  PolicyName policy;
  std::uint32_t number;  // names it in usage
};

// Requests find it by its consumer key.
struct KeyMapping {
  explicit KeyMapping(model::KnownKeyMapping from);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const { return hash_of(known.client_id); }
  bool has_name_of(const KeyMapping& other) const {
    return known.client_id == other.known.client_id;
  }

  model::KnownKeyMapping known;
  std::uint64_t application_hash;
};

// Requests find it by API and application.
struct Subscription {
  explicit Subscription(model::KnownSubscription from);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const {
    return hash_of(hash_of(known.api_id), hash_of(known.application_id));
  }
  bool has_name_of(const Subscription& other) const {
    return known.api_id == other.known.api_id && known.application_id == other.known.application_id;
  }

  model::KnownSubscription known;
  PolicyName policy;
  limits::Key quota_key;
  limits::Key burst_key;
};

// Requests find it by tenant, level and name.
struct Policy {
  explicit Policy(model::KnownPolicy from);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const { return name.hash; }
  bool has_name_of(const Policy& other) const { return is_called(other.name); }
  bool is_called(const PolicyName& called) const {
    return name.tenant == called.tenant && name.level == called.level && name.name == called.name;
  }

  model::KnownPolicy known;
  PolicyName name;
  limits::Limit quota;
  limits::Limit burst;  // meant only when known.burst > 0
};

// Requests find it by the digest of the key.
struct ApiKey {
  explicit ApiKey(model::KnownApiKey from);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const { return hash_of(known.hash); }
  bool has_name_of(const ApiKey& other) const { return known.hash == other.known.hash; }

  model::KnownApiKey known;
  std::uint64_t application_hash;
};

// Tokens find it by the kid, which is its id.
struct SigningKey {
  SigningKey(model::KnownSigningKey from, jose::PublicKey public_key);

  const std::string& id() const { return known.kid; }
  std::uint64_t name_hash() const { return hash_of(known.kid); }
  bool has_name_of(const SigningKey& other) const { return known.kid == other.known.kid; }

  model::KnownSigningKey known;
  jose::PublicKey key;
};

}  // namespace gatehouse::gateway
