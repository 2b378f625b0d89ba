// SPDX-License-Identifier: Apache-2.0
//
// How the portal shows an application and its keys.
//
// Thread:  reads in the caller's transaction.
#pragma once

#include "storage/apis/application_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::devportal {

// The grant types that clients of our own may ask for.
json::array grant_type_list();

// An entry of a list.
Result<json::object> application_entry(storage::Transaction& transaction,
                                       model::TenantNumber tenant,
                                       const storage::ApplicationRow& application);
// The whole resource, with its keys.
Result<json::object> application_view(storage::Transaction& transaction, model::TenantNumber tenant,
                                      const storage::ApplicationRow& application);
// Without the secret, which nobody can read again.
json::object key_view(const storage::KeyMapping& mapping);

}  // namespace gatehouse::devportal
