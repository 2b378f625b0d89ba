// SPDX-License-Identifier: Apache-2.0
//
// Lets a DPoP proof be used once at this gateway. All workers share it, because a copy of a proof
// may come over another connection; parts with a mutex each keep them from waiting for each other.
// Who sends no proofs pays nothing.
//
// Thread:  any; mutexes of docs/locks.md, held for one look-up.
// Memory:  at most `proofs_max` proofs, about 50 bytes each, for as long as a proof may be old.
// When
//          there is no place left, proofs are refused.
// Source:  RFC 9449, section 11.1.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <deque>
#include <mutex>

#include "core/clock.h"
#include "core/digest.h"
#include "jose/dpop.h"

namespace gatehouse::gateway {

class UsedProofs {
 public:
  static constexpr std::size_t parts_count = 16;
  static constexpr std::size_t proofs_max = 1 << 20;
  // A proof may be made ahead of our clock and is taken until it is old.
  static constexpr std::chrono::seconds remembered{2 * jose::dpop_age_max};

  // True for the first use of the proof that `hash` names.
  bool use(const Sha256& hash, Tick now);

 private:
  // A digest is its own hash.
  struct FirstBytes {
    std::size_t operator()(const Sha256& hash) const {
      std::size_t value = 0;
      std::memcpy(&value, hash.data(), sizeof value);
      return value;
    }
  };
  struct Entry {
    Tick until;
    Sha256 hash;
  };
  struct Part {
    std::mutex mutex;
    boost::unordered_flat_set<Sha256, FirstBytes> hashes;  // guarded by mutex
    std::deque<Entry> order;                               // guarded by mutex; oldest first
  };

  std::array<Part, parts_count> parts_;
};

}  // namespace gatehouse::gateway
