// SPDX-License-Identifier: Apache-2.0
//
// JSON read into memory of the caller's choice: for many values that live shortly, one after the
// other.
//
// Thread:  pure functions.
#pragma once

#include "core/json.h"

namespace gatehouse {

// As parse_json and parse_json_object; what `memory` refers to outlives the value.
Result<json::value> parse_json_in(const json::storage_ptr& memory, std::string_view text);
Result<json::object> parse_json_object_in(const json::storage_ptr& memory, std::string_view text);

}  // namespace gatehouse
