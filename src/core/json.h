// SPDX-License-Identifier: Apache-2.0
//
// JSON in and out. Reading is strict: one value, no duplicate names, bounded depth, valid UTF-8,
// finite numbers.
//
// Thread:  pure functions.
// Source:  RFC 8259; duplicate names are refused, as RFC 8259 section 4 allows, because two parsers
//          that pick different ones are an attack.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse {

namespace json = boost::json;

inline constexpr std::size_t json_depth_max = 64;

// Error: invalid_argument; the message says what is wrong and at which byte.
Result<json::value> parse_json(std::string_view text);
// Error: invalid_argument, also when the value is not an object.
Result<json::object> parse_json_object(std::string_view text);

// A member read leniently: the fallback when it is absent or of another type.
std::string text_or(const json::object& object, std::string_view name, std::string_view fallback);
std::int64_t number_or(const json::object& object, std::string_view name, std::int64_t fallback);
bool flag_or(const json::object& object, std::string_view name, bool fallback);
// The strings of an array member; other elements are left out, and an absent member is empty.
std::vector<std::string> texts_of(const json::object& object, std::string_view name);
// The object or array member, or null.
const json::object* object_at(const json::object& object, std::string_view name);
const json::array* array_at(const json::object& object, std::string_view name);

json::array to_json(const std::vector<std::string>& texts);

}  // namespace gatehouse
