// SPDX-License-Identifier: Apache-2.0
//
// Lets nodes of other machines in, and serves what is behind it to those who are known: by the
// certificate of their connection, or by what they send, the session id first, then Basic, within
// the same request.
//
//   mutual TLS                                a certificate of the cluster's authority
//   Cookie: gatehouse_node=<session>          a session hit: one HMAC
//   Authorization: Basic <node>:<credential>  the fallback; its answer sets the cookie
//
// Where certificates count, who shows one is known by it or not at all: nothing less is looked at.
// A session opens no more than the credential that has earned it, and no longer; with the
// credential it is revoked.
//
// What is behind the door learns who asks, and judges by it what it says (Peer::node). An answer
// that came late, as to who waits for changes, is only given to whom the door would still let in.
//
// What is behind it, and which nodes open it, is the choice of app/node_doors.h.
//
// Thread:  pool threads; what the key manager remembers is answered on the loop.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "core/metrics.h"
#include "http/handler.h"
#include "keymanager/node_certificates.h"
#include "keymanager/node_passes.h"
#include "keymanager/node_revocations.h"

namespace gatehouse::keymanager {

class NodeDoor final : public http::Handler {
 public:
  // What a node may be known by; null: not by this.
  struct Proofs {
    NodeCertificates* certificates = nullptr;
    // These three go together.
    const NodePasses* credentials = nullptr;
    const NodePasses* sessions = nullptr;
    const NodeRevocations* revocations = nullptr;
    std::string labels{};  // of the door's series, where a node has several doors: `opens="keys"`
  };
  static constexpr std::chrono::hours session_lifetime{1};

  // All given outlive the door.
  NodeDoor(http::Handler& inside, const Proofs& proofs, const Clock& clock, Metrics& metrics);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  // How a node was let in.
  enum class Proof : std::uint8_t { certificate, session, basic };
  struct Entry {
    Proof by;
    NodePass pass;  // of a certificate the node alone
  };

  Result<Entry> open_for(const http::Request& request) const;
  Result<Entry> open_by_pass(const http::Request& request) const;
  // A pass that was made for this door and is not revoked.
  Result<NodePass> believe(const NodePasses& passes, std::string_view text) const;
  void give_session(const NodePass& credential, http::Response& response) const;
  // Counted; logged once a second at most, since anybody may come to this door.
  http::Response refuse(const Error& error);
  // `served`, counted, with the session that Basic has earned.
  http::Response let_through(const Entry& entry, http::Response served,
                             std::chrono::nanoseconds time);

  http::Handler& inside_;
  const Proofs proofs_;
  const Clock& clock_;

  std::atomic<std::int64_t> logged_second_{0};

  Counter& mtls_hits_;
  Counter& session_hits_;
  Counter& basic_fallbacks_;
  Counter& refusals_;
  Histogram& mtls_time_;
  Histogram& session_time_;
  Histogram& basic_time_;
};

}  // namespace gatehouse::keymanager
