// SPDX-License-Identifier: Apache-2.0
#include "storage/users/user_store.h"

#include <algorithm>

#include "core/text.h"
#include "storage/users/login_failures.h"
#include "storage/users/profile_store.h"
#include "storage/users/second_factor_store.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t user_not_found = 901502;
constexpr std::uint32_t user_exists = 909001;
constexpr std::uint32_t role_unknown = 900602;

Result<User> user_from(const Row& row) {
  GH_TRY(status, parse_user_status(row.text(4)));
  return User{row.text(0),
              row.text(1),
              row.text(2),
              row.text(3),
              status,
              row.number(5),
              row.instant(6),
              row.instant(7),
              row.flag(8) ? PasswordHolds::until_login : PasswordHolds::until_changed};
}

std::int64_t flag_of(PasswordHolds holds) { return holds == PasswordHolds::until_login ? 1 : 0; }

tl::unexpected<Error> no_such(std::string_view which) {
  return fail(ErrorCode::not_found, "No such user", std::string(which), user_not_found);
}

Result<User> one(const std::optional<Row>& row, std::string_view which) {
  if (!row) return no_such(which);
  return user_from(*row);
}

}  // namespace

std::string_view to_text(UserStatus status) {
  switch (status) {
    case UserStatus::active: return "active";
    case UserStatus::locked: return "locked";
    case UserStatus::disabled: return "disabled";
    case UserStatus::pending: return "pending";
    case UserStatus::departed: return "departed";
  }
  GH_ASSERT_NOT_REACHED();
}

Result<UserStatus> parse_user_status(std::string_view text) {
  for (const UserStatus status : {UserStatus::active, UserStatus::locked, UserStatus::disabled,
                                  UserStatus::pending, UserStatus::departed}) {
    if (text == to_text(status)) return status;
  }
  return fail(ErrorCode::invalid_argument, "A user is 'active' or 'locked'");
}

Result<User> UserStore::find(std::string_view id) const {
  GH_TRY(row,
         transaction_.query_one(
             "SELECT id, name, password, email, status, version, created_at_ms, updated_at_ms, "
             "must_change_password FROM um_user WHERE tenant_id = $1 AND id = $2",
             tenant_, id));
  return one(row, id);
}

Result<User> UserStore::find_by_name(std::string_view name) const {
  GH_TRY(row,
         transaction_.query_one(
             "SELECT id, name, password, email, status, version, created_at_ms, updated_at_ms, "
             "must_change_password FROM um_user WHERE tenant_id = $1 AND name_key = $2",
             tenant_, to_lower(name)));
  return one(row, name);
}

Result<Listed<User>> UserStore::list(const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM um_user WHERE tenant_id = $1", tenant_));
  GH_TRY(rows,
         transaction_.query(
             "SELECT id, name, password, email, status, version, created_at_ms, updated_at_ms, "
             "must_change_password FROM um_user WHERE tenant_id = $1 ORDER BY name_key LIMIT $2 "
             "OFFSET $3",
             tenant_, window.limit, window.offset));
  Listed<User> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(user, user_from(row));
    listed.items.push_back(std::move(user));
  }
  return listed;
}

Result<Listed<User>> UserStore::list(UserStatus status, const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM um_user "
                                     "WHERE tenant_id = $1 AND status = $2",
                                     tenant_, to_text(status)));
  GH_TRY(rows,
         transaction_.query(
             "SELECT id, name, password, email, status, version, created_at_ms, updated_at_ms, "
             "must_change_password FROM um_user WHERE tenant_id = $1 AND status = $2 "
             "ORDER BY name_key LIMIT $3 OFFSET $4",
             tenant_, to_text(status), window.limit, window.offset));
  Listed<User> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(user, user_from(row));
    listed.items.push_back(std::move(user));
  }
  return listed;
}

Result<std::vector<std::string>> UserStore::roles_of(std::string_view id) const {
  GH_TRY(rows, transaction_.query("SELECT role FROM um_user_role "
                                  "WHERE tenant_id = $1 AND user_id = $2",
                                  tenant_, id));
  std::vector<std::string> roles{std::string(everyone_role)};
  for (const Row& row : rows) roles.push_back(row.text(0));
  std::sort(roles.begin(), roles.end());
  return roles;
}

Result<> UserStore::insert(const User& user) {
  const Result<User> other = find_by_name(user.name);
  if (other) return fail(ErrorCode::conflict, "A user of this name exists", "", user_exists);
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_user (tenant_id, id, name, name_key, password, email, status, version, "
      "created_at_ms, updated_at_ms, must_change_password) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10)",
      tenant_, user.id, user.name, to_lower(user.name), user.password, user.email,
      to_text(user.status), user.created_at, user.updated_at, flag_of(user.password_holds)));
  return {};
}

Result<> UserStore::update(const User& user, const Occurrence& occurrence) {
  GH_TRY(before, find(user.id));
  GH_TRY(changed, transaction_.execute("UPDATE um_user SET email = $3, status = $4, "
                                       "version = version + 1, updated_at_ms = $5 "
                                       "WHERE tenant_id = $1 AND id = $2 AND version = $6",
                                       tenant_, user.id, user.email, to_text(user.status),
                                       occurrence.at, user.version));
  if (changed == 0) return fail(ErrorCode::conflict, "The user was changed meanwhile", user.id);
  if (before.status == user.status) return {};
  // Whoever is let in again begins with all their tries.
  GH_CHECK(LoginFailures(transaction_, tenant_).forget(user.id));
  return tell("status", user.id, occurrence);
}

Result<> UserStore::rename(std::string_view id, const std::string& name,
                           const Occurrence& occurrence) {
  const Result<User> other = find_by_name(name);
  if (other && other->id != id) {
    return fail(ErrorCode::conflict, "A user of this name exists", "", user_exists);
  }
  GH_TRY(changed,
         transaction_.execute("UPDATE um_user SET name = $3, name_key = $4, version = version + 1, "
                              "updated_at_ms = $5 WHERE tenant_id = $1 AND id = $2",
                              tenant_, id, name, to_lower(name), occurrence.at));
  if (changed == 0) return no_such(id);
  return tell(outbox_name, id, occurrence);
}

Result<> UserStore::set_password(std::string_view id, std::string_view hash,
                                 const Occurrence& occurrence, Before before) {
  GH_TRY(user, find(id));
  GH_CHECK(keep_former(user));
  GH_CHECK(LoginFailures(transaction_, tenant_).forget(id));
  GH_TRY(changed, transaction_.execute("UPDATE um_user SET password = $3, version = version + 1, "
                                       "must_change_password = 0, updated_at_ms = $4 "
                                       "WHERE tenant_id = $1 AND id = $2",
                                       tenant_, id, hash, occurrence.at));
  if (changed == 0) return no_such(id);
  return tell(before == Before::ended ? outbox_password_reset : "password", id, occurrence);
}

Result<> UserStore::set_password_holds(std::string_view id, PasswordHolds holds) {
  GH_TRY(changed, transaction_.execute("UPDATE um_user SET must_change_password = $3 "
                                       "WHERE tenant_id = $1 AND id = $2",
                                       tenant_, id, flag_of(holds)));
  if (changed == 0) return no_such(id);
  return {};
}

Result<> UserStore::keep_former(const User& before) {
  if (before.password.empty()) return {};
  GH_TRY(newest, transaction_.query("SELECT COALESCE(MAX(sequence), 0) FROM um_former_password "
                                    "WHERE tenant_id = $1 AND user_id = $2",
                                    tenant_, before.id));
  const std::int64_t sequence = newest.front().number(0) + 1;
  GH_CHECK(
      transaction_.execute("INSERT INTO um_former_password (tenant_id, user_id, sequence, hash) "
                           "VALUES ($1, $2, $3, $4)",
                           tenant_, before.id, sequence, before.password));
  GH_CHECK(
      transaction_.execute("DELETE FROM um_former_password WHERE tenant_id = $1 "
                           "AND user_id = $2 AND sequence <= $3",
                           tenant_, before.id, sequence - password_history_max));
  return {};
}

Result<std::vector<std::string>> UserStore::former_passwords(std::string_view id,
                                                             std::int64_t limit) const {
  GH_TRY(rows, transaction_.query("SELECT hash FROM um_former_password WHERE tenant_id = $1 "
                                  "AND user_id = $2 ORDER BY sequence DESC LIMIT $3",
                                  tenant_, id, limit));
  std::vector<std::string> hashes;
  for (const Row& row : rows) hashes.push_back(row.text(0));
  return hashes;
}

Result<> UserStore::set_roles(std::string_view id, const std::vector<std::string>& roles,
                              const Occurrence& occurrence) {
  GH_CHECK(transaction_.execute("DELETE FROM um_user_role WHERE tenant_id = $1 AND user_id = $2",
                                tenant_, id));
  for (const std::string& role : roles) {
    if (role == everyone_role) continue;
    GH_TRY(known, transaction_.query_one("SELECT name FROM um_role "
                                         "WHERE tenant_id = $1 AND name = $2",
                                         tenant_, role));
    if (!known) {
      return fail(ErrorCode::invalid_argument, fmt::format("There is no role '{}'", role), "",
                  role_unknown);
    }
    GH_CHECK(
        transaction_.execute("INSERT INTO um_user_role (tenant_id, user_id, role) "
                             "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                             tenant_, id, role));
  }
  return tell("roles", id, occurrence);
}

Result<> UserStore::remove(std::string_view id, const Occurrence& occurrence) {
  GH_TRY(removed,
         transaction_.execute("DELETE FROM um_user WHERE tenant_id = $1 AND id = $2", tenant_, id));
  if (removed == 0) return no_such(id);
  GH_CHECK(transaction_.execute("DELETE FROM um_user_role WHERE tenant_id = $1 AND user_id = $2",
                                tenant_, id));
  GH_CHECK(SecondFactorStore(transaction_, tenant_).remove(id));
  GH_CHECK(PasswordResetStore(transaction_).remove_of_user(tenant_, id));
  GH_CHECK(transaction_.execute(
      "DELETE FROM um_former_password WHERE tenant_id = $1 AND user_id = $2", tenant_, id));
  GH_CHECK(LoginFailures(transaction_, tenant_).forget(id));
  GH_CHECK(ProfileStore(transaction_, tenant_).remove(id));
  GH_CHECK(UserStoreSettings(transaction_, tenant_).unlink(id));
  return tell("removed", id, occurrence);
}

Result<> UserStore::tell(std::string_view kind, std::string_view id, const Occurrence& occurrence) {
  GH_CHECK(
      transaction_.execute("INSERT INTO um_outbox (id, tenant_id, kind, user_id, "
                           "created_at_ms) VALUES ($1, $2, $3, $4, $5)",
                           occurrence.outbox_id, tenant_, kind, id, occurrence.at));
  return {};
}

}  // namespace gatehouse::storage
