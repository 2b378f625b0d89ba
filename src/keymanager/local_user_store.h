// SPDX-License-Identifier: Apache-2.0
//
// Users whose passwords are hashed in table um_user.
//
// Thread:  as UserStore. An unknown user costs a hash too, so that nobody can tell by the time.
#pragma once

#include "keymanager/account_lock.h"
#include "keymanager/password.h"
#include "keymanager/user_store.h"

namespace gatehouse::keymanager {

class LocalUserStore final : public UserStore {
 public:
  LocalUserStore(const Resources& resources, const Directory& directory, Passwords& passwords)
      : directory_(directory), passwords_(passwords), lock_(resources) {}

  Result<Account> authenticate(const std::string& name, const std::string& password,
                               Place place) override;

 private:
  const Directory& directory_;
  Passwords& passwords_;
  AccountLock lock_;
};

}  // namespace gatehouse::keymanager
