// SPDX-License-Identifier: Apache-2.0
#include "storage/users/account.h"

#include <array>

#include "core/text.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t user_exists = 909001;
constexpr std::uint32_t password_too_weak = 901452;

tl::unexpected<Error> too_weak(std::string why) {
  return fail(ErrorCode::invalid_argument, std::move(why), "", password_too_weak);
}

// How many of lower case, upper case, digits and others occur. Other alphabets are others.
std::int64_t classes_of(std::string_view password) {
  std::array<bool, 4> seen{};
  for (const char c : password) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    seen.at(lower ? 0 : upper ? 1 : is_digit(c) ? 2 : 3) = true;
  }
  return std::count(seen.begin(), seen.end(), true);
}

}  // namespace

Result<> check_password(const PasswordPolicy& policy, std::string_view password,
                        std::string_view user_name) {
  const auto size = static_cast<std::int64_t>(password.size());
  if (size < policy.length_min || size > policy.length_max) {
    return too_weak(
        fmt::format("A password has {} to {} characters", policy.length_min, policy.length_max));
  }
  if (equals_ignoring_case(password, user_name)) {
    return too_weak("The password must not be the name of the user");
  }
  if (classes_of(password) < policy.classes_min) {
    return too_weak(
        fmt::format("A password has at least {} of: lower case, upper case, digits, "
                    "other characters",
                    policy.classes_min));
  }
  return {};
}

Result<> check_unambiguous(Transaction& transaction, model::TenantNumber tenant,
                           std::string_view name) {
  const TenantStore tenants(transaction);
  const std::size_t at = name.rfind('@');
  if (at != name.npos && tenants.find_by_domain(name.substr(at + 1))) {
    return fail(ErrorCode::conflict, "Behind the @ stands the domain of a tenant", "", user_exists);
  }
  if (tenant == model::first_tenant) return {};
  GH_TRY(own, tenants.find(tenant));
  const std::string full = fmt::format("{}@{}", name, own.domain);
  if (UserStore(transaction, model::first_tenant).find_by_name(full)) {
    return fail(ErrorCode::conflict, "A user of the first tenant is called like that", full,
                user_exists);
  }
  return {};
}

Result<> add_user(Transaction& transaction, model::TenantNumber tenant, const User& user,
                  const std::vector<std::string>& roles, const Occurrence& occurrence) {
  GH_CHECK(check_unambiguous(transaction, tenant, user.name));
  UserStore users(transaction, tenant);
  GH_CHECK(users.insert(user));
  std::vector<std::string> held;
  for (const std::string& role : roles) {
    if (role != everyone_role) held.push_back(role);
  }
  return users.set_roles(user.id, held, occurrence);
}

std::string_view without_domain(std::string_view name, std::string_view domain) {
  const std::size_t at = name.rfind('@');
  return at != name.npos && name.substr(at + 1) == domain ? name.substr(0, at) : name;
}

}  // namespace gatehouse::storage
