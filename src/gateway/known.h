// SPDX-License-Identifier: Apache-2.0
//
// What the feed tells beside APIs, made ready for requests: applications, key mappings,
// subscriptions, policies, API keys, signing keys and key managers.
//
// Each has an id, by which the feed changes it, and a name, by which requests find it.
//
// Thread:  immutable, but for the time of its last use in a key.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/digest.h"
#include "gateway/api.h"
#include "gateway/hash.h"
#include "jose/key_set.h"
#include "limits/limit.h"
#include "model/snapshot.h"
#include "net/address.h"

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

// A consumer key, and who gave it: ours are unique, those of another server within a tenant.
struct ClientName {
  std::uint64_t hash() const {
    const std::uint64_t of_client = hash_of(client_id);
    return key_manager.empty() ? of_client : hash_of(of_client, hash_of(key_manager));
  }
  bool operator==(const ClientName& other) const {
    return client_id == other.client_id && key_manager == other.key_manager &&
           (key_manager.empty() || tenant == other.tenant);
  }

  model::TenantNumber tenant;
  std::string_view key_manager;  // empty: our own
  std::string_view client_id;
};

// Requests find it by its consumer key.
struct KeyMapping {
  explicit KeyMapping(model::KnownKeyMapping from);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const { return name().hash(); }
  bool has_name_of(const KeyMapping& other) const { return name() == other.name(); }
  ClientName name() const { return {known.tenant, known.key_manager, known.client_id}; }

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
  std::vector<net::Network> permitted_networks;  // of known.permitted_addresses

  // Any worker, at a call with this key: one store a second at most.
  void note_use(Instant now) const {
    const std::int64_t ms = to_ms(now);
    if (ms - used_at_ms.load(std::memory_order_relaxed) >= 1'000) {
      used_at_ms.store(ms, std::memory_order_relaxed);
    }
  }
  // The one thing that changes: when it was used last, for the thread that sends usage.
  mutable std::atomic<std::int64_t> used_at_ms = 0;
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

// Requests find it by its tenant and name; its tokens by tenant and issuer.
struct KeyManager {
  KeyManager(model::KnownKeyManager from, jose::KeySet key_set);

  const std::string& id() const { return known.id; }
  std::uint64_t name_hash() const {
    return hash_of(static_cast<std::uint64_t>(known.tenant), hash_of(known.name));
  }
  bool has_name_of(const KeyManager& other) const {
    return known.tenant == other.known.tenant && known.name == other.known.name;
  }

  model::KnownKeyManager known;
  jose::KeySet keys;
  std::uint64_t stamp;  // another one whenever anything about it has changed
};

}  // namespace gatehouse::gateway
