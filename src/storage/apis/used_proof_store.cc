// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/used_proof_store.h"

namespace gatehouse::storage {

Result<bool> UsedProofStore::use(model::TenantNumber tenant, std::string_view hash,
                                 Instant expires_at) {
  GH_TRY(added, transaction_.execute("INSERT INTO am_used_proof (tenant_id, hash, expires_at_ms) "
                                     "VALUES ($1, $2, $3) ON CONFLICT (tenant_id, hash) DO NOTHING",
                                     tenant, Bytes{std::string(hash)}, expires_at));
  return added == 1;
}

Result<std::int64_t> UsedProofStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_used_proof WHERE tenant_id > 0 AND hash IN (SELECT hash FROM am_used_proof "
      "WHERE expires_at_ms < $1 AND tenant_id > 0 ORDER BY expires_at_ms LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
