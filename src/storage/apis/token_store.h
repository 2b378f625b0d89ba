// SPDX-License-Identifier: Apache-2.0
//
// Opaque access tokens and all refresh tokens, by their SHA-256: table am_token.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

enum class TokenKind : std::uint8_t { access, refresh };

struct StoredToken {
  std::string hash;  // SHA-256, 32 bytes
  model::TenantNumber tenant = model::first_tenant;
  TokenKind kind = TokenKind::access;
  std::string family;  // all tokens that descend from one grant
  std::string client_id;
  std::string user_id;  // empty: a token of the application itself
  std::vector<std::string> scopes{};
  std::string grant_type{};
  Instant issued_at{};
  Instant expires_at{};
  Instant used_at{};  // of a refresh token; the epoch: not yet

  bool used() const { return used_at != Instant{}; }
};

class TokenStore {
 public:
  explicit TokenStore(Transaction& transaction) : transaction_(transaction) {}

  // Nothing, too, when its client is gone or not active: no token outlives its client.
  Result<std::optional<StoredToken>> find(std::string_view hash) const;

  Result<> insert(const StoredToken& token);
  // False when the token is gone or was used before: of two uses at once only one gets true.
  Result<bool> use(std::string_view hash, Instant at);

  Result<> remove(std::string_view hash);
  Result<> remove_family(model::TenantNumber tenant, std::string_view family);
  // Of the tokens that this client holds for this user; at most 1000, the youngest first.
  Result<std::vector<std::string>> families_of(model::TenantNumber tenant,
                                               std::string_view client_id,
                                               std::string_view user_id) const;
  Result<> remove_of_client(model::TenantNumber tenant, std::string_view client_id);
  Result<> remove_of_user(model::TenantNumber tenant, std::string_view user_id);
  // At most `limit` of those that expired before `until`; returns how many went.
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
