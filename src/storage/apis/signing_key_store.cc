// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/signing_key_store.h"

namespace gatehouse::storage {

Result<std::vector<SigningKeyRow>> SigningKeyStore::list() const {
  GH_TRY(rows,
         transaction_.query("SELECT tenant_id, kid, algorithm, public_jwk, sealed, publish_at_ms, "
                            "sign_from_ms, retire_at_ms FROM am_signing_key "
                            "ORDER BY tenant_id, sign_from_ms, kid"));
  std::vector<SigningKeyRow> keys;
  for (const Row& row : rows) {
    GH_TRY(jwk, stored_document(row.text(3)));
    keys.push_back({row.number(0), row.text(1), row.text(2), std::move(jwk), row.bytes(4),
                    row.instant(5), row.instant(6), row.instant(7)});
  }
  return keys;
}

Result<> SigningKeyStore::insert(const SigningKeyRow& key) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_signing_key (tenant_id, kid, algorithm, public_jwk, sealed, publish_at_ms, "
      "sign_from_ms, retire_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      key.tenant, key.kid, key.algorithm, json::serialize(key.public_jwk), Bytes{key.sealed},
      key.publish_at, key.sign_from, key.retire_at));
  changed(key);
  return {};
}

Result<> SigningKeyStore::retire(const SigningKeyRow& key, Instant at) {
  GH_TRY(updated, transaction_.execute("UPDATE am_signing_key SET retire_at_ms = $3 "
                                       "WHERE tenant_id = $1 AND kid = $2",
                                       key.tenant, key.kid, at));
  if (updated == 0) return fail(ErrorCode::not_found, "No such signing key", key.kid);
  changed(key);
  return {};
}

Result<> SigningKeyStore::remove(const SigningKeyRow& key) {
  GH_CHECK(transaction_.execute("DELETE FROM am_signing_key WHERE tenant_id = $1 AND kid = $2",
                                key.tenant, key.kid));
  changed(key);
  return {};
}

void SigningKeyStore::changed(const SigningKeyRow& key) {
  transaction_.changed({model::ChangeKind::signing_key, key.tenant, key.kid, {}, {}});
}

}  // namespace gatehouse::storage
