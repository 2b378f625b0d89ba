// SPDX-License-Identifier: Apache-2.0
//
// A user's account as the portals make and change it: the rule of passwords, and a user with roles
// in one write.
//
// Thread:  pool threads.
#pragma once

#include <string_view>

#include "storage/users/user_store.h"

namespace gatehouse::storage {

inline constexpr std::size_t password_length_min = 8;
inline constexpr std::size_t password_length_max = 256;

// Error: invalid_argument (901452), when it is shorter or longer than that, or is the user's name.
// Source: NIST SP 800-63B, section 5.1.1.2: length counts, composition rules do not.
Result<> check_password(std::string_view password, std::string_view user_name);

// Adds a user with these roles beside everyone_role.
// Error: conflict (909001), when a user has this name; invalid_argument (900602) for a role.
Result<> add_user(Transaction& transaction, model::TenantNumber tenant, const User& user,
                  const std::vector<std::string>& roles, const Occurrence& occurrence);

}  // namespace gatehouse::storage
