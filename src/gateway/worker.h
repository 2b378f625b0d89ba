// SPDX-License-Identifier: Apache-2.0
//
// One event loop of the gateway with everything that its requests touch: connections, pools of
// backends, remembered tokens, a share of every limit, counters. Workers share nothing but
// immutable snapshots; what is new for them is posted.
//
// Thread:  the loop's, except where a function says otherwise. Made and ended while the loop
// stands.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "gateway/access_log.h"
#include "gateway/home_client.h"
#include "gateway/lease_client.h"
#include "gateway/live_calls.h"
#include "gateway/options.h"
#include "gateway/snapshot.h"
#include "gateway/token_journal.h"
#include "gateway/usage_recorder.h"
#include "http/connection.h"
#include "http/upstream.h"
#include "net/condition.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/tls.h"

namespace gatehouse::gateway {

// The snapshot as one worker holds it: counted by the worker's own requests, without atomics.
class SnapshotHold {
 public:
  // `number`: the first snapshot of this worker is 1, and no other has its number.
  SnapshotHold(std::shared_ptr<const Snapshot> root, std::uint64_t number)
      : root_(std::move(root)), number_(number) {}

  const Snapshot* get() const { return root_.get(); }
  std::uint64_t number() const { return number_; }

 private:
  friend class SnapshotUse;
  std::shared_ptr<const Snapshot> root_;
  const std::uint64_t number_;
  std::size_t uses_ = 0;
};

// Keeps a hold alive; it dies with its last use.
class SnapshotUse {
 public:
  SnapshotUse() = default;
  explicit SnapshotUse(SnapshotHold* hold) : hold_(hold) {
    if (hold_ != nullptr) ++hold_->uses_;
  }
  SnapshotUse(const SnapshotUse& other) : SnapshotUse(other.hold_) {}
  SnapshotUse(SnapshotUse&& other) noexcept : hold_(std::exchange(other.hold_, nullptr)) {}
  SnapshotUse& operator=(SnapshotUse other) noexcept {
    std::swap(hold_, other.hold_);
    return *this;
  }
  ~SnapshotUse() {
    if (hold_ != nullptr && --hold_->uses_ == 0) delete hold_;
  }

  const Snapshot* get() const { return hold_ == nullptr ? nullptr : hold_->get(); }
  std::uint64_t number() const { return hold_ == nullptr ? 0 : hold_->number(); }

 private:
  SnapshotHold* hold_ = nullptr;
};

// Series of one worker.
struct WorkerMetrics {
  WorkerMetrics(Metrics& metrics, unsigned worker);

  std::array<Counter*, 6> requests{};  // by the first digit of the status
  Histogram* latency;
  Counter* token_hits;
  Counter* token_misses;
  Counter* home_hits;
  Counter* key_manager_failures;
  Counter* stale_tokens;
  Counter* refused_trials;
  Counter* passed_unlimited;
  Counter* backend_failures;
  Counter* backend_retries;
  Counter* ended_calls;
};

class Worker {
 public:
  struct Parts {
    const Options& options;
    const Clock& clock;
    Metrics& metrics;
    bus::Bus& bus;
    net::Pool& files;  // resolves names
    AccessLog& access_log;
    UsedProofs& used_proofs;  // of all workers
    std::function<std::unique_ptr<http::Client>(net::Loop&)> key_manager;
    std::uint64_t seed;  // of ids that need not be secret
    // Whose home a token is; called on the loops.
    std::function<TokenHome&(const Sha256&)> home_of;
    // Called on the loop when this worker stands at a snapshot.
    std::function<void(unsigned worker, std::uint64_t number)> adopted;
  };

  Worker(const Parts& parts, unsigned number);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before run(). Error: as net::Listener::open.
  Result<> listen(const Ports& ports, net::Listener::Claim claim);
  Ports ports() const;
  // Until stop().
  void run() { loop_.run(); }

  // --- Any thread
  void stop() { loop_.stop(); }
  void publish(std::shared_ptr<const Snapshot> snapshot);
  // In force for every request that begins after this returns.
  void revoke(const model::Revocation& revocation);
  void set_tls(std::shared_ptr<const net::TlsServer> tls);
  // Leaves as http/drain.h says; `over` is called on the loop.
  void drain(const http::DrainOptions& options, std::function<void()> over);
  // Hands over what was counted and learned; called on the loop, with rows and tokens or nothing.
  using Collected = std::function<void(json::array, std::vector<Remembered>)>;
  void collect(Collected collected);
  // Validations of an earlier run, for when no key manager answers.
  void remember(std::shared_ptr<const RememberedTokens> tokens);

  // --- The loop: for serve.cc
  const Options& options() const { return parts_.options; }
  net::Loop& loop() { return loop_; }
  // True once this worker knows of the change; false when the deadline passed first.
  net::Task<bool> stands_at(std::uint64_t change, Tick deadline);
  http::BlockPool& blocks() { return blocks_; }
  http::Drain& drain() { return drain_; }
  http::UpstreamPool& upstreams() { return upstreams_; }
  http::Client& key_manager() { return *key_manager_; }
  HomeClient& keys() { return keys_; }
  TokenHome& home() { return home_; }
  LeaseClient& leases() { return lease_client_; }
  LiveCalls& live_calls() { return live_calls_; }
  Surroundings& surroundings() { return surroundings_; }
  UsageRecorder& usage() { return usage_; }
  AccessLog::Lines& log() { return log_lines_; }
  const WorkerMetrics& metrics() const { return metrics_; }
  // A number for ids that need to be unique, not secret (splitmix64).
  std::uint64_t next_id() {
    std::uint64_t z = id_state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Wall time, read at most once per turn.
  Instant now();
  // The snapshot in force, null before the first one; takes in revocations that came meanwhile.
  SnapshotUse snapshot();
  // What an earlier run knew of a token that the key manager could not be asked about; null, also
  // if it was revoked.
  std::unique_ptr<Token> recall(const Sha256& hash);
  // Goes round the addresses of an API.
  std::size_t next_turn() { return turn_++; }

 private:
  struct News {
    std::mutex mutex;
    std::vector<model::Revocation> revocations;  // guarded by mutex
    std::atomic<bool> waiting{false};            // there are some
  };

  void admit(net::Task<> conversation);
  net::Task<> accept_tls(std::unique_ptr<net::Stream> stream);
  net::Task<> converse(std::unique_ptr<net::Stream> stream);
  void adopt(std::shared_ptr<const Snapshot> snapshot);
  void take_news();
  void apply(const model::Revocation& revocation);
  void learn(const Sha256& hash, const Token& token);
  void tick();
  bool may_connect(const net::Endpoint& endpoint) const;

  const Parts parts_;
  const unsigned number_;
  WorkerMetrics metrics_;
  News news_;

  net::Loop loop_;
  http::BlockPool blocks_;
  http::Drain drain_;
  std::uint64_t id_state_;
  net::Resolver resolver_;
  http::UpstreamPool upstreams_;
  std::unique_ptr<http::Client> key_manager_;
  TokenCache tokens_;
  Revocations revocations_;
  limits::LeaseTable leases_;
  LeaseClient lease_client_;
  TokenTrials trials_;
  Surroundings surroundings_;
  TokenHome home_;
  HomeClient keys_;
  LiveCalls live_calls_;
  UsageRecorder usage_;
  std::vector<Remembered> learned_;                     // since collect()
  std::shared_ptr<const RememberedTokens> remembered_;  // null: none
  AccessLog::Lines log_lines_;
  SnapshotUse snapshot_;
  net::Condition adopted_;  // another snapshot
  std::shared_ptr<const net::TlsServer> tls_;
  Tick now_read_at_{};
  Instant now_{};
  std::size_t turn_ = 0;
  net::Timer tick_;
  std::unique_ptr<net::Listener> plain_;
  std::unique_ptr<net::Listener> secure_;
  bool paused_ = false;
  net::TaskGroup connections_;  // last: they use all of the above while they die
};

}  // namespace gatehouse::gateway
