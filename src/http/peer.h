// SPDX-License-Identifier: Apache-2.0
//
// Who a request comes from: the socket's address, unless it is a trusted proxy; then the last
// untrusted address of X-Forwarded-For. And what such a proxy says of the client's certificate.
//
// Thread:  pure functions.
#pragma once

#include <span>
#include <string>

#include "http/head.h"
#include "net/address.h"

namespace gatehouse::http {

// An entry that is not an address ends the search: what a proxy wrote before it cannot be believed.
net::Address client_address(const RequestHead& head, const net::Address& socket,
                            std::span<const net::Network> trusted_proxies);

// The bytes that X-WSO2-CLIENT-CERTIFICATE has in base64: DER, if the proxy is right. PEM lines
// around it and percent codes are taken off. Empty without the field, for a repeated one and for
// anything else. Whether the peer may say so, the caller knows.
std::string forwarded_certificate(const RequestHead& head);

}  // namespace gatehouse::http
