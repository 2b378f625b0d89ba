// SPDX-License-Identifier: Apache-2.0
//
// The Client that asks one origin over the network.
//
// Thread:  send: the loop. ask: any thread but the loop, while the loop runs.
#pragma once

#include "http/client.h"
#include "http/origin_client.h"

namespace gatehouse::http {

class PooledClient final : public Client {
 public:
  using Options = OriginClient::Options;

  // Everything given outlives the client.
  PooledClient(net::Loop& loop, net::Resolver& resolver, Origin origin, Options options)
      : origin_(std::move(origin)), client_(loop, resolver, std::move(options)) {}

  net::Task<Result<Response>> send(const Request& request,
                                   std::chrono::milliseconds timeout) override {
    return client_.send(origin_, request, timeout);
  }
  Result<Response> ask(const Request& request, std::chrono::milliseconds timeout) override {
    return client_.ask(origin_, request, timeout);
  }

 private:
  const Origin origin_;
  OriginClient client_;
};

}  // namespace gatehouse::http
