// SPDX-License-Identifier: Apache-2.0
//
// The calls of one worker that last: streams, uploads, WebSockets. They end with what let them in:
// when their token is revoked or expires, or when a new call like them would be refused.
//
// A short call is noted and forgotten, which costs a few stores. While calls are young, revocations
// and new snapshots are held against all of them together, soon after they came. One that is still
// there after `young_time` is judged again and from then on found by the names that revocations
// have.
//
// Thread:  one event loop.
// Memory:  about 1.2 KiB for each call that lasts (of a user's token, beside its connection),
//          nothing for the others.
// Cost:    a revocation costs what it ends, and one probe for each young call and
//          `check_time`; a new snapshot judges every call that lasts, young ones that are still
//          there after `check_time` included. Whatever the reason, `judged_in_turn_max` are
//          judged in a turn of the loop.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/digest.h"
#include "gateway/token_cache.h"
#include "model/snapshot.h"
#include "net/list.h"
#include "net/loop.h"
#include "net/timer.h"

namespace gatehouse::gateway {

class LiveCalls;

// A call under way, as LiveCalls knows it.
class LiveCall : public net::ListNode {
 public:
  LiveCall();
  LiveCall(const LiveCall&) = delete;
  LiveCall& operator=(const LiveCall&) = delete;

 protected:
  ~LiveCall();

 private:
  friend class LiveCalls;
  struct Held;

  // Whether what let it in is remembered still, so that no revocation can have meant it.
  virtual bool is_remembered() = 0;
  // What would be refused now is ended; else LiveCalls::hold is called, now or later.
  virtual void judge_again() = 0;
  // Its credential is revoked.
  virtual void revoked() = 0;

  Tick began_{};
  std::unique_ptr<Held> held_;  // of one that lasts
};

class LiveCalls : private net::Ready {
 public:
  // After it a call lasts. Most calls are over by then.
  static constexpr std::chrono::milliseconds usual_young_time{1'000};
  // Revocations and snapshots end calls within 50 ms, young ones included.
  static constexpr std::chrono::milliseconds check_time{10};

  // How many of a crowd are judged before others have their turn.
  static constexpr std::size_t judged_in_turn_max = 128;

  explicit LiveCalls(net::Loop& loop, std::chrono::milliseconds young_time = usual_young_time);

  // --- For the call itself
  void begin(LiveCall& call) {
    call.began_ = loop_.tick();
    young_.push_back(call);
    if (!timer_.is_set()) timer_.set(call.began_ + young_time_);
  }
  void end(LiveCall& call) {
    call.unlink();
    if (call.held_) [[unlikely]]
      let_go(call);
  }
  // One that lasts was judged and goes on, until it is judged again at `next`. `token`: who it is,
  // null when no revocation can mean it, or nobody knows.
  void hold(LiveCall& call, const Token* token, const Sha256& hash, Tick next);

  // --- For the worker, which has forgotten what it remembered of the token
  void revoke(const model::Revocation& revocation);
  // Another snapshot is in force.
  void judge_all();

  std::size_t lasting() const { return lasting_count_; }

 private:
  friend class LiveCall;
  using Names = std::multimap<std::string, LiveCall*, std::less<>>;  // "kind:value"

  void grow_old();
  void check_young_soon();
  void check_young();
  void keep(LiveCall& call);
  void judge_soon(LiveCall& call);
  void on_ready() override;
  static void let_go(LiveCall& call);
  void name(LiveCall& call, std::string_view kind, std::string_view value);

  net::Loop& loop_;
  const std::chrono::milliseconds young_time_;
  net::List<LiveCall> young_;  // the oldest first
  net::List<LiveCall> lasting_;
  net::List<LiveCall> unjudged_;  // the others that last: to be judged, each once
  std::size_t lasting_count_ = 0;
  Names names_;
  net::Timer timer_;          // while somebody is young
  net::Timer check_;          // while a revocation or a snapshot is to be held against them
  bool judge_young_ = false;  // at the next check, all that are young: the snapshot is another
};

}  // namespace gatehouse::gateway
