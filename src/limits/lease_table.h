// SPDX-License-Identifier: Apache-2.0
//
// The permits that one worker holds, and how a request takes one of each of its limits or none.
//
// A key's first request asks the owner, like a cache miss; requests that find nothing wait for the
// answer, and what comes is set aside for them in the order in which they came. A request is
// refused only after the owner has said "none until T", and that word is kept until T.
//
// An ask that is not answered within `silence` is repeated, and until an answer comes the key's
// owner is silent: nobody waits for it, and each limit's own choice says what becomes of its calls.
// Permits live from the first of these asks on, so that they never outlive the owner's window; what
// comes for an ask that has had its answer goes back.
//
// Thread:  belongs to one event loop; no lock.
// Memory:  at most `keys_max` keys of about 140 bytes; the least recently used go first, their
// permits
//          are returned.
// Cost:    one look-up per limit when permits are at hand; no allocation.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "limits/limit.h"
#include "limits/message.h"
#include "model/snapshot.h"

namespace gatehouse::limits {

class Waiter;

// The limits of one request, in the order in which a refusal is named.
class Permit {
 public:
  static constexpr std::size_t demands_max = 8;

  Permit() = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  void add(const Key& key, const Limit& limit,
           model::WhenSilent when_silent = model::WhenSilent::keep_share);
  // Only between requests: nothing is held and nobody waits.
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }

 private:
  friend class LeaseTable;

  enum class State : std::uint8_t { idle, waiting, held, refused };

  struct Demand {
    Key key;
    Limit limit;
    model::WhenSilent when_silent = model::WhenSilent::keep_share;
    State state = State::idle;
    std::uint64_t window = 0;        // of the permit that is held
    Waiter* waiter = nullptr;        // while waiting
    Demand* next_waiting = nullptr;  // in the queue of the key
  };

  std::array<Demand, demands_max> demands_;
  std::size_t size_ = 0;
};

// Somebody who waits until every limit that lacked a permit has its answer.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Called once, on the loop, when the answers are there: take again.
  virtual void answered() = 0;

 private:
  friend class LeaseTable;
  std::size_t pending_ = 0;
};

enum class Outcome : std::uint8_t {
  all,      // one permit of each was taken
  none,     // refused; nothing was taken
  unknown,  // the owner must be asked: wait(), then take() again
  silent,   // its owner does not answer, and the limit does not let pass; nothing was taken
};

// Where the limit that is nearest to its end stands, for the RateLimit header.
struct Standing {
  std::size_t demand = 0;
  std::uint64_t left = 0;
  std::chrono::milliseconds reset{0};
};

struct Taken {
  Outcome outcome = Outcome::all;
  std::size_t refused = 0;                   // which demand said no, if none or silent
  std::size_t passed = 0;                    // demands without a permit, as their owner is silent
  std::chrono::milliseconds retry_after{0};  // until it may say yes
  Standing standing;                         // if all; size() > 0
};

class LeaseTable {
 public:
  static constexpr std::chrono::seconds silence{1};

  LeaseTable(std::string holder, std::size_t keys_max)
      : holder_(std::move(holder)), keys_max_(keys_max) {}
  LeaseTable(const LeaseTable&) = delete;
  LeaseTable& operator=(const LeaseTable&) = delete;

  Taken take(Permit& permit, Tick now);

  // After `unknown`: queues the request with every key that lacks a permit. `waiter` outlives the
  // wait, or is taken out by forget().
  void wait(Permit& permit, Waiter& waiter, Tick now);
  // The request is gone: it waits no more and what it holds goes back.
  void forget(Permit& permit);

  // An owner's message; waiters whose last answer this was are called before it returns.
  void on_message(const OwnerMessage& message, Tick now);

  // What there is to say to the owner since the last call, to be sent at the end of a loop turn.
  bool has_message() const { return !out_.asks.empty() || !out_.returns.empty(); }
  HolderMessage take_message();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Limit limit;
    std::uint64_t window = 0;
    std::uint64_t permits = 0;     // free to take until `deadline`
    std::uint64_t last_grant = 0;  // spare ones of the last grant; prefetch starts at a quarter
    std::uint64_t left_at_owner = 0;
    std::uint64_t recalled_window = 0;
    std::uint64_t offered = 0;  // calls since `asked_at`, refused ones included
    Tick deadline{};
    Tick refused_until{};
    Tick asked_at{};
    Tick first_asked_at{};  // of the asks with this number
    Tick used_at{};
    bool asking = false;
    bool silent = false;       // an ask was not answered in time, nor any since
    std::uint32_t number = 0;  // of the last ask
    std::uint32_t waiting = 0;
    std::uint32_t asked_for = 0;  // waiters that the ask under way speaks for
    Permit::Demand* first = nullptr;
    Permit::Demand* last = nullptr;
  };

  Entry& entry_of(const Permit::Demand& demand, Tick now);
  void ask(const Key& key, Entry& entry, Tick now);
  bool is_silent(const Key& key, Entry& entry, Tick now);
  void on_grant(const Grant& grant, Tick now);
  void on_recall(const Recall& recall);
  void settle(Permit::Demand& demand, Permit::State state);
  void put_back(Permit::Demand& demand);
  void put_back_all(Permit& permit);
  void evict(Tick now);

  std::string holder_;
  std::size_t keys_max_;
  boost::unordered_flat_map<Key, Entry, KeyHash> entries_;
  std::uint64_t entries_made_ = 0;  // since the start
  std::uint32_t asks_made_ = 0;     // the same, repeated ones apart
  HolderMessage out_;
  std::vector<Waiter*> ready_;
};

}  // namespace gatehouse::limits
