// SPDX-License-Identifier: Apache-2.0
//
// A mail as it goes over the wire: plain text in UTF-8, from a program, to one address.
//
// Thread:  pure functions.
// Source:  RFC 5322; RFC 2045 to 2047 (base64 body, encoded words); RFC 3834 (Auto-Submitted).
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"

namespace gatehouse::keymanager::mail {

struct Message {
  std::string from;  // an address that is_address takes
  std::string to;    // the same
  std::string subject;
  std::string text;
  std::string id;  // unique, of letters and digits
  Instant at{};
};

// "local@domain" of letters, digits and what RFC 5321 lets stand there without quotes, at most 254
// characters. Neither blanks nor the ends of lines, nor what would begin another header or command.
bool is_address(std::string_view text);

// Header and body with lines that end in CR LF and are short enough for any server. Whatever stands
// in the subject stays in it.
std::string compose(const Message& message);

}  // namespace gatehouse::keymanager::mail
