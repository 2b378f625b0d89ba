// SPDX-License-Identifier: Apache-2.0
//
// Lets a proof be used once: client assertions, assertions of other issuers, DPoP proofs. What was
// used is remembered in api_manager, so that it holds across nodes, until the proof is refused for
// its age anyway.
//
// Thread:  pool threads.
// Cost:    one durable write.
#pragma once

#include <string_view>

#include "keymanager/options.h"

namespace gatehouse::keymanager {

// Whose proof, for what, under which id, and when it expires by itself.
struct ProofId {
  model::TenantNumber tenant = model::first_tenant;
  std::string_view purpose;
  std::string_view owner;
  std::string_view jti;
  Instant expires_at{};
};

class UsedProofs {
 public:
  explicit UsedProofs(storage::Database& apis) : apis_(apis) {}

  // True for the first use; of two uses at once only one gets true.
  Result<bool> use(const ProofId& proof);

 private:
  storage::Database& apis_;
};

}  // namespace gatehouse::keymanager
