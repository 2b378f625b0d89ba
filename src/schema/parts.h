// SPDX-License-Identifier: Apache-2.0
//
// A schema taken apart: itself and every branch of its `allOf`, with each `$ref` followed. A value
// fits when it fits all parts, and the properties of an object are those of all parts together.
//
// Thread:  pure; parts point into the document.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::schema {

using Parts = std::vector<const json::object*>;

// Error: internal, when a reference leads nowhere or in a circle.
Result<Parts> parts_of(const json::object& document, const json::object& schema);

// The object that "#/components/schemas/API" names, or null.
const json::object* resolve(const json::object& document, std::string_view reference);

// True when one of the parts sets the flag: `readOnly`, `nullable`.
bool any_sets(const Parts& parts, std::string_view flag);
// The first value of a keyword in the parts, or null.
const json::value* first_of(const Parts& parts, std::string_view keyword);

// What all parts together say of an object's members.
struct Members {
  std::map<std::string_view, const json::object*> properties;
  std::vector<std::string_view> required;
  const json::object* others = nullptr;  // the schema of unlisted members, if they have one
  bool closed = false;                   // unlisted members are refused
};
Members members_of(const Parts& parts);

}  // namespace gatehouse::schema
