// SPDX-License-Identifier: Apache-2.0
//
// Fetches URLs that somebody typed in: discovery documents, key sets, introspection, imports. The
// one way in which the control plane calls out, so that nobody can make it call its own neighbours.
//
// A name is resolved once, every address is checked, and the connection goes to an address that
// was checked: a name that answers differently the second time (DNS rebinding) gains nothing.
// Refused are loopback, private, link-local, multicast and reserved ranges, and their forms inside
// IPv6; with `allow_private` only link-local, multicast and what is no host at all. A URL with user
// information is refused. Redirects are followed for GET within the same origin alone.
//
// Thread:  fetch blocks: any thread but the loop, while the loop runs.
// Memory:  one answer of at most `body_bytes_max` per fetch under way.
// Source:  RFC 6890 and the registries of special-purpose addresses that it began.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "http/origin_client.h"

namespace gatehouse::http {

enum class PrivateNetworks : std::uint8_t { refused, allowed };

// Whether a URL that somebody typed in may lead to this address.
bool may_fetch_from(const net::Address& address, PrivateNetworks rule);

class Fetcher {
 public:
  static constexpr int redirects_max = 3;

  struct Options {
    PrivateNetworks private_networks = PrivateNetworks::refused;
    std::uint64_t body_bytes_max = 1024 * 1024;
    // Whom https must prove to be. Null: no https.
    std::shared_ptr<const net::TlsClient> trust;
  };

  // Everything given outlives the fetcher.
  Fetcher(net::Loop& loop, net::Resolver& resolver, Options options);

  // Error: invalid_argument, no URL that may be fetched; forbidden, an address or a redirect that
  //        is not allowed; unavailable, no answer in time or one that is too large.
  Result<Response> get(const std::string& url, std::chrono::milliseconds timeout);
  // `request` has method, headers and body; its target is the URL's.
  Result<Response> fetch(const std::string& url, Request request,
                         std::chrono::milliseconds timeout);
  // Any thread: fetches under way fail now, and later ones at once.
  void stop();

 private:
  const Options options_;
  OriginClient client_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace gatehouse::http
