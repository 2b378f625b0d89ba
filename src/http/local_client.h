// SPDX-License-Identifier: Apache-2.0
//
// The Client that asks a Handler in this process: no socket, no thread more than the work needs.
//
// Thread:  send: `loop`, which tries try_answer and else waits for `pool`. ask: any pool thread, on
//          which the handler runs; never inside database.write(fn).
// Memory:  one copy of a request that goes to the pool.
#pragma once

#include "http/client.h"
#include "http/handler.h"
#include "net/pool.h"

namespace gatehouse::http {

class LocalClient final : public Client {
 public:
  // All three outlive the client; the pool is stopped before the handler or the loop dies.
  LocalClient(net::Loop& loop, net::Pool& pool, Handler& handler)
      : loop_(loop), pool_(pool), handler_(handler) {}

  net::Task<Result<Response>> send(const Request& request,
                                   std::chrono::milliseconds timeout) override;
  // Runs to the handler's end: `timeout` is the handler's own affair.
  Result<Response> ask(const Request& request, std::chrono::milliseconds timeout) override;

 private:
  net::Loop& loop_;
  net::Pool& pool_;
  Handler& handler_;
};

}  // namespace gatehouse::http
