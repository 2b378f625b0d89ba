// SPDX-License-Identifier: Apache-2.0
//
// Opaque access tokens and all refresh tokens, by their SHA-256: table am_token.
//
// A row lies in the part of its expiry: an hour for a life of at most three, a day for one of at
// most three, part 0 for a longer one. A token carries its expiry hour, so whoever has the token
// finds the row in three parts at most; storage/apis/token_parts.h forgets whole parts where the
// engine can.
//
// A part is empty when statements are planned and has millions of rows an hour later, so no
// statement here leaves a choice between indices: each has one condition that an index begins with.
//
// Thread:  one transaction.
#pragma once

#include <span>

#include "storage/apis/stored.h"

namespace gatehouse::storage {

enum class TokenKind : std::uint8_t { access, refresh };

// No token lives longer; what must outlive every token lasts as long.
inline constexpr std::chrono::days token_life_max{365};

// What one client holds for one user.
struct UserAtClient {
  model::TenantNumber tenant = model::first_tenant;
  std::string user_id;
  std::string client_id;
};

struct StoredToken {
  std::string hash;  // SHA-256, 32 bytes
  model::TenantNumber tenant = model::first_tenant;
  TokenKind kind = TokenKind::access;
  std::string family;  // all tokens that descend from one grant
  std::string client_id;
  std::string user_id;  // empty: a token of the application itself
  std::vector<std::string> scopes{};
  std::string grant_type{};
  json::object details{};  // as keymanager/token_details.h writes them
  Instant issued_at{};
  Instant expires_at{};
  Instant used_at{};  // of a refresh token; the epoch: not yet

  bool used() const { return used_at != Instant{}; }
};

// Which token is looked for.
struct TokenAsked {
  std::string hash;
  Instant end{};  // of the hour in which it expires, as the token says
};

// The part of a token's row.
std::int64_t token_part(Instant issued_at, Instant expires_at);

// Lives up to these lie by hour and by day.
inline constexpr std::chrono::hours hourly_life_max{3};
inline constexpr std::chrono::hours daily_life_max{72};

class TokenStore {
 public:
  explicit TokenStore(Transaction& transaction) : transaction_(transaction) {}

  // `end`: of the hour in which it expires, as the token says. Nothing, too, when its client is
  // gone or not active: no token outlives its client.
  Result<std::optional<StoredToken>> find(std::string_view hash, Instant end) const;
  // The same for many, none of them twice, in their order: a statement for up to 16 of them.
  Result<std::vector<std::optional<StoredToken>>> find_all(std::span<const TokenAsked> asked) const;

  // Posted: that it is there already comes out later.
  void insert(const StoredToken& token);
  // False when the token is gone or was used before: of two uses at once only one gets true.
  Result<bool> use(const StoredToken& token, Instant at);

  // Posted, as are the next.
  void remove_families(model::TenantNumber tenant, std::span<const std::string> families);
  void remove_of_client(model::TenantNumber tenant, std::string_view client_id);
  void remove_of_user(model::TenantNumber tenant, std::string_view user_id);
  // Whether this client holds a token for this user.
  Result<bool> has_of(const UserAtClient& pair) const;
  // What this client holds for this user.
  void remove_of(const UserAtClient& pair);

  // At most `limit` of those that expired before `until`; returns how many went.
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);
  // The same of part 0 alone.
  Result<std::int64_t> remove_expired_long(Instant until, std::int64_t limit);

 private:
  Result<std::vector<Row>> select_one(const TokenAsked& asked) const;
  Result<std::vector<Row>> select(std::span<const TokenAsked> asked) const;

  Transaction& transaction_;
};

}  // namespace gatehouse::storage
