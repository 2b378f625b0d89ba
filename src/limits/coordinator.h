// SPDX-License-Identifier: Apache-2.0
//
// The owner's side of limits: for each key, how many permits of the present window are granted.
//
// The sum of what is granted never exceeds the quota, so no set of holders can spend more, whatever
// is lost, late or repeated. A holder gets its share of what it is likely to need; near the end of
// the quota it gets no more than what waits, and what others hold is called back before anybody is
// refused: the first `quota` calls of a window pass, through whichever holders they come.
//
// Reservations run ahead of grants and are written down before the grants leave (see
// take_reservations), so a restarted owner never grants twice.
//
// Thread:  one; a state machine without input or output of its own.
// Memory:  at most `keys_max` keys of about 200 bytes; a key whose window has passed is forgotten.
// Source:  DESIGN: leases of aligned windows; generic cell rate algorithm for buckets.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "limits/limit.h"
#include "limits/message.h"

namespace gatehouse::limits {

// At most `permits` of this window will be granted before another reservation is written.
struct Reservation {
  Key key;
  std::uint64_t window = 0;
  std::chrono::milliseconds span{0};
  std::uint64_t permits = 0;
};

class Coordinator {
 public:
  struct Options {
    std::size_t keys_max = 1'000'000;
    // After a crash, its instant: windows below 10 s and buckets are not reserved, so they stay
    // closed until the next window begins.
    Instant crashed_at{};
  };

  explicit Coordinator(Options options) : options_(options) {}
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Before the first message: what a former run may have granted.
  void restore(const Reservation& reservation);
  // What a journal must hold now: every reservation in force, or, before a clean stop, exactly what
  // has been granted.
  enum class Extent : std::uint8_t { reserved, granted };
  std::vector<Reservation> reservations(Extent extent) const;

  void on_message(const HolderMessage& message, Instant now);
  // Every 50 ms: recalls without an answer are given up; windows that have passed are forgotten,
  // and holders that have said nothing for an hour: what they held counts as spent.
  void on_tick(Instant now);

  // What must be durable before the messages below are sent.
  std::vector<Reservation> take_reservations() { return std::exchange(reservations_, {}); }
  // The answers since the last call, by the name of the holder.
  std::vector<std::pair<std::string, OwnerMessage>> take_messages();

  std::size_t size() const { return accounts_.size(); }

 private:
  using HolderIndex = std::uint32_t;

  struct Holder {
    std::string name;  // empty: this place is free
    Instant heard_at{};
    OwnerMessage out;
  };
  struct Holding {
    HolderIndex holder = 0;
    bool recalling = false;
    bool drained = false;           // a recall has brought back all it could
    std::uint64_t outstanding = 0;  // granted in this window and not returned
    std::uint32_t rate = 0;
  };
  struct Pending {
    HolderIndex holder = 0;
    std::uint32_t need = 0;
    std::uint32_t number = 0;  // of the ask
  };
  struct Account {
    Limit limit;
    std::uint64_t window = 0;
    std::uint64_t granted = 0;
    std::uint64_t reserved = 0;
    std::chrono::sys_time<std::chrono::microseconds>
        full_at{};  // buckets: when it will be full again
    Instant recalled_at{};
    std::vector<Holding> holdings;
    std::vector<Pending> pending;  // asks that wait for a recall

    void forget_holdings();  // another window has begun
  };

  HolderIndex index_of(std::string_view name);
  void forget_silent_holders(Instant now);
  Account* account_of(const Ask& ask, Instant now);
  void roll(Account& account, Instant now) const;
  void on_ask(const Ask& ask, HolderIndex holder, Instant now);
  void on_return(const Return& item, HolderIndex holder, Instant now);
  void grant_from_bucket(const Ask& ask, Account& account, HolderIndex holder, Instant now);
  std::uint64_t share_of(const Account& account, const Holding& holding) const;
  bool is_closed(const Limit& limit, Instant now) const;
  bool is_small(const Account& account) const;
  void grant(const Key& key, Account& account, Pending pending, Instant now);
  bool recall_others(const Key& key, Account& account, Instant now);
  void serve_pending(const Key& key, Account& account, Instant now);
  void reserve(const Key& key, Account& account);
  static Holding& holding_of(Account& account, HolderIndex holder);

  Options options_;
  std::vector<Holder> holders_;
  std::size_t holders_free_ = 0;
  boost::unordered_flat_map<Key, Account, KeyHash> accounts_;
  std::vector<Reservation> reservations_;
};

// The number of the window that contains `now`, and what is left of it.
std::uint64_t window_at(std::chrono::milliseconds span, Instant now);
std::chrono::milliseconds window_rest(std::chrono::milliseconds span, Instant now);

}  // namespace gatehouse::limits
