// SPDX-License-Identifier: Apache-2.0
//
// What answers whole requests: the side of the control plane and of every small endpoint.
//
// Thread:  try_answer, gathers and pool_of run on the loop of the connection and must not wait;
//          handle and handle_all run on a thread of a pool and may.
#pragma once

#include <optional>
#include <span>
#include <vector>

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

  // For a request that costs less in company (it shares look-ups and a commit with others of its
  // kind), the handler whose handle_all takes them, on the pool of whoever serves; otherwise null.
  virtual Handler* gathers(const Request&) { return nullptr; }
  // One answer for each, in their order.
  virtual std::vector<Response> handle_all(std::span<const Request* const> requests) {
    std::vector<Response> answers;
    for (const Request* const request : requests) answers.push_back(handle(*request));
    return answers;
  }
};

}  // namespace gatehouse::http
