// SPDX-License-Identifier: Apache-2.0
//
// Removes an application with all that hangs on it.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/application_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::storage {

// Removes the application, its subscriptions, API keys and key mappings, and appends their changes.
// Returns the keys whose OAuth clients were made for it: the key manager removes those, after the
// commit.
Result<std::vector<KeyMapping>> remove_application(Transaction& transaction,
                                                   model::TenantNumber tenant,
                                                   const std::string& application_id);

}  // namespace gatehouse::storage
