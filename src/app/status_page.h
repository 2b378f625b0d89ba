// SPDX-License-Identifier: Apache-2.0
//
// The private port of a node: GET /healthz (alive), /readyz (serving, with change number and age;
// ?at=N waits up to a second for number N), /metrics (Prometheus text) and, of a gateway, /snapshot
// (a digest of what it knows). Nothing else.
//
// Thread:  any; all but ?at= and /snapshot answers on the loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/metrics.h"
#include "gateway/snapshot.h"
#include "http/handler.h"

namespace gatehouse::app {

// How far the gateway of this node is.
struct Readiness {
  bool ready = false;
  std::uint64_t number = 0;
  std::chrono::milliseconds age{0};  // since the control plane last confirmed it
};

class StatusPage final : public http::Handler {
 public:
  using Read = std::function<Readiness()>;
  // Waits until the gateway stands at the number; false when the time is over.
  using Wait = std::function<bool(std::uint64_t number, std::chrono::milliseconds timeout)>;

  // Null when there is no gateway, or it knows nothing yet.
  using Known = std::function<std::shared_ptr<const gateway::Snapshot>()>;

  StatusPage(const Metrics& metrics, Read read, Wait wait, Known known)
      : metrics_(metrics),
        read_(std::move(read)),
        wait_(std::move(wait)),
        known_(std::move(known)) {}

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  http::Response readiness() const;
  http::Response snapshot() const;

  const Metrics& metrics_;
  const Read read_;
  const Wait wait_;
  const Known known_;
};

}  // namespace gatehouse::app
