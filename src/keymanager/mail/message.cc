// SPDX-License-Identifier: Apache-2.0
#include "keymanager/mail/message.h"

#include <fmt/chrono.h>

#include <algorithm>

#include "core/text.h"

namespace gatehouse::keymanager::mail {

namespace {

constexpr std::size_t address_max = 254;
constexpr std::size_t local_max = 64;
constexpr std::size_t label_max = 63;
constexpr std::size_t line_size = 76;
constexpr std::size_t word_bytes = 42;  // of one encoded word, whose line stays within 78

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != others.npos;
  });
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= label_max && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

template <typename Rule>
bool all_parts(std::string_view text, const Rule& rule) {
  const auto parts = split(text, '.');
  return std::ranges::all_of(parts, rule);
}

// Bytes that begin with a whole character, at most `limit` of them.
std::string_view whole_characters(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end == 0 ? limit : end);
}

std::string subject_line(std::string_view subject) {
  const bool plain = subject.size() <= line_size - 9 &&
                     std::ranges::all_of(subject, [](char c) { return c >= 0x20 && c < 0x7f; }) &&
                     subject.find("=?") == subject.npos;
  if (plain) return std::string(subject);
  std::string line;
  for (std::string_view rest = subject; !rest.empty();) {
    const std::string_view part = whole_characters(rest, word_bytes);
    if (!line.empty()) line += "\r\n ";
    line += fmt::format("=?UTF-8?B?{}?=", to_base64(part));
    rest.remove_prefix(part.size());
  }
  return line;
}

std::string body_lines(std::string_view text) {
  const std::string encoded = to_base64(text);
  std::string lines;
  for (std::size_t at = 0; at < encoded.size(); at += line_size) {
    lines += encoded.substr(at, line_size);
    lines += "\r\n";
  }
  return lines;
}

std::string date_of(Instant at) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(static_cast<std::time_t>(to_ms(at) / 1'000)));
}

}  // namespace

bool is_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == text.npos || text.size() > address_max || at > local_max) return false;
  return all_parts(text.substr(0, at), is_atom) && all_parts(text.substr(at + 1), is_label);
}

std::string compose(const Message& message) {
  const std::string_view domain =
      std::string_view(message.from).substr(message.from.rfind('@') + 1);
  return fmt::format(
      "Date: {}\r\nFrom: <{}>\r\nTo: <{}>\r\nMessage-ID: <{}@{}>\r\nSubject: {}\r\n"
      "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
      date_of(message.at), message.from, message.to, message.id, domain,
      subject_line(message.subject), body_lines(message.text));
}

}  // namespace gatehouse::keymanager::mail
