// SPDX-License-Identifier: Apache-2.0
#include "keymanager/directory.h"

#include <algorithm>

#include "storage/users/profile_store.h"
#include "storage/users/role_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

Result<Account> complete(Transaction& transaction, const storage::Tenant& tenant,
                         storage::User user) {
  if (!tenant.active) return fail(ErrorCode::not_found, "No such user", "tenant not active");
  const storage::UserStore store(transaction, tenant.number);
  GH_TRY(roles, store.roles_of(user.id));
  return Account{tenant.number, tenant.domain, std::move(user), std::move(roles), {}};
}

Result<Account> to_log_in(Transaction& transaction, const storage::Tenant& tenant,
                          storage::User user) {
  GH_TRY(account, complete(transaction, tenant, std::move(user)));
  GH_TRY(failures, storage::LoginFailures(transaction, tenant.number).of(account.user.id));
  account.failures = failures;
  return account;
}

}  // namespace

bool Account::has_role(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Result<Account> Directory::by_name(std::string_view name) const {
  // No name has a NUL, and no database takes one.
  if (name.find('\0') != name.npos) return fail(ErrorCode::not_found, "No such user");
  return users_.read([&](Transaction& transaction) -> Result<Account> {
    const storage::TenantStore tenants(transaction);
    // Behind the last @ may stand a tenant's domain.
    const std::size_t at = name.rfind('@');
    if (at != std::string_view::npos) {
      const Result<storage::Tenant> tenant = tenants.find_by_domain(name.substr(at + 1));
      if (tenant) {
        const storage::UserStore users(transaction, tenant->number);
        Result<storage::User> user = users.find_by_name(name.substr(0, at));
        if (user) return to_log_in(transaction, *tenant, *std::move(user));
      }
    }
    GH_TRY(first, tenants.find(model::first_tenant));
    const storage::UserStore users(transaction, first.number);
    GH_TRY(user, users.find_by_name(name));
    return to_log_in(transaction, first, std::move(user));
  });
}

Result<Account> Directory::by_id(model::TenantNumber tenant, std::string_view id) const {
  return users_.read([&](Transaction& transaction) -> Result<Account> {
    GH_TRY(found, storage::TenantStore(transaction).find(tenant));
    GH_TRY(user, storage::UserStore(transaction, tenant).find(id));
    return complete(transaction, found, std::move(user));
  });
}

Result<storage::Tenant> Directory::tenant(model::TenantNumber number) const {
  return users_.read(
      [&](Transaction& transaction) { return storage::TenantStore(transaction).find(number); });
}

Result<storage::Tenant> Directory::tenant(std::string_view domain) const {
  return users_.read([&](Transaction& transaction) -> Result<storage::Tenant> {
    GH_TRY(found, storage::TenantStore(transaction).find_by_domain(domain));
    if (!found.active) return fail(ErrorCode::not_found, "No such tenant", "not active", 909011);
    return found;
  });
}

Result<bool> Directory::has_domain(model::TenantNumber number,
                                   const std::vector<std::string>& domains) const {
  if (domains.empty()) return false;
  GH_TRY(found, tenant(number));
  return std::find(domains.begin(), domains.end(), found.domain) != domains.end();
}

Result<json::object> Directory::profile(const Account& account) const {
  return users_.read([&](Transaction& transaction) {
    return storage::ProfileStore(transaction, account.tenant).of(account.user.id);
  });
}

Result<std::vector<std::string>> Directory::rest_scopes(const Account& account) const {
  return users_.read([&](Transaction& transaction) {
    return storage::RoleStore(transaction, account.tenant).scopes_of_user(account.user.id);
  });
}

}  // namespace gatehouse::keymanager
