// SPDX-License-Identifier: Apache-2.0
#include "storage/users/role_store.h"

#include "storage/users/user_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t role_not_found = 900607;
constexpr std::uint32_t role_exists = 909002;
constexpr std::uint32_t role_in_use = 909006;
constexpr std::uint32_t built_in = 909007;

std::vector<std::string> first_column(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(row.text(0));
  return texts;
}

}  // namespace

Result<Role> RoleStore::find(std::string_view name) const {
  GH_TRY(row, transaction_.query_one("SELECT name, built_in FROM um_role "
                                     "WHERE tenant_id = $1 AND name = $2",
                                     tenant_, name));
  if (!row) return fail(ErrorCode::not_found, "No such role", std::string(name), role_not_found);
  return Role{row->text(0), row->flag(1)};
}

Result<Listed<Role>> RoleStore::list(const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM um_role WHERE tenant_id = $1", tenant_));
  GH_TRY(rows, transaction_.query("SELECT name, built_in FROM um_role WHERE tenant_id = $1 "
                                  "ORDER BY name LIMIT $2 OFFSET $3",
                                  tenant_, window.limit, window.offset));
  Listed<Role> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) listed.items.push_back({row.text(0), row.flag(1)});
  return listed;
}

Result<std::vector<std::string>> RoleStore::holders(std::string_view name,
                                                    std::int64_t limit) const {
  GH_TRY(rows, transaction_.query("SELECT user_id FROM um_user_role "
                                  "WHERE tenant_id = $1 AND role = $2 ORDER BY user_id LIMIT $3",
                                  tenant_, name, limit));
  return first_column(rows);
}

Result<> RoleStore::insert(const Role& role) {
  if (find(role.name)) return fail(ErrorCode::conflict, "The role exists", "", role_exists);
  GH_CHECK(
      transaction_.execute("INSERT INTO um_role (tenant_id, name, built_in) VALUES ($1, $2, $3)",
                           tenant_, role.name, role.built_in));
  return {};
}

Result<> RoleStore::remove(std::string_view name) {
  GH_TRY(role, find(name));
  if (role.built_in) {
    return fail(ErrorCode::conflict, "What the server itself needs cannot be removed", "",
                built_in);
  }
  GH_TRY(users, holders(name, 1));
  if (!users.empty()) return fail(ErrorCode::conflict, "The role is in use", "", role_in_use);
  GH_CHECK(transaction_.execute("DELETE FROM um_scope_role WHERE tenant_id = $1 AND role = $2",
                                tenant_, name));
  GH_CHECK(transaction_.execute("DELETE FROM um_role_alias WHERE tenant_id = $1 AND role = $2",
                                tenant_, name));
  GH_CHECK(transaction_.execute("DELETE FROM um_role WHERE tenant_id = $1 AND name = $2", tenant_,
                                name));
  return {};
}

Result<std::vector<std::string>> RoleStore::roles_of_scope(std::string_view scope) const {
  GH_TRY(rows,
         transaction_.query("SELECT role FROM um_scope_role WHERE tenant_id = $1 AND scope = $2 "
                            "UNION SELECT a.alias FROM um_role_alias a JOIN um_scope_role s "
                            "ON s.tenant_id = a.tenant_id AND s.role = a.role "
                            "WHERE a.tenant_id = $1 AND s.scope = $2 ORDER BY 1",
                            tenant_, scope));
  return first_column(rows);
}

Result<std::vector<std::string>> RoleStore::scopes_of_user(std::string_view user_id) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT DISTINCT scope FROM um_scope_role WHERE tenant_id = $1 AND (role = $3 "
                   "OR role IN (SELECT role FROM um_user_role WHERE tenant_id = $1 "
                   "AND user_id = $2) OR role IN (SELECT role FROM um_role_alias "
                   "WHERE tenant_id = $1 AND (alias = $3 OR alias IN (SELECT role "
                   "FROM um_user_role WHERE tenant_id = $1 AND user_id = $2)))) ORDER BY scope",
                   tenant_, user_id, everyone_role));
  return first_column(rows);
}

Result<std::vector<RoleStore::ScopeRoles>> RoleStore::scopes() const {
  GH_TRY(rows, transaction_.query("SELECT scope, role FROM um_scope_role WHERE tenant_id = $1 "
                                  "ORDER BY scope, role",
                                  tenant_));
  std::vector<ScopeRoles> scopes;
  for (const Row& row : rows) {
    if (scopes.empty() || scopes.back().scope != row.text(0)) scopes.push_back({row.text(0), {}});
    scopes.back().roles.push_back(row.text(1));
  }
  return scopes;
}

Result<std::vector<RoleStore::Aliases>> RoleStore::aliases() const {
  GH_TRY(rows, transaction_.query("SELECT role, alias FROM um_role_alias WHERE tenant_id = $1 "
                                  "ORDER BY role, alias",
                                  tenant_));
  std::vector<Aliases> all;
  for (const Row& row : rows) {
    if (all.empty() || all.back().role != row.text(0)) all.push_back({row.text(0), {}});
    all.back().aliases.push_back(row.text(1));
  }
  return all;
}

Result<> RoleStore::set_aliases(const std::vector<Aliases>& all) {
  GH_CHECK(transaction_.execute("DELETE FROM um_role_alias WHERE tenant_id = $1", tenant_));
  for (const Aliases& entry : all) {
    for (const std::string& alias : entry.aliases) {
      GH_CHECK(
          transaction_.execute("INSERT INTO um_role_alias (tenant_id, role, alias) "
                               "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                               tenant_, entry.role, alias));
    }
  }
  return {};
}

Result<> RoleStore::set_scope(std::string_view scope, const std::vector<std::string>& roles) {
  GH_CHECK(transaction_.execute("DELETE FROM um_scope_role WHERE tenant_id = $1 AND scope = $2",
                                tenant_, scope));
  for (const std::string& role : roles) {
    GH_CHECK(
        transaction_.execute("INSERT INTO um_scope_role (tenant_id, scope, role) "
                             "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                             tenant_, scope, role));
  }
  return {};
}

}  // namespace gatehouse::storage
