// SPDX-License-Identifier: Apache-2.0
//
// Lets nodes of other machines in, and serves what is behind it to those who are known: by the
// certificate of their connection, or by what they send, the session id first, then Basic, within
// the same request.
//
//   mutual TLS                                  a certificate of the cluster's authority
//   Cookie: gatehouse_node=<session>            a session hit: one HMAC
//   Authorization: Basic <node>:<cluster secret>  the fallback; its answer sets the cookie
//
// Where certificates count, who shows one is known by it or not at all: nothing less is looked at.
//
// What is behind it, and which nodes open it, is the choice of app/node_doors.h.
//
// Thread:  pool threads; what the key manager remembers is answered on the loop.
#pragma once

#include <atomic>
#include <string>

#include "core/metrics.h"
#include "http/handler.h"
#include "keymanager/node_certificates.h"
#include "keymanager/node_sessions.h"

namespace gatehouse::keymanager {

class NodeDoor final : public http::Handler {
 public:
  // What a node may be known by; null: not by this.
  struct Proofs {
    NodeCertificates* certificates = nullptr;
    const NodeSessions* sessions = nullptr;
    std::string secret{};  // that these nodes share; counts with sessions only
    std::string labels{};  // of the door's series, where a node has several doors: `opens="keys"`
  };

  // All given outlive the door.
  NodeDoor(http::Handler& inside, const Proofs& proofs, Metrics& metrics);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  // How a node was let in.
  enum class Proof : std::uint8_t { certificate, session, basic };
  struct Entry {
    Proof by;
    std::string node;  // that Basic named; gets a session
  };

  Result<Entry> open_for(const http::Request& request) const;
  Result<Entry> open_by_secret(const http::Request& request) const;
  // Counted; logged once a second at most, since anybody may come to this door.
  http::Response refuse(const Error& error);
  // `served`, counted, with the session that Basic has earned.
  http::Response let_through(const Entry& entry, http::Response served,
                             std::chrono::nanoseconds time);

  http::Handler& inside_;
  NodeCertificates* const certificates_;
  const NodeSessions* const sessions_;
  const std::string secret_hash_;

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
