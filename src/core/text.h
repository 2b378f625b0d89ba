// SPDX-License-Identifier: Apache-2.0
//
// Text as protocols use it: ASCII case, trimming, splitting, hexadecimal, base64 and percent codes.
// Locale never matters.
//
// Thread:  pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gatehouse {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Without spaces and tabs at both ends (RFC 9110, section 5.6.3: OWS).
std::string_view trim(std::string_view text);

// The parts between separators, empty ones included; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

// The words between runs of spaces, none empty: the form of OAuth scopes.
std::vector<std::string> split_words(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// A whole decimal number without sign, spaces or excess; nothing else, and nothing beyond uint64.
std::optional<std::uint64_t> parse_number(std::string_view text);

std::string to_hex(std::string_view bytes);

// RFC 4648, section 4 (with padding) and 5 (without). Decoding is strict: a wrong character, wrong
// padding or stray bits are errors.
std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);
// Error: invalid_argument.
Result<std::string> from_base64(std::string_view text);
Result<std::string> from_base64url(std::string_view text);

// Every byte but the unreserved ones of RFC 3986, section 2.3, as %XX.
std::string percent_encode(std::string_view text);
// Error: invalid_argument, when a % is not followed by two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text);

// Fields of application/x-www-form-urlencoded text or of a query string, in order, decoded.
// Error: invalid_argument, when a percent code is broken or there are more than `fields_max`.
Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text,
                                                                    std::size_t fields_max = 256);

// True when every byte sequence is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace gatehouse
