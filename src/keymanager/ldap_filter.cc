// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_filter.h"

#include <fmt/format.h>

namespace gatehouse::keymanager {

std::string ldap_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '*' && c != '(' && c != ')' && c != '\\';
    if (plain) {
      escaped += c;
    } else {
      escaped += fmt::format("\\{:02x}", byte);
    }
  }
  return escaped;
}

std::string ldap_and_equals(std::string_view filter, std::string_view attribute,
                            std::string_view text) {
  return fmt::format("(&{}({}={}))", filter, attribute, ldap_escape(text));
}

}  // namespace gatehouse::keymanager
