// SPDX-License-Identifier: Apache-2.0
//
// What is revoked: tables am_revocation and am_revocation_counter. Numbers follow the order of
// commits, because the counter is taken last.
//
// Thread:  one transaction.
#pragma once

#include "model/snapshot.h"
#include "storage/apis/token_store.h"

namespace gatehouse::storage {

// What a token is, as far as revocations can name it.
struct TokenNames {
  model::TenantNumber tenant = model::first_tenant;
  std::string token;  // hash in hexadecimal, or jti
  std::string family;
  std::string client_id;
  std::string user_id;  // may be empty
  Instant issued_at{};
  model::TenantNumber user_tenant = 0;  // when it is not `tenant`, the client's
};

// Of a stored token, for the revocations that do not remove its row: those of a user of
// `user_tenant`.
TokenNames names_of(const StoredToken& token, model::TenantNumber user_tenant);

class RevocationStore {
 public:
  explicit RevocationStore(Transaction& transaction) : transaction_(transaction) {}

  // The number of the newest one; 0 before the first.
  Result<std::uint64_t> newest() const;
  // At most `limit` after `since`, in the order of their numbers.
  Result<std::vector<model::Revocation>> since(std::uint64_t since, std::int64_t limit) const;
  // True when a revocation names the token itself or its family, or names its client or user, or
  // this user at this client, and means tokens issued as early as this one.
  Result<bool> covers(const TokenNames& token) const;

  // Up to when issued tokens of this pair are meant by its last revocation of kind "user_client";
  // the epoch, when there is none.
  Result<Instant> last_of_user_client(const UserAtClient& pair) const;

  // Gives them their numbers, in order, and writes them. Nothing may follow in the transaction.
  Result<> append(std::vector<model::Revocation>& revocations);
  // At most `limit` of those that expired before `until`; returns how many went.
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  static constexpr std::size_t rows_max = 8;  // in one statement

  void insert(std::span<const model::Revocation> revocations);

  Transaction& transaction_;
};

}  // namespace gatehouse::storage
