// SPDX-License-Identifier: Apache-2.0
//
// Hashes and checks passwords on a pool of their own, because each takes tens of milliseconds and
// megabytes.
//
// Thread:  any that may block, never one of the pool itself.
// Memory:  `memory_kib` for each thread of the pool.
// Error:   exhausted, when too many wait already.
// Source:  RFC 9106 (Argon2id), in the encoding of the reference implementation.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/random.h"
#include "keymanager/options.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t password_bytes_max = 1024;

class Passwords {
 public:
  Passwords(net::Pool& pool, Random& random, PasswordCost cost);

  // Error: invalid_argument, when it is empty or longer than `password_bytes_max`.
  Result<std::string> hash(std::string_view password);

  // With an empty `hash`, of a user who does not exist, it takes the same time and says no.
  Result<bool> matches(std::string_view password, std::string_view hash);

 private:
  Result<std::string> hash_now(std::string_view password);
  // Calls `work` on the pool and waits for it.
  Result<> on_pool(const std::function<void()>& work);

  net::Pool& pool_;
  Random& random_;
  const PasswordCost cost_;
  std::string nobodys_hash_;
};

}  // namespace gatehouse::keymanager
