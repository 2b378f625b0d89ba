// SPDX-License-Identifier: Apache-2.0
//
// Asks any origin over the network: whole messages on pooled connections, plain or TLS.
//
// A request whose pooled connection turns out to be dead is repeated once on a new one, if its
// method is idempotent. Answers beyond `body_bytes_max` are an error, not a truth cut short.
//
// Thread:  send: the loop. ask: any thread but the loop, while the loop runs.
// Memory:  one answer per request under way.
#pragma once

#include <chrono>
#include <cstdint>

#include "http/message.h"
#include "http/upstream.h"
#include "net/task.h"

namespace gatehouse::http {

class OriginClient {
 public:
  struct Options {
    std::uint64_t body_bytes_max = 64 * 1024 * 1024;
    UpstreamPool::Options pool{};
  };

  // Everything given outlives the client.
  OriginClient(net::Loop& loop, net::Resolver& resolver, Options options);

  // As http/client.h; `origin` and `request` live until the answer.
  net::Task<Result<Response>> send(const Origin& origin, const Request& request,
                                   std::chrono::milliseconds timeout);
  Result<Response> ask(const Origin& origin, const Request& request,
                       std::chrono::milliseconds timeout);
  // Any thread, while the loop runs: what is being asked fails now.
  void cancel_asked();

 private:
  struct Question;
  struct Exchange {
    const std::string& head;
    const Request& request;
    Tick deadline;
  };

  net::Task<Result<Response>> exchange(Upstream& upstream, const Exchange& exchange);
  net::Task<> answer(std::unique_ptr<Question> question);

  net::Loop& loop_;
  const Options options_;
  BlockPool blocks_;
  UpstreamPool pool_;
  net::TaskGroup questions_;
};

}  // namespace gatehouse::http
