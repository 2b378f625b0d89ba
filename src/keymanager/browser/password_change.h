// SPDX-License-Identifier: Apache-2.0
//
// Replaces passwords: by who knows the present one, or by who holds a token of an administrator.
//
// A reset token is 256 random bits, holds for an hour and once; the table has its SHA-256. It is
// mailed (forgotten_password.h), or an administrator makes one with `gatehouse user reset-password
// NAME --link` or REST and hands it over. What the user had before ends with a reset, by an entry
// of the outbox that commits with the password (storage/outbox.h); every session ends with any
// change. Whoever must change the password does it with one that is not the present one.
//
// Thread:  pool threads.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/options.h"
#include "keymanager/password.h"
#include "storage/users/second_factor_store.h"

namespace gatehouse::keymanager {

class PasswordChange {
 public:
  static constexpr std::chrono::hours reset_lifetime{1};

  PasswordChange(const Resources& resources, const Directory& directory, Passwords& passwords);

  // Error: invalid_argument, when the password breaks the rule; conflict, when the account's is
  // another one by now; exhausted, when too many wait.
  Result<> change(const Account& account, std::string_view password);

  // A token for one reset of the user's password. Error: not_found.
  Result<std::string> make_reset(std::string_view user_name);
  // Error: conflict, when the password is in a directory.
  Result<std::string> make_reset(const Account& account);
  // Whose password a token resets. Error: not_found, when it does not hold.
  Result<Account> owner_of(std::string_view token) const;
  // Whose it was; they have changed for whoever remembers them. Error: not_found,
  // invalid_argument, as above.
  Result<Account> reset(std::string_view token, std::string_view password);

 private:
  Result<std::string> hash_of(const Account& account, std::string_view password);
  storage::Occurrence now_happens() const;

  storage::Database& users_;
  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const Directory& directory_;
  Passwords& passwords_;
};

}  // namespace gatehouse::keymanager
