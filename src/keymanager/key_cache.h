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
// Memory:  at most `entries_max` entries, about 900 bytes each: the answer as a value and as JSON,
//          so that a gateway's question costs no writing.
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
  std::optional<Found> find(std::string_view hash);
  // Appends the same as JSON to `list`; its revocation number. Nothing, when it is not remembered.
  std::optional<std::uint64_t> append_json(std::string_view hash, std::string& list);
  // `revocation`: the newest one in the snapshot that `validation` was read from.
  void put(const std::string& hash, std::uint64_t revocation, const model::Validation& validation);

  void apply(const model::Revocation& revocation);
  // All revocations up to this number have been applied. What is told on the bus may have gaps, and
  // an answer names no number behind one: whoever gets it could think that it knew those before.
  void complete_up_to(std::uint64_t number);

 private:
  struct Entry {
    model::Validation validation;
    std::string json;
    Instant until;
  };
  struct HashOfText {
    using is_transparent = void;
    using is_avalanching = void;  // NOLINT(readability-identifier-naming): Boost asks for it
    std::size_t operator()(std::string_view text) const {
      return boost::hash<std::string_view>()(text);
    }
  };
  using Entries = boost::unordered_flat_map<std::string, Entry, HashOfText, std::equal_to<>>;

  const Entry* find_locked(std::string_view hash);

  const Clock& clock_;
  const std::chrono::seconds lifetime_;

  std::mutex mutex_;
  Entries entries_;             // guarded by mutex_, as are the next
  std::uint64_t applied_ = 0;   // the newest
  std::uint64_t complete_ = 0;  // none is missing up to here
};

}  // namespace gatehouse::keymanager
