// SPDX-License-Identifier: Apache-2.0
//
// Which roles may hold the scopes of our REST APIs in one tenant, as administrators see and change
// it.
//
// Thread:  one transaction of user_manager.
#pragma once

#include "storage/users/role_store.h"

namespace gatehouse::admin {

using ScopeBinding = storage::RoleStore::ScopeRoles;

// Every scope of ours, in the order of their names; one that no role holds has none.
Result<std::vector<ScopeBinding>> read_bindings(storage::Transaction& transaction,
                                                model::TenantNumber tenant);

// Replaces the roles of the scopes that it names.
// Error: invalid_argument, for a scope that is not ours, a role that does not exist (900602), or
// when no role could administer the tenant any more.
Result<> write_bindings(storage::Transaction& transaction, model::TenantNumber tenant,
                        const std::vector<ScopeBinding>& bindings);

// Error: invalid_argument (900602), naming the first role that does not exist.
Result<> need_roles(storage::Transaction& transaction, model::TenantNumber tenant,
                    const std::vector<std::string>& roles);

}  // namespace gatehouse::admin
