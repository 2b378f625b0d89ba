// SPDX-License-Identifier: Apache-2.0
//
// A user's account as whoever makes and changes it sees it: the rules of names and passwords, and a
// user with roles in one write.
//
// Thread:  pool threads.
#pragma once

#include "storage/users/tenant_settings.h"
#include "storage/users/user_store.h"

namespace gatehouse::storage {

// Error: invalid_argument (901452), when the policy refuses it or it is the user's name.
// Source: NIST SP 800-63B, section 5.1.1.2: length counts; composition rules are off by default.
Result<> check_password(const PasswordPolicy& policy, std::string_view password,
                        std::string_view user_name);

// Whether "NAME@DOMAIN" could mean somebody else. A name behind whose last @ stands the domain of a
// tenant means a user of that tenant.
// Error: conflict (909001), when it could.
Result<> check_unambiguous(Transaction& transaction, model::TenantNumber tenant,
                           std::string_view name);

// Adds a user with these roles beside everyone_role.
// Error: conflict (909001), when a user has this name, or it is ambiguous; invalid_argument
// (900602) for a role.
Result<> add_user(Transaction& transaction, model::TenantNumber tenant, const User& user,
                  const std::vector<std::string>& roles, const Occurrence& occurrence);

// The name without the domain of the caller's own tenant: "mary@example.com" is "mary" there.
std::string_view without_domain(std::string_view name, std::string_view domain);

}  // namespace gatehouse::storage
