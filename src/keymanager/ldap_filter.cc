// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

// Ids that are bytes, even if all of them happen to be letters.
bool is_of_bytes(std::string_view attribute) {
  return equals_ignoring_case(attribute, "objectGUID") ||
         equals_ignoring_case(attribute, "objectSid") || equals_ignoring_case(attribute, "GUID");
}

bool is_text(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
}

// "4a1f" as "\\4a\\1f".
std::string escape_hex(std::string_view digits) {
  std::string escaped;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    escaped += '\\';
    escaped += digits.substr(i, 2);
  }
  return escaped;
}

bool is_hex(std::string_view text) {
  return text.size() % 2 == 0 && std::ranges::all_of(text, is_hex_digit);
}

}  // namespace

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

std::string external_id_from(std::string_view attribute, std::string_view value) {
  return is_of_bytes(attribute) || !is_text(value) ? to_hex(value) : std::string(value);
}

// Digits may be bytes or the text itself; whoever asks compares what comes.
std::string ldap_and_ids(std::string_view filter, std::string_view attribute,
                         const std::vector<std::string>& external_ids) {
  std::string any;
  for (const std::string& id : external_ids) {
    if (is_hex(id)) any += fmt::format("({}={})", attribute, escape_hex(id));
    if (!is_of_bytes(attribute)) any += fmt::format("({}={})", attribute, ldap_escape(id));
  }
  return fmt::format("(&{}(|{}))", filter, any);
}

}  // namespace gatehouse::keymanager
