// SPDX-License-Identifier: Apache-2.0
//
// How many unknown tokens a client's address may try: each one costs a verification or a question
// to the key manager, and who guesses is slowed down to nothing.
//
// A trial is taken before the token is checked, so that many at once count, too, and given back if
// the token turns out to be somebody's. A client may try `per_minute` at once, and gets them back
// evenly over a minute.
//
// Thread:  belongs to one event loop.
// Memory:  at most `clients_max` addresses of about 40 bytes; those that tried least go first.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>

#include "core/clock.h"
#include "core/metrics.h"
#include "net/address.h"

namespace gatehouse::gateway {

class TokenTrials {
 public:
  static constexpr std::size_t clients_max = 10'000;

  // 0: as many as one likes. `refusals` counts the trials that were refused, and outlives this.
  TokenTrials(std::uint32_t per_minute, Counter& refusals);

  // Zero when a trial was taken, or how long the client must wait for the next one.
  std::chrono::milliseconds take(const net::Address& client, Tick now);
  // The token was known, or nobody could say.
  void give_back(const net::Address& client);

  std::size_t size() const { return busy_until_.size(); }

 private:
  struct HashOfAddress {
    std::size_t operator()(const net::Address& address) const;
  };

  void make_room(Tick now);

  const Tick::duration interval_;  // of one trial; zero: no limit
  Counter& refusals_;
  // When the last of the trials that were taken is forgotten (GCRA), by client_key().
  boost::unordered_flat_map<net::Address, Tick, HashOfAddress> busy_until_;
};

}  // namespace gatehouse::gateway
