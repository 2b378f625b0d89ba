// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/redirect_uri.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::keymanager {

namespace {

constexpr std::size_t uri_bytes_max = 2048;
// What these name is run or shown in place, not asked.
constexpr std::array<std::string_view, 7> refused_schemes{
    "javascript", "data", "vbscript", "about", "blob", "file", "filesystem"};

struct Loopback {
  std::string_view host;
  std::string_view rest;  // path and query
};

// The parts of an http URI of this machine; an empty host for any other.
Loopback loopback_of(std::string_view uri) {
  constexpr std::string_view scheme = "http://";
  if (!uri.starts_with(scheme)) return {};
  uri.remove_prefix(scheme.size());
  for (const std::string_view host : {"127.0.0.1", "[::1]", "localhost"}) {
    if (!uri.starts_with(host)) continue;
    std::string_view rest = uri.substr(host.size());
    if (rest.starts_with(':')) {
      const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
      if (end == 1 || end > 6) return {};
      rest.remove_prefix(end);
    }
    const bool ends = rest.empty() || rest.front() == '/' || rest.front() == '?';
    if (ends) return {host, rest};
  }
  return {};
}

std::string_view scheme_of(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = uri.substr(0, colon);
  const char first = ascii_lower(scheme.front());
  const bool good =
      first >= 'a' && first <= 'z' && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        const char lower = ascii_lower(c);
        return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.';
      });
  return good ? scheme : std::string_view();
}

}  // namespace

bool is_redirect_uri(std::string_view uri) {
  const std::string scheme = to_lower(scheme_of(uri));
  if (scheme.empty() || uri.size() > uri_bytes_max) return false;
  if (std::find(refused_schemes.begin(), refused_schemes.end(), scheme) != refused_schemes.end()) {
    return false;
  }
  const bool clean = std::all_of(uri.begin(), uri.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\' &&
           c != ';' && c != ',';
  });
  const bool web = scheme == "http" || scheme == "https";
  const std::string_view rest = uri.substr(scheme.size() + 1);
  return clean && (!web || (rest.starts_with("//") && rest.size() > 2 && rest[2] != '/'));
}

bool is_registered(std::string_view uri, const std::vector<std::string>& registered) {
  if (!is_redirect_uri(uri)) return false;
  const Loopback asked = loopback_of(uri);
  return std::any_of(registered.begin(), registered.end(), [&](const std::string& known) {
    if (known == uri) return true;
    const Loopback local = loopback_of(known);
    return !asked.host.empty() && local.host == asked.host && local.rest == asked.rest;
  });
}

std::string origin_of(std::string_view uri) {
  const std::size_t colon = scheme_of(uri).size();
  if (!uri.substr(colon).starts_with("://")) return std::string(uri.substr(0, colon + 1));
  if (!equals_ignoring_case(uri.substr(0, colon), "http") &&
      !equals_ignoring_case(uri.substr(0, colon), "https")) {
    return std::string(uri.substr(0, colon + 1));
  }
  const std::size_t end = std::min(uri.find_first_of("/?", colon + 3), uri.size());
  return std::string(uri.substr(0, end));
}

}  // namespace gatehouse::keymanager
