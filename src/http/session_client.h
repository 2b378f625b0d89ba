// SPDX-License-Identifier: Apache-2.0
//
// Asks equal peers on behalf of a node. A question, which is a request below /internal/, carries
// Basic credentials and, once a peer has given one, the session cookie: a peer that knows the
// session does not look at the rest, and one that does not falls back to Basic within the same
// request. A node that is known by the certificate of its connections has neither. Other requests
// are somebody else's: they pass as they are, with the address of whoever sent them.
//
// A peer that does not answer, does not know this node, or says 502, 503 or 504, is passed over. A
// question goes to the next one at once, so it may arrive twice; what is passed on for others goes
// to the next one only if nothing of it was sent.
//
// Thread:  send: the loop of the peers, and that of this client. ask: any thread but the loop. One
//          mutex (docs/locks.md).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"

namespace gatehouse::http {

// A field of answers that says: you are not known here, whoever sent you.
inline constexpr std::string_view node_refused_field = "Gatehouse-Node";
inline constexpr std::string_view node_refused = "refused";

class SessionClient final : public Client {
 public:
  static bool is_question(const Request& request) {
    return request.target.starts_with("/internal/");
  }

  // How long a peer that says nothing is waited for: its part of the timeout, so that the others
  // are asked in time, or all of it, where an answer may well take that long.
  enum class Patience : std::uint8_t { part, whole };

  // The value of the header at this moment; empty: none, and no session. Any thread.
  using Authorization = std::function<std::string()>;

  // `peers`: at least one.
  SessionClient(std::vector<std::unique_ptr<Client>> peers, Authorization authorization,
                Patience patience = Patience::part);

  net::Task<Result<Response>> send(const Request& request,
                                   std::chrono::milliseconds timeout) override;
  Result<Response> ask(const Request& request, std::chrono::milliseconds timeout) override;

 private:
  struct Attempt {
    std::size_t peer;
    Request request;
  };

  // Whom to ask next, and what.
  Attempt attempt(const Request& request);
  std::size_t attempts_for(const Request& request) const;
  std::chrono::milliseconds time_of(std::size_t attempts, std::chrono::milliseconds timeout) const;
  // False when the next peer should be asked.
  bool take_in(const Attempt& attempt, Result<Response>& response);

  const std::vector<std::unique_ptr<Client>> peers_;
  const Authorization authorization_;
  const Patience patience_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::size_t current_ = 0;  // the peer that answered last
  std::string shown_;        // the authorization of the last question
  std::string session_;      // that it has earned, "name=value", or empty
};

}  // namespace gatehouse::http
