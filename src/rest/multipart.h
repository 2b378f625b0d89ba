// SPDX-License-Identifier: Apache-2.0
//
// Takes a multipart/form-data body apart.
//
// Strict about framing: a boundary of at most 70 characters, every part named, nothing after the
// closing delimiter but white space.
//
// Thread:  pure function.
// Memory:  the parts are copies; the body's size is limited by the server.
// Source:  RFC 7578, RFC 2046 section 5.1.
#pragma once

#include <string_view>
#include <vector>

#include "core/error.h"
#include "rest/call.h"

namespace gatehouse::rest {

inline constexpr std::size_t parts_max = 64;
inline constexpr std::size_t part_head_bytes_max = 4096;

// Error: invalid_argument, saying what is wrong with the body.
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace gatehouse::rest
