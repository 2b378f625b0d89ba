// SPDX-License-Identifier: Apache-2.0
#include "publisher/endpoint_origin.h"

#include <fmt/format.h>

#include "core/text.h"
#include "http/authority.h"

namespace gatehouse::publisher {

std::string tls_origin(std::string_view endpoint) {
  const std::size_t scheme_end = endpoint.find("://");
  if (scheme_end != endpoint.npos) {
    if (!equals_ignoring_case(endpoint.substr(0, scheme_end), "https")) return "";
    endpoint.remove_prefix(scheme_end + 3);
  }
  const auto authority = http::parse_authority(endpoint.substr(0, endpoint.find_first_of("/?#")));
  if (!authority) return "";
  return fmt::format("{}:{}", to_lower(authority->host),
                     authority->port == 0 ? 443 : authority->port);
}

std::vector<std::string> urls_of(const model::DeployedApi& api) {
  std::vector<std::string> urls = api.production.urls;
  urls.insert(urls.end(), api.sandbox.urls.begin(), api.sandbox.urls.end());
  return urls;
}

}  // namespace gatehouse::publisher
