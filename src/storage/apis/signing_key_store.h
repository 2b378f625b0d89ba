// SPDX-License-Identifier: Apache-2.0
//
// Keys that sign our tokens, private parts sealed: table am_signing_key. Each change of a key is a
// change that gateways hear of.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct SigningKeyRow {
  model::TenantNumber tenant = model::first_tenant;
  std::string kid;
  std::string algorithm;
  json::object public_jwk;
  std::string sealed;    // see jose/seal.h; the kid is its context
  Instant publish_at{};  // in key sets from here on
  Instant sign_from{};   // signs from here on, until a younger key does
  Instant retire_at{};   // in no key set from here on; the epoch: not known yet
};

class SigningKeyStore {
 public:
  explicit SigningKeyStore(Transaction& transaction) : transaction_(transaction) {}

  // Of all tenants, in the order of tenant and sign_from.
  Result<std::vector<SigningKeyRow>> list() const;

  Result<> insert(const SigningKeyRow& key);
  // Error: not_found.
  Result<> retire(const SigningKeyRow& key, Instant at);
  Result<> remove(const SigningKeyRow& key);

 private:
  void changed(const SigningKeyRow& key);

  Transaction& transaction_;
};

}  // namespace gatehouse::storage
