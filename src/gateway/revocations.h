// SPDX-License-Identifier: Apache-2.0
//
// Which tokens are revoked, as one worker knows it.
//
// They serve three questions: may a JWT that verifies still pass; may a verdict of the key manager,
// made before a revocation came by, be believed; and which remembered tokens must go.
//
// Thread:  belongs to one event loop.
// Memory:  one entry per revocation until its last token has expired, at least `kept_min`.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/digest.h"
#include "gateway/token_cache.h"
#include "model/snapshot.h"

namespace gatehouse::gateway {

// The digest that 64 hexadecimal digits stand for; nothing for any other text.
std::optional<Sha256> sha256_from_hex(std::string_view text);

enum class Revoked : std::uint8_t {
  no,
  yes,
  ask_again,  // the user or tenant changed: scopes may have gone, and only the key manager knows
};

class Revocations {
 public:
  // A verdict on its way is never held back longer than this.
  static constexpr std::chrono::seconds kept_min{60};

  void add(const model::Revocation& revocation, Instant now);

  // `after`: only revocations with a higher number count; 0: all of them.
  Revoked check(const Sha256& hash, const Token& token, std::uint64_t after) const;

  // True when `revocation` means this token.
  static bool means(const model::Revocation& revocation, std::string_view hash_hex,
                    const Token& token);

  // The highest number that was added.
  std::uint64_t number() const { return number_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t number;
    Instant issued_before;
    Instant kept_until;
  };

  bool has(std::string_view kind, std::string_view value, Instant issued_at,
           std::uint64_t after) const;
  void sweep(Instant now);

  boost::unordered_flat_map<std::string, Entry> entries_;  // by "kind:value"
  std::uint64_t number_ = 0;
  Instant swept_at_{};
};

}  // namespace gatehouse::gateway
