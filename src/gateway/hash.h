// SPDX-License-Identifier: Apache-2.0
//
// The hash of names in a snapshot. It can be taken of every prefix of a path in one pass.
//
// What is hashed by it is either from the control plane or only looked up, so it need not withstand
// an attacker.
//
// Thread:  pure functions.
// Source:  FNV-1a, with the finisher of MurmurHash3.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::gateway {

class TextHash {
 public:
  constexpr void add(char c) {
    state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  constexpr void add(std::string_view text) {
    for (const char c : text) add(c);
  }
  // Of what was added so far; more may follow.
  constexpr std::uint64_t value() const {
    std::uint64_t hash = state_;
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return hash ^ (hash >> 33);
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

constexpr std::uint64_t hash_of(std::string_view text) {
  TextHash hash;
  hash.add(text);
  return hash.value();
}

// Of a pair whose members have been hashed before; the order counts.
constexpr std::uint64_t hash_of(std::uint64_t first, std::uint64_t second) {
  const std::uint64_t mixed =
      (first ^ (second + 0x9e3779b97f4a7c15ULL + (first << 6))) * 0xff51afd7ed558ccdULL;
  return mixed ^ (mixed >> 32);
}

}  // namespace gatehouse::gateway
