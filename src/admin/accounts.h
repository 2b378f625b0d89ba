// SPDX-License-Identifier: Apache-2.0
//
// What /users and /scim2/Users do to accounts alike: passwords by the tenant's rules, removal, and
// telling those who remember a user.
//
// Thread:  pool threads, outside of any transaction; the class holds no state of its own.
// Files:   accounts.cc, user_removal.cc.
#pragma once

#include <optional>

#include "core/clock.h"
#include "core/random.h"
#include "rest/key_manager.h"
#include "rest/password_change.h"
#include "storage/databases.h"
#include "storage/users/user_store.h"

namespace gatehouse::admin {

class Accounts {
 public:
  Accounts(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
           Random& random, rest::PasswordHashing hashing);

  storage::Database& users() { return user_manager_; }
  std::string make_id();
  storage::Occurrence now_happens();

  // As rest::hash_new_password.
  Result<std::string> hash(model::TenantNumber tenant, const storage::User& user,
                           const std::string& password);

  // Removes the user so that nothing here tells who it was. What they own passes to the successor;
  // without one, applications that subscribe to nothing go with the user.
  // Error: conflict (909014), when the user owns what others use and has no successor.
  Result<> remove(model::TenantNumber tenant, const storage::User& user,
                  const std::optional<storage::User>& successor);

  // Lets gateways and key managers hear of what happened to a user, before the answer does.
  Result<> tell(model::TenantNumber tenant, const std::string& user_id);

 private:
  storage::Database& api_manager_;
  storage::Database& user_manager_;
  http::Client& key_manager_;
  const Clock& clock_;
  Random& random_;
  const rest::PasswordHashing hashing_;
};

}  // namespace gatehouse::admin
