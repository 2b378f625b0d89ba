// SPDX-License-Identifier: Apache-2.0
//
// What answers whole requests: the side of the control plane and of every small endpoint.
//
// Thread:  try_answer runs on the loop of the connection and must not wait; handle runs on a thread
//          of the `sql` pool and may.
#pragma once

#include <optional>

#include "http/message.h"

namespace gatehouse::http {

class Handler {
 public:
  virtual ~Handler() = default;

  // An answer from memory, or nothing: then `handle` is called on the pool.
  virtual std::optional<Response> try_answer(const Request&) { return std::nullopt; }
  virtual Response handle(const Request& request) = 0;
};

}  // namespace gatehouse::http
