// SPDX-License-Identifier: Apache-2.0
//
// Opens a connection to an address that is already known (resolver.h), encrypted if wanted.
//
// Thread:  one event loop.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "net/address.h"
#include "net/stream.h"
#include "net/tls.h"

namespace gatehouse::net {

struct ConnectOptions {
  Tick deadline = never;                 // of everything together; stays the stream's deadline
  std::shared_ptr<const TlsClient> tls;  // null: plain
  std::string server_name;               // of the peer's certificate, and SNI; only with tls
};

// Tries the endpoints in their order, and returns the first connection that stands. The arguments
// live until the task ends.
// Error: unavailable, with the last reason; detail names the address.
Task<Result<std::unique_ptr<Stream>>> connect(Loop& loop, std::span<const Endpoint> endpoints,
                                              const ConnectOptions& options);

}  // namespace gatehouse::net
