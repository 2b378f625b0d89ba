// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/trusted_issuer_store.h"

namespace gatehouse::storage {

Result<std::optional<TrustedIssuer>> TrustedIssuerStore::find(std::string_view issuer) const {
  GH_TRY(row, transaction_.query_one("SELECT issuer, document FROM am_trusted_issuer "
                                     "WHERE tenant_id = $1 AND issuer = $2",
                                     tenant_, issuer));
  if (!row) return std::optional<TrustedIssuer>();
  GH_TRY(document, stored_document(row->text(1)));
  return std::optional<TrustedIssuer>(TrustedIssuer{row->text(0), std::move(document)});
}

Result<Listed<TrustedIssuer>> TrustedIssuerStore::list(const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM am_trusted_issuer WHERE tenant_id = $1",
                                     tenant_));
  GH_TRY(rows, transaction_.query("SELECT issuer, document FROM am_trusted_issuer "
                                  "WHERE tenant_id = $1 ORDER BY issuer LIMIT $2 OFFSET $3",
                                  tenant_, window.limit, window.offset));
  Listed<TrustedIssuer> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(document, stored_document(row.text(1)));
    listed.items.push_back({row.text(0), std::move(document)});
  }
  return listed;
}

Result<> TrustedIssuerStore::put(const TrustedIssuer& issuer) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_trusted_issuer (tenant_id, issuer, document) VALUES ($1, $2, $3) "
      "ON CONFLICT (tenant_id, issuer) DO UPDATE SET document = excluded.document",
      tenant_, issuer.issuer, json::serialize(issuer.document)));
  return {};
}

Result<> TrustedIssuerStore::remove(std::string_view issuer) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_trusted_issuer WHERE tenant_id = $1 AND issuer = $2", tenant_, issuer));
  return {};
}

}  // namespace gatehouse::storage
