// SPDX-License-Identifier: Apache-2.0
#include "http/fetcher.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::http {

namespace {

using net::Network;

constexpr std::size_t url_bytes_max = 2048;

std::vector<Network> networks(std::initializer_list<std::string_view> texts) {
  std::vector<Network> list;
  for (const std::string_view text : texts) list.push_back(*Network::parse(text));
  return list;
}

bool is_in(const net::Address& address, const std::vector<Network>& list) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Network& network) { return network.contains(address); });
}

// Where no host of the internet is. The IPv6 ones carry IPv4 addresses inside (compatible, NAT64,
// Teredo, 6to4), lead nowhere, or were private once.
const std::vector<Network>& reserved() {
  static const std::vector<Network> list = networks(
      {"0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
       "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48",
       "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10"});
  return list;
}

// ::a.b.c.d, which is neither mapped nor loopback.
bool is_ipv4_compatible(const net::Address& address) {
  const auto& bytes = address.bytes();
  return std::all_of(bytes.begin(), bytes.begin() + 12, [](std::uint8_t b) { return b == 0; });
}

// Path and query of the URL; "/" when it has none. What follows '#' is the client's own.
std::string target_of(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t begin = rest.find_first_of("/?");
  if (begin == std::string_view::npos) return "/";
  const std::string target(rest.substr(begin));
  return target.front() == '?' ? "/" + target : target;
}

Result<> check_text(std::string_view url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
  if (!plain || url.size() > url_bytes_max || url.find('\\') != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "The URL has characters that are not allowed");
  }
  return {};
}

Result<Origin> origin_of(std::string_view url, const std::shared_ptr<const net::TlsClient>& trust) {
  if (!trust && equals_ignoring_case(url.substr(0, 6), "https:")) {
    return fail(ErrorCode::invalid_argument, "https is not set up here");
  }
  return Origin::parse(url, trust);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

bool may_fetch_from(const net::Address& address, PrivateNetworks rule) {
  if (address.is_link_local() || address.is_multicast() || address.is_unspecified()) return false;
  if (address.is_loopback() || address.is_private()) return rule == PrivateNetworks::allowed;
  return !is_ipv4_compatible(address) && !is_in(address, reserved());
}

Fetcher::Fetcher(net::Loop& loop, net::Resolver& resolver, Options options)
    : options_(std::move(options)),
      client_(
          loop, resolver,
          {.body_bytes_max = options_.body_bytes_max,
           .pool = {.idle_max = 4,
                    .allowed = [rule = options_.private_networks](const net::Endpoint& endpoint) {
                      return may_fetch_from(endpoint.address, rule);
                    }}}) {}

void Fetcher::stop() {
  stopped_ = true;
  client_.cancel_asked();
}

Result<Response> Fetcher::get(const std::string& url, std::chrono::milliseconds timeout) {
  Request request;
  request.headers.add("Accept", "application/json");
  return fetch(url, std::move(request), timeout);
}

Result<Response> Fetcher::fetch(const std::string& url, Request request,
                                std::chrono::milliseconds timeout) {
  if (stopped_) return fail(ErrorCode::unavailable, "The program ends", url);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  GH_CHECK(check_text(url));
  GH_TRY(origin, origin_of(url, options_.trust));
  request.target = target_of(url);
  for (int redirects = 0;; ++redirects) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    Result<Response> response =
        client_.ask(origin, request, std::max(left, std::chrono::milliseconds(1)));
    if (!response) response.error().number = 0;  // whether it was sent concerns nobody here
    const bool redirected = response && is_redirect(response->status) && request.method == "GET";
    if (!redirected) return response;
    const std::string location(response->headers.value_or("Location", ""));
    if (redirects == redirects_max) {
      return fail(ErrorCode::forbidden, "The URL redirects too often", url);
    }
    GH_CHECK(check_text(location));
    if (location.starts_with('/') && !location.starts_with("//")) {
      request.target = location.substr(0, location.find('#'));
      continue;
    }
    const Result<Origin> next = origin_of(location, options_.trust);
    if (!next || next->key() != origin.key()) {
      return fail(ErrorCode::forbidden, "The URL redirects to another origin", location);
    }
    request.target = target_of(location);
  }
}

}  // namespace gatehouse::http
