// SPDX-License-Identifier: Apache-2.0
//
// Who a request comes from: the socket's address, unless it is a trusted proxy; then the last
// untrusted address of X-Forwarded-For.
//
// Thread:  pure functions.
#pragma once

#include <span>

#include "http/head.h"
#include "net/address.h"

namespace gatehouse::http {

// An entry that is not an address ends the search: what a proxy wrote before it cannot be believed.
net::Address client_address(const RequestHead& head, const net::Address& socket,
                            std::span<const net::Network> trusted_proxies);

}  // namespace gatehouse::http
