// SPDX-License-Identifier: Apache-2.0
//
// A password that somebody sets: held against the rules of the tenant, and hashed.
//
// Thread:  pool threads, outside of any transaction; hashing takes tens of milliseconds.
#pragma once

#include <functional>
#include <string>

#include "storage/users/user_store.h"

namespace gatehouse::rest {

// Argon2id lives in the key manager; app hands its functions in.
using HashPassword = std::function<Result<std::string>(const std::string& password)>;
using PasswordMatches =
    std::function<Result<bool>(const std::string& password, const std::string& hash)>;

struct PasswordHashing {
  HashPassword hash;
  PasswordMatches matches;
};

// The hash to store. A new user has no id yet, or no row.
// Error: invalid_argument (901452), when the policy of the tenant refuses the password, or the user
// had it before, or has it now and must change it; exhausted, when too many wait to be hashed.
Result<std::string> hash_new_password(storage::Database& users, model::TenantNumber tenant,
                                      const storage::User& user, const std::string& password,
                                      const PasswordHashing& hashing);

}  // namespace gatehouse::rest
