// SPDX-License-Identifier: Apache-2.0
//
// What an API must be like, and the form in which we keep it.
//
// Thread:  pure functions, but for check_references, which reads in its caller's transaction.
#pragma once

#include "core/error.h"
#include "core/json.h"
#include "storage/database.h"

namespace gatehouse::publisher {

// The body of a create or an update with its defaults, its context begun by '/', its verbs in upper
// case; members that are null count as absent.
// Error: invalid_argument or conflict, numbered, for the first rule that does not hold.
Result<json::object> checked_api(const json::object& body);

// "/pizza/1.0": the path that belongs to this version alone.
std::string full_context(std::string_view context, std::string_view version);

// Error: invalid_argument (900305), when a policy that the document names does not exist.
Result<> check_references(storage::Transaction& transaction, model::TenantNumber tenant,
                          const json::object& document);

// Error: invalid_argument (901004).
Result<> check_scope_name(const std::string& name);

// Error: invalid_argument (903240, 903241, 900704).
Result<> check_version(std::string_view version);

}  // namespace gatehouse::publisher
