// SPDX-License-Identifier: Apache-2.0
#include "admin/accounts.h"

#include "core/id.h"
#include "storage/outbox.h"

namespace gatehouse::admin {

Accounts::Accounts(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
                   Random& random, rest::PasswordHashing hashing)
    : api_manager_(databases.api_manager()),
      user_manager_(databases.user_manager()),
      key_manager_(key_manager),
      clock_(clock),
      random_(random),
      hashing_(std::move(hashing)) {}

std::string Accounts::make_id() { return random_uuid(random_); }

storage::Occurrence Accounts::now_happens() { return {random_uuid(random_), clock_.now()}; }

Result<std::string> Accounts::hash(model::TenantNumber tenant, const storage::User& user,
                                   const std::string& password) {
  return rest::hash_new_password(user_manager_, tenant, user, password, hashing_);
}

Result<> Accounts::tell(model::TenantNumber tenant, const std::string& user_id) {
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  return rest::tell_user_changed(key_manager_, tenant, user_id);
}

}  // namespace gatehouse::admin
