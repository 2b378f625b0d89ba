// SPDX-License-Identifier: Apache-2.0
//
// How the portal shows an API: what consumers need, and nothing of how it is provided.
//
// Thread:  reads in the caller's transaction.
#pragma once

#include "rest/call.h"
#include "storage/apis/api_store.h"

namespace gatehouse::devportal {

// An entry of a list.
json::object api_entry(const storage::ApiRow& api);

// The whole resource, with its policies and the addresses at which gateways serve it, in the
// environments that the caller's roles open.
Result<json::object> api_view(storage::Transaction& transaction, const rest::Caller& caller,
                              const storage::ApiRow& api);

// The scopes that the API defines, each with the roles that open it.
json::array scopes_of(const storage::ApiRow& api);

// Where gateways serve the API, first the address that a person would choose:
// "https://localhost:8243/pizza/1.0", with "/t/DOMAIN" before the context in other tenants than the
// first. Of one environment, or of all when none is named, that the caller's roles open.
Result<std::vector<std::string>> server_urls(storage::Transaction& transaction,
                                             const rest::Caller& caller, const storage::ApiRow& api,
                                             std::string_view environment);

}  // namespace gatehouse::devportal
