// SPDX-License-Identifier: Apache-2.0
//
// Proofs that were used once already, by a SHA-256 that names each: table am_used_proof.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

class UsedProofStore {
 public:
  explicit UsedProofStore(Transaction& transaction) : transaction_(transaction) {}

  // True for the first use; of two at once only one gets true. It is kept until `expires_at`, after
  // which the proof is refused for its age.
  Result<bool> use(model::TenantNumber tenant, std::string_view hash, Instant expires_at);

  // At most `limit` of those that expired before `until`; returns how many went.
  Result<std::int64_t> remove_expired(Instant until, std::int64_t limit);

 private:
  Transaction& transaction_;
};

}  // namespace gatehouse::storage
