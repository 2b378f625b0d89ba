// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <array>
#include <charconv>

namespace gatehouse {

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 2 < bytes.size(); i += 3) {
    const unsigned group =
        byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += alphabet[(group >> shift) & 63];
  }
  if (i + 1 == bytes.size()) {
    const unsigned group = byte_at(bytes, i) << 16;
    for (const unsigned shift : {18U, 12U}) text += alphabet[(group >> shift) & 63];
  } else if (i + 2 == bytes.size()) {
    const unsigned group = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8;
    for (const unsigned shift : {18U, 12U, 6U}) text += alphabet[(group >> shift) & 63];
  }
  return text;
}

Result<std::string> decode(std::string_view text, std::string_view alphabet) {
  const auto refuse = [] { return fail(ErrorCode::invalid_argument, "Not base64"); };
  if (text.size() % 4 == 1) return refuse();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return refuse();
    bits = bits << 6 | static_cast<unsigned>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>((bits >> held) & 0xff);
    }
  }
  if ((bits & ((1U << held) - 1)) != 0) return refuse();
  return bytes;
}

unsigned hex_value(char c) {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

bool is_unreserved(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view part : split(text, ' ')) {
    if (!part.empty()) words.emplace_back(part);
  }
  return words;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += digits[byte_at(bytes, i) >> 4];
    text += digits[byte_at(bytes, i) & 15];
  }
  return text;
}

std::string to_base64(std::string_view bytes) {
  std::string text = encode(bytes, base64_alphabet);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string to_base64url(std::string_view bytes) { return encode(bytes, base64url_alphabet); }

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::invalid_argument, "Not base64");
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, base64_alphabet);
}

Result<std::string> from_base64url(std::string_view text) {
  return decode(text, base64url_alphabet);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_unreserved(text[i])) {
      encoded += text[i];
    } else {
      encoded += '%';
      encoded += digits[byte_at(text, i) >> 4];
      encoded += digits[byte_at(text, i) & 15];
    }
  }
  return encoded;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
      return fail(ErrorCode::invalid_argument, "Broken percent code");
    }
    decoded += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
    i += 2;
  }
  return decoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text,
                                                                    std::size_t fields_max) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (text.empty()) return fields;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    if (fields.size() == fields_max) {
      return fail(ErrorCode::invalid_argument, "Too many form fields");
    }
    std::string plain(part);
    for (char& c : plain) c = c == '+' ? ' ' : c;
    const std::string_view field = plain;
    const std::size_t equals = field.find('=');
    GH_TRY(name, percent_decode(field.substr(0, equals)));
    GH_TRY(value, percent_decode(equals == std::string_view::npos ? std::string_view()
                                                                  : field.substr(equals + 1)));
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte_at(text, i);
    const std::size_t length = lead < 0x80       ? 1
                               : lead >> 5 == 6  ? 2
                               : lead >> 4 == 14 ? 3
                               : lead >> 3 == 30 ? 4
                                                 : 0;
    if (length == 0 || i + length > text.size()) return false;
    unsigned point = length == 1 ? lead : lead & ((1U << (7 - length)) - 1);
    for (std::size_t k = 1; k < length; ++k) {
      if (byte_at(text, i + k) >> 6 != 2) return false;
      point = point << 6 | (byte_at(text, i + k) & 63);
    }
    constexpr std::array<unsigned, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
    if (point < lowest[length] || point > 0x10FFFF || point >> 11 == 27) return false;
    i += length;
  }
  return true;
}

}  // namespace gatehouse
