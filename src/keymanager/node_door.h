// SPDX-License-Identifier: Apache-2.0
//
// Lets gateways of other machines in: tries the session id first, then Basic, within the same
// request, and serves what is behind it to those who have either.
//
//   Cookie: gatehouse_node=<session>            a session hit: one HMAC
//   Authorization: Basic <node>:<cluster secret>  the fallback; its answer sets the cookie
//
// Behind it is the validation of tokens and nothing else of the key manager's inside.
//
// Thread:  pool threads; what the key manager remembers is answered on the loop.
#pragma once

#include <string>

#include "core/metrics.h"
#include "http/handler.h"
#include "keymanager/node_sessions.h"

namespace gatehouse::keymanager {

class NodeDoor final : public http::Handler {
 public:
  // `secret`: what the nodes of a cluster share. All given outlive the door.
  NodeDoor(http::Handler& inside, const NodeSessions& sessions, std::string_view secret,
           Metrics& metrics);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  // How a node was let in, if it was.
  struct Entry {
    bool by_session = false;
    std::string node;  // that Basic named; gets a session
  };

  std::optional<Entry> open_for(const http::Request& request) const;
  // `served`, counted, with the session that Basic has earned.
  http::Response let_through(const Entry& entry, http::Response served,
                             std::chrono::nanoseconds time);

  http::Handler& inside_;
  const NodeSessions& sessions_;
  const std::string secret_hash_;

  Counter& session_hits_;
  Counter& basic_fallbacks_;
  Counter& refusals_;
  Histogram& session_time_;
  Histogram& basic_time_;
};

}  // namespace gatehouse::keymanager
