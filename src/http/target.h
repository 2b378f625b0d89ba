// SPDX-License-Identifier: Apache-2.0
//
// Brings the path of a request into one form, once. What comes out is what routes and policies are
// matched on and what the backend gets, so nobody can be shown one path and served another.
//
//   canonical   dot segments, plain or as %2e, are resolved; empty segments ("//") are merged;
//               codes of unreserved characters and of ! $ & ' ( ) * , = : @ are decoded; others get
//               upper-case digits; ';' and " < > ^ ` { | } are encoded, so that matrix parameters
//               are plain text to everybody. '+' and %2B stay apart: servers disagree about '+'.
//   refused     a path above the root; \ and %5C; %2F; codes of control characters, NUL included; a
//               broken code; bytes and codes that are not well-formed UTF-8, overlong forms
//               included; a fragment; a code of a code for . / \ % ; or NUL (%252e); a segment that
//               is empty, "." or ".." before its ';' ("..;").
//   kept        case, a trailing slash, dots within a segment, the query.
//
// Thread:  pure functions.
// Cost:    one pass; a path that is canonical already is not copied.
// Source:  RFC 3986, section 6.2.2, narrowed.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace gatehouse::http {

// Room that any path of a request needs to be normalised.
inline constexpr std::size_t normal_path_bytes_max = 3 * 8 * 1024;

// The canonical form of `path` (without query), in `room` (three times as long as `path`) or, when
// nothing changes, `path` itself. An empty path is "/". The form of a form is itself.
// Error: invalid_argument; the message is for the client.
Result<std::string_view> normalise_path(std::string_view path, std::span<char> room);

// The text that a canonical path stands for: without dot segments, "//" and control characters.
std::string decode_path(std::string_view canonical);

}  // namespace gatehouse::http
