// SPDX-License-Identifier: Apache-2.0
//
// Filters that are sent to a directory, with what people type in them made harmless.
//
// Thread:  pure functions.
// Source:  RFC 4515, section 3.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::keymanager {

// The text as a value in a filter: '*', '(', ')', '\' and every byte outside of printable ASCII as
// "\2a".
std::string ldap_escape(std::string_view text);

// "(&FILTER(ATTRIBUTE=text))".
std::string ldap_and_equals(std::string_view filter, std::string_view attribute,
                            std::string_view text);

}  // namespace gatehouse::keymanager
