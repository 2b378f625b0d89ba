// SPDX-License-Identifier: Apache-2.0
#include "storage/users/account.h"

#include "core/text.h"

namespace gatehouse::storage {

Result<> check_password(std::string_view password, std::string_view user_name) {
  constexpr std::uint32_t password_too_weak = 901452;
  if (password.size() < password_length_min || password.size() > password_length_max) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("A password has {} to {} characters", password_length_min, password_length_max),
        "", password_too_weak);
  }
  if (equals_ignoring_case(password, user_name)) {
    return fail(ErrorCode::invalid_argument, "The password must not be the name of the user", "",
                password_too_weak);
  }
  return {};
}

Result<> add_user(Transaction& transaction, model::TenantNumber tenant, const User& user,
                  const std::vector<std::string>& roles, const Occurrence& occurrence) {
  UserStore users(transaction, tenant);
  GH_CHECK(users.insert(user));
  std::vector<std::string> held;
  for (const std::string& role : roles) {
    if (role != everyone_role) held.push_back(role);
  }
  return users.set_roles(user.id, held, occurrence);
}

}  // namespace gatehouse::storage
