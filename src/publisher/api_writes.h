// SPDX-License-Identifier: Apache-2.0
//
// The writes that several resources make of an API: each keeps the row, its search terms, its
// scopes and the change log in step.
//
// Thread:  in the caller's transaction.
#pragma once

#include "rest/call.h"
#include "storage/apis/api_store.h"
#include "storage/apis/lifecycle_store.h"

namespace gatehouse::publisher {

// Once an API is published, changing it is a matter of those who may publish. Error: forbidden,
// numbered.
Result<> check_may_change(const rest::Caller& caller, const storage::ApiRow& api);

// Adds an API. Error: conflict, numbered, when its name or context is another API's.
Result<> insert_api(storage::Transaction& transaction, model::TenantNumber tenant,
                    const storage::ApiRow& api, const storage::LifecycleEvent& event);

// Writes a changed API. Error: conflict, when it was changed meanwhile.
Result<> update_api(storage::Transaction& transaction, model::TenantNumber tenant,
                    const storage::ApiRow& api);

// Appends the change of an API that was served in `before`, if gateways have to know it.
Result<> announce(storage::Transaction& transaction, model::TenantNumber tenant,
                  const std::string& api_id, std::vector<std::string> before);

}  // namespace gatehouse::publisher
