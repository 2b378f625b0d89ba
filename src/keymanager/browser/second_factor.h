// SPDX-License-Identifier: Apache-2.0
//
// The second factor of users: an authenticator app, and recovery codes for the day it is lost.
//
// A code is taken once: a step of time is stored as taken before it counts, so a code seen over a
// shoulder is worth nothing. Wrong codes slow the next one down (attempts.h).
//
// Thread:  pool threads.
#pragma once

#include "keymanager/browser/attempts.h"
#include "keymanager/directory.h"
#include "keymanager/options.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t recovery_codes_count = 10;

class SecondFactor {
 public:
  SecondFactor(const Resources& resources, Attempts& attempts);

  Result<bool> is_enrolled(const Account& account) const;

  enum class Verdict : std::uint8_t { right, wrong, wait };
  // A code of the app, or a recovery code, which is used up.
  Result<Verdict> check(const Account& account, std::string_view code);

  // A secret to show; nothing is stored until it is confirmed.
  std::string make_secret();
  // Stores the secret if `code` is one of it. Returns recovery codes, to be shown this once.
  // Error: invalid_argument, when the code is not.
  Result<std::vector<std::string>> enrol(const Account& account, const std::string& secret,
                                         std::string_view code);
  Result<> remove(const Account& account);
  Result<std::int64_t> recovery_codes_left(const Account& account) const;

 private:
  std::string key_of(const Account& account) const;

  storage::Database& users_;
  const Clock& clock_;
  Random& random_;
  const jose::Sealer& sealer_;
  Attempts& attempts_;
};

}  // namespace gatehouse::keymanager
