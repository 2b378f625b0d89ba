// SPDX-License-Identifier: Apache-2.0
//
// The first start: the first tenant, its roles, and an administrator with a password.
//
// Thread:  any that may block.
#pragma once

#include <optional>
#include <string>

#include "keymanager/password.h"

namespace gatehouse::keymanager {

struct FirstUser {
  std::string name = "admin";
  std::optional<std::string> password{};  // a random one is made without
};

struct Bootstrapped {
  bool created = false;       // false: there was an administrator of this name already
  std::string made_password;  // empty unless it was made here; to be shown once
};

// Idempotent: what is there stays.
// Error: invalid_argument, for a name or password that cannot be.
Result<Bootstrapped> bootstrap_users(const Resources& resources, Passwords& passwords,
                                     const FirstUser& first);

// Gives a user a random password, which is returned. Gateways hear of it through the outbox.
// Error: not_found.
Result<std::string> reset_password(const Resources& resources, Passwords& passwords,
                                   std::string_view name);

}  // namespace gatehouse::keymanager
