// SPDX-License-Identifier: Apache-2.0
#include "http/web_url.h"

#include <algorithm>

#include "core/text.h"
#include "http/authority.h"

namespace gatehouse::http {

std::string host_of(std::string_view url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  const std::size_t colon = url.find("://");
  if (!plain || colon == std::string_view::npos) return "";
  const std::string scheme = to_lower(url.substr(0, colon));
  if (scheme != "https" && scheme != "http") return "";
  const std::string_view rest = url.substr(colon + 3);
  const auto authority = parse_authority(rest.substr(0, rest.find_first_of("/?#")));
  return authority ? to_lower(authority->host) : "";
}

bool is_loopback_host(std::string_view host) {
  return host == "127.0.0.1" || host == "[::1]" || host == "localhost";
}

bool is_tamper_proof(std::string_view url) {
  const std::string host = host_of(url);
  return !host.empty() && (to_lower(url).starts_with("https:") || is_loopback_host(host));
}

}  // namespace gatehouse::http
