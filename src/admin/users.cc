// SPDX-License-Identifier: Apache-2.0
//
// /users and /users/{userName}.
#include "admin/admin.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/users/account.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;
using storage::User;
using storage::UserStore;

std::string_view status_text(storage::UserStatus status) {
  return status == storage::UserStatus::active ? "ACTIVE" : "LOCKED";
}

Result<json::object> user_view(Transaction& transaction, model::TenantNumber tenant,
                               const User& user) {
  GH_TRY(roles, UserStore(transaction, tenant).roles_of(user.id));
  json::object view;
  view["userName"] = user.name;
  view["email"] = user.email;
  view["roles"] = to_json(roles);
  view["status"] = status_text(user.status);
  return view;
}

// The roles of the body without the one that everybody has.
std::vector<std::string> roles_from(const json::object& body) {
  std::vector<std::string> roles = texts_of(body, "roles");
  std::erase(roles, storage::everyone_role);
  return roles;
}

Result<> read_status(const json::object& body, User& user) {
  if (!body.contains("status")) return {};
  GH_TRY(status, storage::parse_user_status(to_lower(text_or(body, "status", ""))));
  user.status = status;
  return {};
}

bool holds(const std::vector<std::string>& roles, std::string_view role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// Whoever locks or demotes themselves could not undo it.
Result<> refuse_self_lockout(const rest::Caller& caller, const User& user,
                             const json::object& body) {
  if (user.id != caller.user_id) return {};
  const bool locks = user.status == storage::UserStatus::locked;
  const bool demotes =
      body.contains("roles") && !holds(texts_of(body, "roles"), storage::admin_role);
  if (!locks && !demotes) return {};
  return rest::refuse_because(rest::built_in, "You cannot lock or demote yourself");
}

}  // namespace

// GET /users: by name.
Result<rest::Reply> Admin::list_users(const rest::Call& call) {
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, user_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(
        listed,
        UserStore(transaction, call.caller.tenant).list(storage::Window{page.offset, page.limit}));
    total = listed.total;
    json::array views;
    for (const User& user : listed.items) {
      GH_TRY(view, user_view(transaction, call.caller.tenant, user));
      views.push_back(std::move(view));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// POST /users {userName, password, email, roles, status}.
//   201  the user, without the password
//   400  a password too weak (901452), a role that does not exist (900602)
//   409  a user has this name
Result<rest::Reply> Admin::create_user(const rest::Call& call) {
  const json::object& body = call.object();
  User user;
  user.id = random_uuid(random_);
  user.name = text_or(body, "userName", "");
  user.email = text_or(body, "email", "");
  GH_CHECK(read_status(body, user));
  const std::string password = text_or(body, "password", "");
  GH_CHECK(storage::check_password(password, user.name));
  GH_TRY(hash, options_.hash_password(password));
  user.password = hash;
  user.created_at = user.updated_at = clock_.now();
  const storage::Occurrence occurrence = now_happens();
  GH_TRY(view, user_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(
        storage::add_user(transaction, call.caller.tenant, user, roles_from(body), occurrence));
    return user_view(transaction, call.caller.tenant, user);
  }));
  GH_CHECK(tell_of_user(call.caller, user.id));
  return rest::created(std::move(view), "/users/" + user.name);
}

Result<rest::Reply> Admin::get_user(const rest::Call& call) {
  GH_TRY(view, user_manager_.read([&](Transaction& transaction) -> Result<json::object> {
    UserStore users(transaction, call.caller.tenant);
    GH_TRY(user, users.find_by_name(call.path_value("userName")));
    return user_view(transaction, call.caller.tenant, user);
  }));
  return rest::ok(std::move(view));
}

// PUT /users/{userName}: what the body names; the rest stays. Takes effect on live tokens at once.
Result<rest::Reply> Admin::update_user(const rest::Call& call) {
  const json::object& body = call.object();
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  user.email = text_or(body, "email", user.email);
  GH_CHECK(read_status(body, user));
  GH_CHECK(refuse_self_lockout(call.caller, user, body));
  const std::string password = text_or(body, "password", "");
  std::string hash;
  if (!password.empty()) {
    GH_CHECK(storage::check_password(password, user.name));
    GH_TRY(hashed, options_.hash_password(password));
    hash = std::move(hashed);
  }
  user.updated_at = clock_.now();
  const std::array occurrences{now_happens(), now_happens(), now_happens()};
  GH_TRY(view, user_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    UserStore users(transaction, call.caller.tenant);
    GH_CHECK(users.update(user, occurrences[0]));
    if (body.contains("roles")) {
      GH_CHECK(users.set_roles(user.id, roles_from(body), occurrences[1]));
    }
    if (!hash.empty()) GH_CHECK(users.set_password(user.id, hash, occurrences[2]));
    return user_view(transaction, call.caller.tenant, user);
  }));
  GH_CHECK(tell_of_user(call.caller, user.id));
  return rest::ok(std::move(view));
}

// DELETE /users/{userName}: their tokens end with them; what they made stays.
//   409  the caller themselves
Result<rest::Reply> Admin::delete_user(const rest::Call& call) {
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  if (user.id == call.caller.user_id) {
    return rest::refuse_because(rest::built_in, "You cannot remove yourself");
  }
  const storage::Occurrence occurrence = now_happens();
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return UserStore(transaction, call.caller.tenant).remove(user.id, occurrence);
  }));
  GH_CHECK(rest::revoke_user(key_manager_, call.caller.tenant, user.id));
  GH_CHECK(tell_of_user(call.caller, user.id));
  return rest::Reply{};
}

}  // namespace gatehouse::admin
