// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/api_scope_store.h"

namespace gatehouse::storage {

Result<std::vector<ApiScope>> ApiScopeStore::find(std::string_view name) const {
  GH_TRY(rows, transaction_.query("SELECT api_id, name, roles FROM am_api_scope "
                                  "WHERE tenant_id = $1 AND name = $2 "
                                  "UNION ALL SELECT '', name, roles FROM am_shared_scope "
                                  "WHERE tenant_id = $1 AND name = $2 ORDER BY 1",
                                  tenant_, name));
  std::vector<ApiScope> scopes;
  for (const Row& row : rows) {
    scopes.push_back({row.text(0), row.text(1), stored_texts(row.text(2))});
  }
  return scopes;
}

Result<> ApiScopeStore::put(std::string_view api_id, const std::vector<ApiScope>& scopes) {
  GH_CHECK(transaction_.execute("DELETE FROM am_api_scope WHERE tenant_id = $1 AND api_id = $2",
                                tenant_, api_id));
  for (const ApiScope& scope : scopes) {
    GH_CHECK(transaction_.execute(
        "INSERT INTO am_api_scope (tenant_id, api_id, name, roles) VALUES ($1, $2, $3, $4)",
        tenant_, api_id, scope.name, to_stored(scope.roles)));
  }
  return {};
}

}  // namespace gatehouse::storage
