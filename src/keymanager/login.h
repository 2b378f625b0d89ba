// SPDX-License-Identifier: Apache-2.0
//
// Checks a user's name and password. Who is unknown, locked or wrong about the password gets the
// same answer after the same time; who is wrong too often is locked (account_lock.h).
//
// A pair that held is remembered for a minute as an HMAC under a key of this process, so that
// clients who send Basic with every call do not hash every time. What the database says of the user
// is read each time all the same: a changed password, a lock, a removal, a second factor or the
// duty to change the password counts at once, on any node.
//
// Thread:  any that may block; one mutex guards what is remembered (docs/locks.md).
// Memory:  at most `pairs_max` pairs, about 250 bytes each.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "keymanager/basic.h"
#include "keymanager/ldap_user_store.h"
#include "keymanager/local_user_store.h"

namespace gatehouse::keymanager {

class Login {
 public:
  static constexpr std::size_t pairs_max = 10'000;

  Login(const Resources& resources, Directory& directory, Passwords& passwords,
        std::chrono::seconds lifetime);

  // Error: unauthenticated; exhausted, when too many passwords wait to be hashed.
  Result<Account> check(const NameAndSecret& pair, Place place = Place::anywhere);
  // The same where nothing but the password is shown: whoever has a second factor, or must change
  // the password, is refused.
  Result<Account> check_alone(const NameAndSecret& pair);
  // The same for pairs that come with every call.
  Result<Account> check_remembered(const NameAndSecret& pair);

  void forget(std::string_view user_id);

  LdapUserStore& directories() { return ldap_; }

 private:
  struct Remembered {
    model::TenantNumber tenant;
    std::string user_id;
    std::string hash;  // that the password matched
    Instant until;
  };

  Result<> count_failure(const std::string& name, Place place);
  Result<Account> alone(Account account) const;

  std::string tag_of(const NameAndSecret& pair) const;
  std::optional<Remembered> recall(const std::string& tag);
  void remember(const std::string& tag, const Account& account);

  // Constant after construction.
  storage::Database& users_;
  Directory& directory_;
  const Clock& clock_;
  const std::chrono::seconds lifetime_;
  const std::string key_;

  // Asked in this order.
  LocalUserStore local_;
  LdapUserStore ldap_;
  AccountLock lock_;

  std::mutex mutex_;
  std::unordered_map<std::string, Remembered> pairs_;  // guarded by mutex_
};

}  // namespace gatehouse::keymanager
