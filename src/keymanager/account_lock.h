// SPDX-License-Identifier: Apache-2.0
//
// Locks an account for some minutes after too many wrong passwords in a row, as the tenant's
// settings say.
//
// While it is locked no password opens it, and nobody is told: the answer and its time are those of
// a wrong password. A browser that is known for the user goes past the lock, so that nobody is kept
// out for ever by others' guesses. Tokens and pairs that held before go on, so that an attacker
// cannot throw out who is working. Tries that arrive together may exceed the limit by the threads
// of the password pool.
//
// Thread:  pool threads. A write follows a wrong password, and the first right one after it.
#pragma once

#include "keymanager/directory.h"
#include "keymanager/options.h"

namespace gatehouse::keymanager {

class AccountLock {
 public:
  explicit AccountLock(const Resources& resources)
      : users_(resources.users), clock_(resources.clock) {}

  bool is_locked(const Account& account) const;
  // Counts nothing where the tenant locks nobody, but takes as long.
  Result<> failed(const Account& account);
  // As long as failed() takes, for a name that nobody has or that is locked.
  Result<> failed_by_nobody();
  Result<> succeeded(const Account& account);

 private:
  storage::Database& users_;
  const Clock& clock_;
};

}  // namespace gatehouse::keymanager
