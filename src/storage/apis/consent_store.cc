// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/consent_store.h"

#include "core/text.h"

namespace gatehouse::storage {

Result<std::optional<Consent>> ConsentStore::find(std::string_view user_id,
                                                  std::string_view client_id) const {
  GH_TRY(row, transaction_.query_one("SELECT scopes, granted_at_ms FROM am_consent "
                                     "WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3",
                                     tenant_, user_id, client_id));
  if (!row) return std::optional<Consent>();
  return std::optional<Consent>(Consent{std::string(user_id), std::string(client_id),
                                        split_words(row->text(0)), row->instant(1)});
}

Result<std::vector<NamedConsent>> ConsentStore::list(std::string_view user_id,
                                                     std::int64_t limit) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT o.client_id, o.scopes, o.granted_at_ms, c.name FROM am_consent o "
                   "JOIN am_client c ON c.client_id = o.client_id "
                   "WHERE o.tenant_id = $1 AND o.user_id = $2 ORDER BY c.name, o.client_id "
                   "LIMIT $3",
                   tenant_, user_id, limit));
  std::vector<NamedConsent> consents;
  for (const Row& row : rows) {
    consents.push_back(
        {{std::string(user_id), row.text(0), split_words(row.text(1)), row.instant(2)},
         row.text(3)});
  }
  return consents;
}

Result<> ConsentStore::put(const Consent& consent) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_consent (tenant_id, user_id, client_id, scopes, granted_at_ms) "
      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, user_id, client_id) "
      "DO UPDATE SET scopes = $4, granted_at_ms = $5",
      tenant_, consent.user_id, consent.client_id, join(consent.scopes, " "), consent.granted_at));
  return {};
}

}  // namespace gatehouse::storage
