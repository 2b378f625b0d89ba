// SPDX-License-Identifier: Apache-2.0
//
// The door at which gateways learn: /internal/data/v1, for those who prove that they are one.
//
//   GET /snapshot?environments=A,B             everything, as model/snapshot_lines.h has it; 503
//                                              with Retry-After: two others are answered.
//                                              As it stood at a number from which /changes goes on
//   GET /changes?since=N&tag=T&wait=30s&environments=A,B
//                                              what changed after N; with `wait` the answer may
//                                              take so long to begin, without it comes at once.
//                                              409: N is not a number of the history T; 410: too
//                                              old. Both mean: ask for /snapshot.
//                                              With `node`, its gateway is noted to stand at N
//   GET /revocations?since=R                   {"list":[…]}, at most revocations_max
//
// Ranges are contiguous: the next one begins at this one's `to`, whatever was left out of it.
//
// Snapshots are kept for those who come next (publisher/snapshot_shelf.h).
//
// Thread:  handle on pool threads; wake from any, on the thread of the commit. At most waiters_max
//          calls wait at once, the rest is answered at once; one mutex (docs/locks.md).
// Source:  docs/feed.md.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/handler.h"
#include "publisher/feed_renderer.h"
#include "publisher/gateway_roll.h"
#include "publisher/snapshot_shelf.h"
#include "storage/databases.h"

namespace gatehouse::publisher {

class Feed final : public http::Handler {
 public:
  static constexpr std::size_t changes_max = 1'000;  // of one answer
  static constexpr std::int64_t revocations_max = 10'000;
  static constexpr std::chrono::seconds wait_max{30};
  static constexpr std::size_t waiters_max = 32;  // each has a thread of `sql`, which has 64
  static constexpr std::chrono::minutes lately_max{10};
  static constexpr std::size_t kinds_max = SnapshotShelf::kinds_max;
  static constexpr std::size_t entries_small = 100;  // of a range that is little

  // `issuer`: of our tokens, as gateways compare it.
  Feed(storage::Databases& databases, const Clock& clock, std::string issuer);
  // Lets every waiting call answer.
  ~Feed() override;

  http::Response handle(const http::Request& request) override;

  // The environments of each kind of gateway that has asked within `lately_max`.
  std::vector<std::vector<std::string>> asked_lately() const;
  // What a gateway that stands at `since` would hear, if it is little; nothing, when it is much.
  Result<std::optional<model::FeedRange>> small_range(const std::vector<std::string>& environments,
                                                      std::uint64_t since);

  // A change of this number was committed.
  void wake(std::uint64_t number);
  // Lets every waiting call answer now, and later ones at once.
  void stop();

 private:
  struct Question;

  Result<http::Response> snapshot(const Question& question);
  Result<WholeSnapshot> render_whole(const std::vector<std::string>& environments);
  // One from which /changes goes on; without lines, when there is none.
  Result<WholeSnapshot> kept_whole(const std::vector<std::string>& environments);
  Result<http::Response> changes(const Question& question);
  Result<http::Response> revocations(const Question& question);
  Result<std::optional<http::Response>> short_answer(const Question& question);
  // Calls `render` with a transaction and a view of the tenants that is not older than its log.
  template <typename Value, typename Render>
  Result<Value> rendered(const std::vector<std::string>& environments, Render render);
  Result<FeedRenderer::View> view(const std::vector<std::string>& environments);
  http::Response busy() const;
  void note(const Question& question);
  void note_stand(const Question& question, int status);
  // Returns once something newer than `number` was committed, or `wait` has passed.
  void wait_beyond(std::uint64_t number, std::chrono::milliseconds wait);

  storage::Database& api_manager_;
  storage::Database& user_manager_;
  const Clock& clock_;
  GatewayRoll gateways_;
  const std::string issuer_;
  SnapshotShelf shelf_;

  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t newest_ = 0;  // guarded by mutex_, as is the next
  std::size_t waiters_ = 0;
  bool stopped_ = false;
  std::map<std::vector<std::string>, Tick> asked_;  // when, by environments
};

}  // namespace gatehouse::publisher
