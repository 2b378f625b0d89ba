// SPDX-License-Identifier: Apache-2.0
//
// Validations that the key manager remembers when `key_manager.key_cache` is on, by the hash of the
// token.
//
// An entry goes in only if no revocation has been applied since its snapshot was read, and goes out
// when a revocation names it; so an answer from here is true at `applied`, the number of the newest
// revocation that this cache has seen.
//
// Thread:  any; one mutex (docs/locks.md).
// Memory:  at most `entries_max` entries, about 400 bytes each.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <optional>
#include <string>

#include "model/snapshot.h"

namespace gatehouse::keymanager {

class KeyCache {
 public:
  static constexpr std::size_t entries_max = 100'000;

  KeyCache(const Clock& clock, std::chrono::seconds lifetime);

  // The number of the newest revocation that is known to have happened before serving begins.
  void begin_at(std::uint64_t revocation);

  struct Found {
    std::uint64_t revocation;
    model::Validation validation;
  };
  std::optional<Found> find(const std::string& hash);
  // `revocation`: the newest one in the snapshot that `validation` was read from.
  void put(const std::string& hash, std::uint64_t revocation, const model::Validation& validation);

  void apply(const model::Revocation& revocation);

 private:
  struct Entry {
    model::Validation validation;
    Instant until;
  };

  const Clock& clock_;
  const std::chrono::seconds lifetime_;

  std::mutex mutex_;
  boost::unordered_flat_map<std::string, Entry> entries_;  // guarded by mutex_
  std::uint64_t applied_ = 0;                              // guarded by mutex_
};

}  // namespace gatehouse::keymanager
