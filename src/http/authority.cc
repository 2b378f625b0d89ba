// SPDX-License-Identifier: Apache-2.0
#include "http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t host_bytes_max = 253;

bool is_name_byte(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
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
    authority.host = text.substr(0, text.find(':'));
    if (authority.host.empty() || authority.host.size() > host_bytes_max) return std::nullopt;
    if (!std::all_of(authority.host.begin(), authority.host.end(), is_name_byte)) {
      return std::nullopt;
    }
    if (authority.host.find("..") != std::string_view::npos || authority.host.front() == '.') {
      return std::nullopt;
    }
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
