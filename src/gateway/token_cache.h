// SPDX-License-Identifier: Apache-2.0
//
// What one worker remembers of credentials: validations by the key manager, verified JWTs, and
// tokens that nobody knows.
//
// Only who the token stands for is remembered; subscription, scope and policy are decided on the
// snapshot at every request, so no verdict is ever stale. What the present snapshot said before is
// kept beside the token and void with the next snapshot.
//
// Thread:  belongs to one event loop.
// Memory:  room for `entries_max` entries, touched as they come; a full cache forgets one that was
//          not used lately.
// Cost:    a hit allocates nothing: one probe by the digest of the token.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "limits/limit.h"
#include "model/snapshot.h"

namespace gatehouse::gateway {

struct HashOfSha256 {
  std::size_t operator()(const Sha256& hash) const;
};

// What a key manager is asked: one token may be another one's in each tenant that trusts its
// server.
struct TokenInTenant {
  Sha256 hash;
  model::TenantNumber tenant;  // whose key managers may have issued it; 0: only our own can have

  bool operator==(const TokenInTenant&) const = default;
  struct Hash {
    std::size_t operator()(const TokenInTenant& key) const;
  };
};

enum class TokenState : std::uint8_t {
  active,
  unknown,  // 900901
  expired,  // 900903
};

enum class TokenSource : std::uint8_t {
  key_manager,
  jwt,  // verified here
};

class Api;
struct Application;
struct Policy;
struct Subscription;

// What a snapshot says of a credential and the API that it calls.
struct Standing {
  const Application* application = nullptr;
  const Subscription* subscription = nullptr;
  model::KeyType key_type = model::KeyType::production;
  const Policy* application_policy = nullptr;   // null: nothing is limited
  const Policy* subscription_policy = nullptr;  // the same
};

// Whom a token stands for.
struct Token {
  TokenState state = TokenState::unknown;
  TokenSource source = TokenSource::key_manager;
  model::TenantNumber tenant = model::first_tenant;
  model::TenantNumber user_tenant = 0;  // when it is not `tenant`, the client's
  std::string client_id;
  std::string user_id;  // empty: a token of the application itself
  std::string user;
  std::string family;
  std::string jti;
  std::vector<std::string> scopes;
  Instant issued_at{};
  Instant expires_at{};
  // Of a token of another server: its name, and how it was set up when the token was checked.
  std::string key_manager;
  std::uint64_t key_manager_stamp = 0;
  // Trusted for so long after its check and no longer; zero: as the rules of the cache say.
  std::chrono::seconds remember{0};
  // What the caller shows besides it; empty: nothing.
  std::string key_thumbprint;          // cnf.jkt
  std::string certificate_thumbprint;  // cnf.x5t#S256
  std::vector<std::string> audiences;  // resources that it is for; empty: any

  Tick checked_at{};             // when the key manager last said so
  std::uint64_t revocation = 0;  // the newest one that it had seen by then
  bool rechecking = false;

  // The limit of its application, kept beside the token because the key costs a digest.
  std::uint32_t application_number = 0;
  limits::Key application_key;

  // Its standing with the API that it called last, good under the snapshot of this number only.
  std::uint64_t standing_number = 0;
  const Api* standing_api = nullptr;
  Standing standing;
};

class TokenCache {
 public:
  explicit TokenCache(std::size_t entries_max);

  // The token, valid until the next call of put; or null.
  Token* find(const Sha256& hash);
  // Remembers it; the place of one that is there already is taken.
  Token& put(const Sha256& hash, Token token);
  void erase(const Sha256& hash);
  // Forgets every token that `is_meant`.
  void erase_if(const std::function<bool(const Sha256&, const Token&)>& is_meant);

  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct Entry {
    Sha256 hash{};
    bool used = false;    // holds a token
    bool recent = false;  // found since the hand passed
    Token token;
  };

  std::size_t home(const Sha256& hash) const;
  // The slot of the index where `hash` is, or the empty one where it would be.
  std::size_t probe(const Sha256& hash) const;
  void erase_slot(std::size_t slot);
  std::uint32_t free_entry();

  const std::size_t entries_max_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> index_;  // a power of two, at most half full; linear probing
  std::vector<std::uint32_t> free_;
  std::size_t hand_ = 0;
  std::size_t size_ = 0;
};

}  // namespace gatehouse::gateway
