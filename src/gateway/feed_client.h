// SPDX-License-Identifier: Apache-2.0
//
// How a gateway learns: it pulls what changed, hands each new snapshot to the workers, and keeps it
// on disk; it takes in revocations; and it sends what was counted.
//
// Small changes travel on the bus themselves, and are taken in if they begin where this gateway
// stands or before; other hints make it pull. It also pulls every `poll`, so a lost hint costs no
// more, and keeps a question open at a control plane of another process. Revocations travel on the
// bus whole and are in force before the bus returns; gaps in their numbers are filled from the
// feed.
//
// Thread:  a thread of its own, which may block, from start() to stop(). wait_for, nudge and
//          add_usage: any thread but a loop. One mutex (docs/locks.md).
// Source:  docs/feed.md.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bus/bus.h"
#include "core/clock.h"
#include "gateway/feed_watch.h"
#include "gateway/snapshot.h"
#include "gateway/snapshot_store.h"
#include "gateway/token_journal.h"
#include "http/client.h"

namespace gatehouse::gateway {

class FeedClient {
 public:
  struct Parts {
    http::Client& control_plane;
    bus::Bus& bus;
    const Clock& clock;
    std::string node;
    std::string snapshot_folder;
    bool keeps_tokens = false;  // in a journal beside the snapshot
    std::vector<std::string> environments;
    TlsTrust backend_trust;
    std::chrono::milliseconds poll{500};
    // Makes the client that keeps a question open; null: nobody does.
    std::function<std::unique_ptr<http::Client>(net::Loop&)> watched;
    // Called on the feed's thread, or the bus's for revocations.
    std::function<void(std::shared_ptr<const Snapshot>)> publish;
    std::function<void(const model::Revocation&)> revoke;
    // Called once the control plane was asked: whatever it revoked meanwhile is known, or nobody
    // can say.
    std::function<void(std::shared_ptr<const RememberedTokens>)> remember;
    // Asks the workers for what they counted and learned; they call add_usage and add_tokens.
    std::function<void()> collect_usage;
    unsigned workers = 1;
  };
  explicit FeedClient(Parts parts);
  ~FeedClient() { stop(); }
  FeedClient(const FeedClient&) = delete;
  FeedClient& operator=(const FeedClient&) = delete;

  // Publishes what the disk knows, then goes on by itself.
  void start();
  // Sends what add_usage gave until now, if anybody answers, and ends the thread.
  void stop();

  // A worker stands at this snapshot.
  void adopted(unsigned worker, std::uint64_t number);
  // Rows of usage to be sent.
  void add_usage(json::array rows);
  // Validations to be kept.
  void add_tokens(std::vector<Remembered> learned);
  // Pulls now.
  void nudge();

  // True once every worker stands at `number` or beyond; false when `timeout` passes first.
  bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout);
  // Every worker has a snapshot.
  bool ready() const;
  // The lowest number that a worker stands at.
  std::uint64_t number() const;
  // What the newest of the workers stand at, null before the first.
  std::shared_ptr<const Snapshot> current() const;
  // When the control plane was last heard; the epoch: not yet.
  Instant heard_at() const;

 private:
  struct Batch {
    std::int64_t sequence;
    json::array rows;
    json::array api_keys;  // when keys were used
    bool sent = false;     // perhaps it was taken: nothing may be added
  };
  static constexpr std::size_t batch_rows_max = 5'000;
  static constexpr std::chrono::seconds keys_every{2};  // look for keys that were used
  static constexpr std::size_t batches_max = 600;       // kept while nobody takes them
  static constexpr std::size_t pulls_max = 1'000;       // ranges in a row before usage has its turn
  static constexpr std::size_t told_ranges_max = 64;    // on their way; then it pulls

  void load();
  void run();
  void pull();
  Result<bool> pull_once();
  Result<bool> pull_whole();
  std::string question(std::string_view resource) const;
  std::string changes_question(std::uint64_t since, std::string_view tag) const;
  Result<http::Response> get(const std::string& target);
  Result<http::Response> get(const std::string& target, std::chrono::seconds timeout);
  void on_hint(std::string_view message);
  bool on_changes(std::string_view message);
  std::string watched_question() const;
  bool take_told();
  bool take_in_range(model::FeedRange& range);
  void take_in(std::shared_ptr<const Snapshot> next);
  Result<> pull_revocations(std::uint64_t newest);
  void on_revocation(std::string_view message);
  void revoke(const model::Revocation& revocation);
  void keep_revocations();
  void save();
  void begin_base();
  void note_base(const Result<>& outcome);
  void save_tokens();
  void send_usage();
  void fill_batches();
  void add_used_keys();
  Result<> send(Batch& batch);
  std::uint64_t lowest() const;

  const Parts parts_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;     // for the thread
  std::condition_variable adopted_;  // for wait_for
  bool hinted_ = false;              // guarded by mutex_, as are the next
  std::vector<model::FeedRange> told_ranges_;
  std::uint64_t told_up_to_ = 0;  // what was heard of, taken in or not
  bool stopping_ = false;
  std::vector<std::uint64_t> stands_at_;  // by worker
  std::vector<bool> stands_;              // has a snapshot at all
  Instant heard_at_{};
  std::vector<model::Revocation> told_;  // by the bus, not kept yet
  std::vector<json::array> counted_;     // usage on its way
  std::vector<Remembered> learned_;      // not kept yet
  std::shared_ptr<const Snapshot> published_;

  // Owned by the thread.
  bool whole_wanted_ = false;  // the disk was written by a version that knew other kinds
  SnapshotStore store_;
  TokenJournal tokens_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::shared_ptr<const Snapshot>> former_;  // freed here, not on a loop
  std::vector<model::Revocation> revocations_;           // whose tokens still live
  std::uint64_t revoked_up_to_ = 0;                      // every number up to here is known
  std::deque<Batch> batches_;
  std::int64_t sequence_ = 0;
  Tick collected_at_{};
  Tick pulled_at_{};
  Tick base_after_{};   // none is begun before
  Tick whole_after_{};  // the control plane is busy with the snapshots of others
  std::chrono::seconds patience_{1};
  Instant keys_seen_at_{};  // uses up to here are on their way
  bool reachable_ = true;

  std::unique_ptr<bus::Subscription> hints_;
  std::unique_ptr<bus::Subscription> changes_;
  std::unique_ptr<bus::Subscription> revoked_;
  std::unique_ptr<FeedWatch> watch_;
  std::thread thread_;
};

}  // namespace gatehouse::gateway
