// SPDX-License-Identifier: Apache-2.0
//
// Filters that are sent to a directory, with what people type in them made harmless.
//
// Thread:  pure functions.
// Source:  RFC 4515, section 3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::keymanager {

// The text as a value in a filter: '*', '(', ')', '\' and every byte outside of printable ASCII as
// "\2a".
std::string ldap_escape(std::string_view text);

// "(&FILTER(ATTRIBUTE=text))".
std::string ldap_and_equals(std::string_view filter, std::string_view attribute,
                            std::string_view text);

// The id of a person as we keep it: text, or hexadecimal digits when it is bytes, as objectGUID.
std::string external_id_from(std::string_view attribute, std::string_view value);

// "(&FILTER(|(ATTRIBUTE=id)(ATTRIBUTE=id)))" of ids that external_id_from made.
std::string ldap_and_ids(std::string_view filter, std::string_view attribute,
                         const std::vector<std::string>& external_ids);

}  // namespace gatehouse::keymanager
