// SPDX-License-Identifier: Apache-2.0
//
// Removes everything of a tenant from the three databases. Its row in um_tenant goes last, so that
// a removal that a crash broke off can be repeated.
//
// Which tables belong to tenants is read from the migrations, so no new table is forgotten.
//
// Thread:  pool threads, outside of any transaction.
#pragma once

#include "storage/databases.h"
#include "storage/migration.h"

namespace gatehouse::storage {

// The tenant must be switched off, so that nobody writes any more.
// Error: not_found.
Result<> remove_tenant(Databases& databases, model::TenantNumber tenant);

// Tables of these migrations that have a column tenant_id, but those that must remember what is
// gone (the change log, revocations, the outbox), in the order of their creation.
std::vector<std::string> tables_of_tenants(std::span<const Migration> migrations);

}  // namespace gatehouse::storage
