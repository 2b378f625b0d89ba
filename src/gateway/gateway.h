// SPDX-License-Identifier: Apache-2.0
//
// The gateway role: its workers, what they know, and how they begin and end.
//
//   gateway::Gateway gateway(parts, options);
//   GH_CHECK(gateway.start());          // ports are open; ready() once there is a snapshot
//   gateway.wait_for(number, 200ms);    // after a write of the control plane in this process
//   gateway.drain({...});               // until drained(), then
//   gateway.stop();
//
// Thread:  start and stop: the thread that owns it. All else: any thread but a loop.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/metrics.h"
#include "core/random.h"
#include "gateway/feed_client.h"
#include "gateway/options.h"
#include "gateway/worker.h"
#include "http/drain.h"

namespace gatehouse::gateway {

class Gateway {
 public:
  // Everything outlives the gateway. The end is stop(), then Pool::stop() of every pool that works
  // for it, then its destruction: what a pool finishes is posted to the loops.
  struct Parts {
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    bus::Bus& bus;
    net::Pool& files;             // resolves the names of backends
    http::Client& control_plane;  // asked on the feed's own thread
    // Makes a client of the key manager for a worker's loop.
    std::function<std::unique_ptr<http::Client>(net::Loop&)> key_manager;
    // Makes a client of a control plane in another process, at which a question stays open; null:
    // it is in this one.
    std::function<std::unique_ptr<http::Client>(net::Loop&)> watched_control_plane{};
  };

  Gateway(const Parts& parts, Options options);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Error: unavailable "Port 8280 is taken"; as net::Listener::open.
  Result<> start();
  // What is still connected is cut; what was counted is sent if the control plane still answers.
  void stop();

  // The ports that are open, for those that were asked for as 0.
  Ports ports() const;

  // Every worker serves a snapshot, of the control plane or of the disk.
  bool ready() const { return feed_->ready(); }
  std::uint64_t number() const { return feed_->number(); }
  // Null before the first.
  std::shared_ptr<const Snapshot> snapshot() const { return feed_->current(); }
  // When the control plane was last heard; the epoch: not since the start.
  Instant heard_at() const { return feed_->heard_at(); }
  // True once every worker stands at this number of the change log, at once if it does already.
  bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout) {
    return feed_->wait_for(number, timeout);
  }

  void set_tls(const std::shared_ptr<const net::TlsServer>& tls);
  void reopen_log() { access_log_.reopen(); }

  // Leaves as http/drain.h says. drained: nobody is connected any more.
  void drain(const http::DrainOptions& options);
  bool drained() const { return left_.load() == 0; }

 private:
  void add_gauges();
  void collect_usage();

  const Parts parts_;
  const Options options_;
  AccessLog access_log_;
  UsedProofs used_proofs_;
  std::unique_ptr<FeedClient> feed_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::atomic<unsigned> left_;  // workers that have not drained
};

}  // namespace gatehouse::gateway
