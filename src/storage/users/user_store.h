// SPDX-License-Identifier: Apache-2.0
//
// Users of one tenant with their roles: tables um_user, um_user_role and um_former_password.
//
// Whatever takes something away from a user, or may do so, writes a row of um_outbox in the same
// transaction, so that gateways hear of it even if this process dies before it tells them.
//
// Thread:  one transaction.
#pragma once

#include "storage/apis/stored.h"
#include "storage/users/occurrence.h"

namespace gatehouse::storage {

// Every user has this role; no row says so.
inline constexpr std::string_view everyone_role = "Internal/everyone";
inline constexpr std::string_view admin_role = "admin";

enum class UserStatus : std::uint8_t {
  active,
  locked,    // by an administrator, until one unlocks it
  disabled,  // no longer here; what the user made stays
  pending,   // signed up, not yet approved
  departed,  // their directory no longer lets them in; back when it does
};
std::string_view to_text(UserStatus status);  // "active", "locked", ...
Result<UserStatus> parse_user_status(std::string_view text);

// Whether the user's next login asks for another password. It says nothing of a user whose password
// is elsewhere.
enum class PasswordHolds : std::uint8_t { until_changed, until_login };

// What a fresh password does to tokens, sessions and consents of the time before it.
enum class Before : std::uint8_t { kept, ended };
// Kinds of outbox entries that do more than to tell (storage/outbox.h).
inline constexpr std::string_view outbox_password_reset = "password_reset";
inline constexpr std::string_view outbox_name = "name";

struct User {
  std::string id;  // never changes, and no other user gets it
  std::string name;
  std::string password{};  // as keymanager/password.h hashes it
  std::string email{};
  UserStatus status = UserStatus::active;
  std::int64_t version = 0;
  Instant created_at{};
  Instant updated_at{};
  PasswordHolds password_holds = PasswordHolds::until_changed;
};

class UserStore {
 public:
  UserStore(Transaction& transaction, model::TenantNumber tenant)
      : transaction_(transaction), tenant_(tenant) {}

  // Error: not_found (901502).
  Result<User> find(std::string_view id) const;
  // Names compare without regard to case.
  Result<User> find_by_name(std::string_view name) const;
  // In the order of their names.
  Result<Listed<User>> list(const Window& window) const;
  Result<Listed<User>> list(UserStatus status, const Window& window) const;
  // Sorted; `everyone_role` is among them.
  Result<std::vector<std::string>> roles_of(std::string_view id) const;

  // Error: conflict (909001), when a user has this name.
  Result<> insert(const User& user);

  // Writes `email` and `status`. Error: conflict, when `version` is not the row's; not_found.
  Result<> update(const User& user, const Occurrence& occurrence);
  // What the user owns follows with the outbox. Error: conflict (909001), when another user has
  // this name; not_found.
  Result<> rename(std::string_view id, const std::string& name, const Occurrence& occurrence);
  // The hash that was there is kept among the former ones; the fresh one holds until it is changed.
  // Error: not_found.
  Result<> set_password(std::string_view id, std::string_view hash, const Occurrence& occurrence,
                        Before before = Before::kept);
  // Error: not_found.
  Result<> set_password_holds(std::string_view id, PasswordHolds holds);
  // Hashes of the passwords before the present one, newest first, at most `limit`.
  Result<std::vector<std::string>> former_passwords(std::string_view id, std::int64_t limit) const;
  // Replaces them all. Error: invalid_argument (900602), when a role does not exist.
  Result<> set_roles(std::string_view id, const std::vector<std::string>& roles,
                     const Occurrence& occurrence);
  // With everything that this database says of the user. Error: not_found.
  Result<> remove(std::string_view id, const Occurrence& occurrence);

 private:
  Result<> keep_former(const User& before);
  Result<> tell(std::string_view kind, std::string_view id, const Occurrence& occurrence);

  Transaction& transaction_;
  model::TenantNumber tenant_;
};

}  // namespace gatehouse::storage
