// SPDX-License-Identifier: Apache-2.0
#include "gateway/possession.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "gateway/used_proofs.h"
#include "jose/dpop.h"

namespace gatehouse::gateway {

namespace {

Flow refuse(Exchange& exchange, std::string_view dpop_error) {
  exchange.fault.dpop_error = dpop_error;
  return exchange.fail(FaultCode::invalid_credentials);
}

// As the client knows it. The host is the API's own, because a proof that another server was sent
// must not pass here with that server's name in Host; the port is the client's.
std::string url_of(const Exchange& exchange) {
  const std::string_view host = exchange.head->value(http::FieldId::host);
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
  return fmt::format("{}://{}{}{}", exchange.secure() ? "https" : "http",
                     exchange.api->deployed.vhost, has_port ? host.substr(colon) : "",
                     exchange.head->path());
}

Flow check_proof(Exchange& exchange, UsedProofs& used, const Token& token) {
  const http::RequestHead& head = *exchange.head;
  const std::string_view proof = head.value(http::FieldId::dpop);
  if (proof.empty() || head.repeated(http::FieldId::dpop)) {
    return refuse(exchange, "invalid_dpop_proof");
  }
  const std::string url = url_of(exchange);
  const Result<jose::DpopProof> checked =
      jose::check_dpop(proof, {.method = head.method_text(),
                               .url = url,
                               .access_token = exchange.credential,
                               .now = exchange.now});
  if (!checked) return refuse(exchange, "invalid_dpop_proof");
  if (!equals_in_constant_time(checked->thumbprint, token.key_thumbprint)) {
    return refuse(exchange, "invalid_token");
  }
  const Sha256 name = sha256(checked->thumbprint + checked->jti);
  return used.use(name, exchange.turn) ? Flow::proceed : refuse(exchange, "invalid_dpop_proof");
}

// The host and path of an http or https URL; empty for another.
struct Place {
  std::string_view host;
  std::string_view path;
};

Place place_of(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string_view scheme = url.substr(0, colon);
  if (!equals_ignoring_case(scheme, "https") && !equals_ignoring_case(scheme, "http")) return {};
  url.remove_prefix(colon + 3);
  const std::size_t slash = std::min(url.find_first_of("/?"), url.size());
  const std::string_view authority = url.substr(0, slash);
  std::string_view path = url.substr(slash);
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/')) path.remove_suffix(1);
  return {authority.substr(0, authority.rfind(':')), path};
}

bool begins_with_segments(std::string_view path, std::string_view beginning) {
  return path.starts_with(beginning) &&
         (path.size() == beginning.size() || path[beginning.size()] == '/');
}

}  // namespace

Flow check_possession(Exchange& exchange, UsedProofs& used, const Token& token) {
  const bool bound = !token.key_thumbprint.empty();
  if (bound != exchange.dpop) return refuse(exchange, "invalid_token");
  if (!token.certificate_thumbprint.empty() &&
      !equals_in_constant_time(token.certificate_thumbprint, exchange.certificate_thumbprint)) {
    return exchange.fail(FaultCode::invalid_credentials);
  }
  return bound && !exchange.judged_before ? check_proof(exchange, used, token) : Flow::proceed;
}

bool is_for_resource(const Exchange& exchange, const Token& token) {
  if (token.audiences.empty()) return true;
  return std::any_of(token.audiences.begin(), token.audiences.end(), [&](const std::string& url) {
    const Place place = place_of(url);
    return !place.host.empty() && equals_ignoring_case(place.host, exchange.api->deployed.vhost) &&
           begins_with_segments(exchange.path, place.path);
  });
}

}  // namespace gatehouse::gateway
