// SPDX-License-Identifier: Apache-2.0
//
// The OpenAPI definition of an API: made from its operations, kept in step with them, and read back
// into operations when a provider writes another one.
//
// Our extensions of an operation: `x-auth-type`, `x-throttling-tier`; scopes stand in its security
// requirement named "default".
//
// Thread:  pure functions.
// Source:  OpenAPI 3.0.3.
#pragma once

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::publisher {

// `definition` with exactly the operations of the API's document: what it says of an operation that
// stays is kept, others go, and missing ones are added. Start from an empty object.
json::object with_operations(json::object definition, const json::object& api);

// Error: invalid_argument (900758), when the text is not an OpenAPI 3 document in JSON with paths.
Result<json::object> parse_definition(std::string_view text);

// The operations of a definition. Authentication and policy of one that the API's document has
// already stay, unless the definition says otherwise. A path of a WebSocket API stands for the
// directions that the document has for it, or for both.
json::array operations_of(const json::object& definition, const json::object& api);

}  // namespace gatehouse::publisher
