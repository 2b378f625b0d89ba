// SPDX-License-Identifier: Apache-2.0
//
// The keywords of a schema that look at one value and not into it: type, enum, length, pattern,
// format, bounds.
//
// Thread:  pure functions.
#pragma once

#include <string>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::schema {

// What is wrong with `value` by one part of a schema, such as "must be a whole number"; empty when
// nothing is.
// Error: internal, when the part's pattern is not a regular expression.
Result<std::string> complaint(const json::object& part, const json::value& value);

}  // namespace gatehouse::schema
