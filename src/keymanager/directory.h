// SPDX-License-Identifier: Apache-2.0
//
// Who users are: by the name that people type, or by the id that tables and tokens carry.
//
// Thread:  pool threads; each call is one read of user_manager.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/users/login_failures.h"
#include "storage/users/tenant_store.h"
#include "storage/users/user_store.h"

namespace gatehouse::keymanager {

struct Account {
  model::TenantNumber tenant = model::first_tenant;
  std::string domain;
  storage::User user;
  std::vector<std::string> roles;
  storage::LoginFailures::State failures{};  // known to by_name alone

  bool active() const { return user.status == storage::UserStatus::active; }
  // "anna@example.com", which means nobody else.
  std::string full_name() const { return user.name + '@' + domain; }
  bool has_role(std::string_view role) const;
  // Whether the password, which is one of ours, opens nothing but the way to another one.
  bool must_change_password() const {
    return user.password_holds == storage::PasswordHolds::until_login && !user.password.empty();
  }
};

class Directory {
 public:
  explicit Directory(storage::Database& users) : users_(users) {}

  // "anna" of the first tenant, or "anna@example.com" of the tenant of that domain.
  // A name of the first tenant may have an @ itself, as an e-mail address; storage::add_user keeps
  // the two apart.
  // Error: not_found, also when the tenant is not active.
  Result<Account> by_name(std::string_view name) const;
  // Error: not_found.
  Result<Account> by_id(model::TenantNumber tenant, std::string_view id) const;

  // Error: not_found.
  Result<storage::Tenant> tenant(model::TenantNumber number) const;
  // Error: not_found, also when it is not active.
  Result<storage::Tenant> tenant(std::string_view domain) const;

  // Whether the tenant has one of these domains. Nobody is asked where there are none.
  // Error: not_found.
  Result<bool> has_domain(model::TenantNumber number,
                          const std::vector<std::string>& domains) const;

  // What else is known of the user, as SCIM has it (storage/users/profile_store.h).
  Result<json::object> profile(const Account& account) const;

  // Every scope of our REST APIs that the roles allow.
  Result<std::vector<std::string>> rest_scopes(const Account& account) const;

 private:
  storage::Database& users_;
};

}  // namespace gatehouse::keymanager
