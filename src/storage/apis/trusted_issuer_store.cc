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
