// SPDX-License-Identifier: Apache-2.0
//
// The roles and scopes that a tenant begins with.
//
// Thread:  one transaction.
// Source:  CONTRACT.md section 6 (roles); the names of scopes are those of the REST APIs' documents.
#pragma once

#include "storage/users/role_store.h"

namespace gatehouse::storage {

// Makes the built-in roles and maps every scope of our REST APIs to roles. Run twice it changes
// nothing that an administrator has changed: it works only on a tenant without roles.
Result<> seed_roles(Transaction& transaction, model::TenantNumber tenant);

}  // namespace gatehouse::storage
