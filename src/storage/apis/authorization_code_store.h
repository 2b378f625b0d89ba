// SPDX-License-Identifier: Apache-2.0
//
// Authorization codes: table am_authorization_code.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct StoredCode {
  std::string hash;  // SHA-256 of the code
  model::TenantNumber tenant = model::first_tenant;
  std::string client_id;
  std::string user_id;
  std::string family;     // of the tokens that it gives
  json::object document;  // what the grant needs to know beyond the columns
  Instant expires_at{};
  Instant used_at{};

  bool used() const { return used_at != Instant(); }
};

class AuthorizationCodeStore {
 public:
  explicit AuthorizationCodeStore(Transaction& transaction) : transaction_(transaction) {}

  Result<std::optional<StoredCode>> find(std::string_view hash) const;
  Result<> insert(const StoredCode& code);
  // False when it was used before, or is gone.
  Result<bool> use(std::string_view hash, Instant at);
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
