// SPDX-License-Identifier: Apache-2.0
//
// Asks equal peers on behalf of a node. A question, which is a request below /internal/, carries
// Basic credentials and, once a peer has given one, the session cookie: a peer that knows the
// session does not look at the rest, and one that does not falls back to Basic within the same
// request. A node that is known by the certificate of its connections has neither. Other requests
// are somebody else's, and pass as they are.
//
// A peer that does not answer, or says 502, 503 or 504, is passed over. A question goes to the next
// one at once, so it may arrive twice; what is passed on for others is sent once.
//
// Thread:  send: the loop of the peers, and that of this client. ask: any thread but the loop; it
//          knows no session.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"

namespace gatehouse::http {

class SessionClient final : public Client {
 public:
  static bool is_question(const Request& request) {
    return request.target.starts_with("/internal/");
  }

  // `peers`: at least one. `authorization`: the value of the header; empty: none, and no session.
  SessionClient(std::vector<std::unique_ptr<Client>> peers, std::string authorization);

  // Each peer gets its part of `timeout`.
  net::Task<Result<Response>> send(const Request& request,
                                   std::chrono::milliseconds timeout) override;
  Result<Response> ask(const Request& request, std::chrono::milliseconds timeout) override;

 private:
  Request with_credentials(const Request& request, std::string_view session) const;
  std::size_t attempts_for(const Request& request) const;

  const std::vector<std::unique_ptr<Client>> peers_;
  const std::string authorization_;

  // Owned by the loop.
  std::size_t current_ = 0;  // the peer that answered last
  std::string session_;      // "name=value", or empty
};

}  // namespace gatehouse::http
