// SPDX-License-Identifier: Apache-2.0
//
// Sessions of browsers: table am_session. A browser holds a random text; we keep its SHA-256.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct StoredSession {
  std::string hash;
  model::TenantNumber tenant = model::first_tenant;
  std::string user_id;
  std::string password_mark;
  std::string acr;
  std::vector<std::string> amr;
  Instant authenticated_at{};
  Instant seen_at{};
  Instant expires_at{};
};

class SessionStore {
 public:
  explicit SessionStore(Transaction& transaction) : transaction_(transaction) {}

  Result<std::optional<StoredSession>> find(std::string_view hash) const;
  Result<> insert(const StoredSession& session);
  Result<> set_seen(std::string_view hash, Instant at);
  Result<> remove(std::string_view hash);
  // Those past their end, and those not seen since `idle`. Returns how many.
  Result<std::int64_t> remove_expired(Instant now, Instant idle, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
