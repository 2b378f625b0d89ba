// SPDX-License-Identifier: Apache-2.0
//
// Media types in Content-Type and Accept: `application/json; charset=utf-8`, `image/*;q=0.5`.
//
// Thread:  pure functions.
// Source:  RFC 9110, sections 8.3.1 and 12.5.1.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::rest {

// "application/json" of "Application/JSON; charset=utf-8": lower case, without parameters.
std::string media_type_of(std::string_view content_type);

// The value of a parameter, unquoted; empty when absent.
std::string media_parameter(std::string_view content_type, std::string_view name);

// True when `accept` allows `media_type`; an empty Accept allows everything, q=0 forbids.
bool accepts(std::string_view accept, std::string_view media_type);

}  // namespace gatehouse::rest
