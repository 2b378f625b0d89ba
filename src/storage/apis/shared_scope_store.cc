// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/shared_scope_store.h"

namespace gatehouse::storage {

namespace {

SharedScope scope_from(const Row& row) {
  return {row.text(0),   row.text(1), row.text(2), row.text(3), stored_texts(row.text(4)),
          row.instant(5)};
}

}  // namespace

Result<SharedScope> SharedScopeStore::find(std::string_view id) const {
  GH_TRY(row,
         transaction_.query_one("SELECT id, name, display_name, description, roles, created_at_ms "
                                "FROM am_shared_scope WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  if (!row) return fail(ErrorCode::not_found, "No such shared scope", std::string(id), 900981);
  return scope_from(*row);
}

Result<bool> SharedScopeStore::has(std::string_view name) const {
  GH_TRY(row, transaction_.query_one("SELECT id FROM am_shared_scope "
                                     "WHERE tenant_id = $1 AND name = $2",
                                     tenant_, name));
  return row.has_value();
}

Result<Listed<SharedScope>> SharedScopeStore::list(const Window& window) const {
  GH_TRY(counted,
         transaction_.query("SELECT COUNT(*) FROM am_shared_scope WHERE tenant_id = $1", tenant_));
  GH_TRY(rows, transaction_.query(
                   "SELECT id, name, display_name, description, roles, created_at_ms "
                   "FROM am_shared_scope WHERE tenant_id = $1 ORDER BY name LIMIT $2 OFFSET $3",
                   tenant_, window.limit, window.offset));
  Listed<SharedScope> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) listed.items.push_back(scope_from(row));
  return listed;
}

Result<> SharedScopeStore::insert(const SharedScope& scope) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_shared_scope (tenant_id, id, name, display_name, description, roles, "
      "created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      tenant_, scope.id, scope.name, scope.display_name, scope.description, to_stored(scope.roles),
      scope.created_at));
  return {};
}

Result<> SharedScopeStore::update(const SharedScope& scope) {
  GH_CHECK(transaction_.execute(
      "UPDATE am_shared_scope SET display_name = $3, description = $4, roles = $5 "
      "WHERE tenant_id = $1 AND id = $2",
      tenant_, scope.id, scope.display_name, scope.description, to_stored(scope.roles)));
  return {};
}

Result<> SharedScopeStore::remove(std::string_view id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_shared_scope WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
