// SPDX-License-Identifier: Apache-2.0
//
// Reads a request's parameters and body into a Call, each checked against the schema of its
// operation. Query parameters that the operation does not know are left out.
//
// Thread:  pure functions.
#pragma once

#include <string_view>

#include "core/error.h"
#include "rest/call.h"
#include "schema/openapi.h"

namespace gatehouse::rest {

// Checks the path values and fills `call.query`, defaults included.
// Error: invalid_argument, naming the parameter.
Result<> read_parameters(const schema::Document& document, const schema::Operation& operation,
                         Call& call);

// The body that a Content-Type announces among those that the operation takes, or null. Without a
// Content-Type it is the first one.
const schema::Body* body_for(const schema::Operation& operation, std::string_view content_type);

// Fills `call.body` and, for a form, `call.parts`.
// Error: invalid_argument, with the JSON path that is wrong.
Result<> read_body(const schema::Document& document, const schema::Body& body, Call& call);

}  // namespace gatehouse::rest
