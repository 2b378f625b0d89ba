// SPDX-License-Identifier: Apache-2.0
//
// Asks another role: over a pooled connection, or in this process. Which of the two is decided in
// app/roles.cc and visible nowhere else.
//
// Thread:  send is awaited on an event loop; ask blocks a pool thread and is never called on a
// loop.
//          In process, ask runs the callee on the calling thread.
// Error:   unavailable, when no answer arrived: refused, cut or late; with the number `unsent` when
//          nothing of the request has left, so that it may go elsewhere without arriving twice. A
//          status of the peer, 500 included, is an answer.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/error.h"
#include "http/message.h"
#include "net/task.h"

namespace gatehouse::http {

inline constexpr std::uint32_t unsent = 1;

class Client {
 public:
  virtual ~Client() = default;

  // `request` is kept alive by the caller until the task ends.
  virtual net::Task<Result<Response>> send(const Request& request,
                                           std::chrono::milliseconds timeout) = 0;
  virtual Result<Response> ask(const Request& request, std::chrono::milliseconds timeout) = 0;
};

}  // namespace gatehouse::http
