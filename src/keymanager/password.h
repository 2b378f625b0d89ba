// SPDX-License-Identifier: Apache-2.0
//
// Hashes and checks passwords on the thread that asks, a few at once, because each takes tens of
// milliseconds of a core and megabytes.
//
// Thread:  any that may block.
// Memory:  `memory_kib` for each turn that is taken.
// Error:   exhausted, when too many wait already.
// Source:  RFC 9106 (Argon2id), in the encoding of the reference implementation.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/random.h"
#include "keymanager/hash_turns.h"
#include "keymanager/options.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t password_bytes_max = 1024;

class Passwords {
 public:
  Passwords(Random& random, PasswordCost cost, const HashTurns::Options& turns);

  // Error: invalid_argument, when it is empty or longer than `password_bytes_max`.
  Result<std::string> hash(std::string_view password);

  // With an empty `hash`, of a user who does not exist, it takes the same time and says no.
  Result<bool> matches(std::string_view password, std::string_view hash);

  HashTurns& turns() { return turns_; }

 private:
  Result<std::string> hash_now(std::string_view password);

  HashTurns turns_;
  Random& random_;
  const PasswordCost cost_;
  std::string nobodys_hash_;
};

}  // namespace gatehouse::keymanager
