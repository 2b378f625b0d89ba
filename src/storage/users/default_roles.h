// SPDX-License-Identifier: Apache-2.0
//
// The roles and scopes that a tenant begins with.
//
// Thread:  one transaction.
// Source:  the scopes are those that the REST APIs' documents name.
#pragma once

#include "storage/users/role_store.h"

namespace gatehouse::storage {

// Makes the built-in roles and maps every scope of our REST APIs to roles. Run twice it changes
// nothing that an administrator has changed: it works only on a tenant without roles.
Result<> seed_roles(Transaction& transaction, model::TenantNumber tenant);

// Scopes of our REST APIs, in the order of their names. They stay scopes of ours while no role
// holds them.
std::vector<std::string> rest_scopes();

}  // namespace gatehouse::storage
