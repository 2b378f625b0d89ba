// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/text.h"
#include "http/authority.h"
#include "http/upstream.h"

namespace gatehouse::http {

namespace {

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

}  // namespace

Origin::Origin(std::string host, std::uint16_t port, std::shared_ptr<const net::TlsClient> tls)
    : host_(to_lower(host)),
      port_(port),
      tls_(std::move(tls)),
      // Two clients of different trust do not share connections.
      key_(fmt::format("{}://{}:{}/{}", tls_ ? "https" : "http", bracketed(host_), port_,
                       tls_ ? tls_->number() : 0)) {
  const std::uint16_t usual_port = tls_ ? 443 : 80;
  authority_ = bracketed(host_);
  if (port_ != usual_port) authority_ += fmt::format(":{}", port_);
}

Result<Origin> Origin::parse(std::string_view url, std::shared_ptr<const net::TlsClient> tls) {
  const std::size_t separator = url.find("://");
  const std::string_view scheme = url.substr(0, separator);
  const bool encrypted = equals_ignoring_case(scheme, "https");
  if (separator == std::string_view::npos ||
      (!encrypted && !equals_ignoring_case(scheme, "http"))) {
    return fail(ErrorCode::invalid_argument, "The URL does not begin with http:// or https://");
  }
  GH_ASSERT(!encrypted || tls);
  const std::string_view rest = url.substr(separator + 3);
  const auto authority = parse_authority(rest.substr(0, rest.find_first_of("/?#")));
  if (!authority) return fail(ErrorCode::invalid_argument, "The host of the URL is malformed");
  std::string_view host = authority->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const auto usual_port = static_cast<std::uint16_t>(encrypted ? 443 : 80);
  return Origin(std::string(host), authority->port == 0 ? usual_port : authority->port,
                encrypted ? std::move(tls) : nullptr);
}

}  // namespace gatehouse::http
