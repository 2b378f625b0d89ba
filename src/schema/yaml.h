// SPDX-License-Identifier: Apache-2.0
//
// YAML as JSON: the other way to write an OpenAPI document. Plain scalars become null, flags and
// numbers as YAML 1.2's core schema has them; names and quoted scalars are text.
//
// Thread:  pure function.
// Memory:  at most `yaml_nodes_max` values after aliases are followed, so that a few lines of
//          aliases cannot grow into gigabytes.
#pragma once

#include <string_view>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::schema {

inline constexpr std::size_t yaml_nodes_max = 500'000;

// Error: invalid_argument, with the line of what cannot be read.
Result<json::value> parse_yaml(std::string_view text);

}  // namespace gatehouse::schema
