// SPDX-License-Identifier: Apache-2.0
//
// What answers whole requests: the side of the control plane and of every small endpoint.
//
// Thread:  try_answer and pool_of run on the loop of the connection and must not wait; handle runs
//          on a thread of a pool and may.
#pragma once

#include <optional>

#include "http/message.h"
#include "net/pool.h"

namespace gatehouse::http {

class Handler {
 public:
  virtual ~Handler() = default;

  // An answer from memory, or nothing: then `handle` is called on the pool.
  virtual std::optional<Response> try_answer(const Request&) { return std::nullopt; }
  virtual Response handle(const Request& request) = 0;

  // The pool that `handle` of this request belongs to; null: that of whoever serves.
  virtual net::Pool* pool_of(const Request&) { return nullptr; }
};

}  // namespace gatehouse::http
