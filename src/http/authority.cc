// SPDX-License-Identifier: Apache-2.0
#include "http/authority.h"

#include <arpa/inet.h>

#include <array>

#include "core/text.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t host_bytes_max = 253;

constexpr std::array<bool, 256> name_bytes = [] {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : {'-', '.', '_'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// The name at the beginning of `text`; empty when there is none, or one with an empty label.
std::string_view leading_name(std::string_view text) {
  std::size_t size = 0;
  char before = '.';
  while (size < text.size() && name_bytes[static_cast<unsigned char>(text[size])]) {
    if (text[size] == '.' && before == '.') return {};
    before = text[size++];
  }
  return size <= host_bytes_max ? text.substr(0, size) : std::string_view();
}

bool is_ipv6(std::string_view text) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return false;
  text.copy(terminated.data(), text.size());
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    if (!is_ipv6(text.substr(1, close - 1))) return std::nullopt;
    authority.host = text.substr(0, close + 1);
  } else {
    authority.host = leading_name(text);
    if (authority.host.empty()) return std::nullopt;
  }
  const std::string_view rest = text.substr(authority.host.size());
  if (rest.empty()) return authority;
  if (rest.front() != ':' || rest.size() > 6) return std::nullopt;
  const std::optional<std::uint64_t> port = parse_number(rest.substr(1));
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  authority.port = static_cast<std::uint16_t>(*port);
  return authority;
}

}  // namespace gatehouse::http
