// SPDX-License-Identifier: Apache-2.0
//
// Roles of one tenant, and which of them may hold a scope of our own REST APIs: tables um_role,
// um_scope_role and um_role_alias.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"

namespace gatehouse::storage {

struct Role {
  std::string name;
  bool built_in = false;  // the server itself needs it
};

class RoleStore {
 public:
  RoleStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (900607).
  Result<Role> find(std::string_view name) const;
  // In the order of their names.
  Result<Listed<Role>> list(const Window& window) const;
  // Ids of the users who hold it, at most `limit`.
  Result<std::vector<std::string>> holders(std::string_view name, std::int64_t limit) const;

  // Error: conflict (909002), when it exists.
  Result<> insert(const Role& role);
  // Its scopes go with it. Error: not_found; conflict, when it is built in (909007) or a user holds
  // it (909006).
  Result<> remove(std::string_view name);

  // Roles that may hold `scope`, aliases included; none when it is not a scope of ours.
  Result<std::vector<std::string>> roles_of_scope(std::string_view scope) const;
  // Every scope that a user may hold through a role, sorted.
  Result<std::vector<std::string>> scopes_of_user(std::string_view user_id) const;
  // Every scope that a role may hold, in the order of their names, with its roles but no aliases.
  struct ScopeRoles {
    std::string scope;
    std::vector<std::string> roles;
  };
  Result<std::vector<ScopeRoles>> scopes() const;
  // Replaces the roles of a scope.
  Result<> set_scope(std::string_view scope, const std::vector<std::string>& roles);

  // Other names that a role's scopes go to, in the order of the roles.
  struct Aliases {
    std::string role;
    std::vector<std::string> aliases;
  };
  Result<std::vector<Aliases>> aliases() const;
  // Replaces all of them.
  Result<> set_aliases(const std::vector<Aliases>& all);

 private:
  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
