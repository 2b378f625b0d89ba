// SPDX-License-Identifier: Apache-2.0
//
// /users and /users/{userName}.
#include "admin/admin.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/users/account.h"
#include "storage/users/login_failures.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;
using storage::User;
using storage::UserStore;

// In upper case. After too many wrong passwords an active account is locked for a while.
Result<std::string> status_of(Transaction& transaction, model::TenantNumber tenant,
                              const User& user, Instant now) {
  GH_TRY(failures, storage::LoginFailures(transaction, tenant).of(user.id));
  const bool waits = user.status == storage::UserStatus::active && failures.locked_until > now;
  std::string text(storage::to_text(waits ? storage::UserStatus::locked : user.status));
  for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
  return text;
}

Result<json::object> user_view(Transaction& transaction, model::TenantNumber tenant,
                               const User& user, Instant now) {
  GH_TRY(roles, UserStore(transaction, tenant).roles_of(user.id));
  GH_TRY(status, status_of(transaction, tenant, user, now));
  json::object view;
  view["userName"] = user.name;
  view["email"] = user.email;
  view["roles"] = to_json(roles);
  view["status"] = status;
  view["mustChangePassword"] = user.password_holds == storage::PasswordHolds::until_login;
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

storage::PasswordHolds password_holds_from(const json::object& body) {
  return flag_or(body, "mustChangePassword", false) ? storage::PasswordHolds::until_login
                                                    : storage::PasswordHolds::until_changed;
}

bool holds(const std::vector<std::string>& roles, std::string_view role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// Whoever locks or demotes themselves could not undo it.
Result<> refuse_self_lockout(const rest::Caller& caller, const User& user,
                             const json::object& body) {
  if (user.id != caller.user_id) return {};
  const bool locks = user.status != storage::UserStatus::active;
  const bool demotes =
      body.contains("roles") && !holds(texts_of(body, "roles"), storage::admin_role);
  if (!locks && !demotes) return {};
  return rest::refuse_because(rest::built_in, "You cannot lock or demote yourself");
}

}  // namespace

// GET /users: by name.
Result<rest::Reply> Admin::list_users(const rest::Call& call) {
  const rest::Page page = call.page();
  const Instant now = clock_.now();
  std::int64_t total = 0;
  GH_TRY(list, user_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(
        listed,
        UserStore(transaction, call.caller.tenant).list(storage::Window{page.offset, page.limit}));
    total = listed.total;
    json::array views;
    for (const User& user : listed.items) {
      GH_TRY(view, user_view(transaction, call.caller.tenant, user, now));
      views.push_back(std::move(view));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// POST /users {userName, password, email, roles, status, mustChangePassword}.
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
  GH_TRY(hash, accounts_.hash(call.caller.tenant, user, text_or(body, "password", "")));
  user.password = hash;
  user.password_holds = password_holds_from(body);
  user.created_at = user.updated_at = clock_.now();
  const storage::Occurrence occurrence = accounts_.now_happens();
  GH_TRY(view, user_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(
        storage::add_user(transaction, call.caller.tenant, user, roles_from(body), occurrence));
    return user_view(transaction, call.caller.tenant, user, user.created_at);
  }));
  GH_CHECK(accounts_.tell(call.caller.tenant, user.id));
  return rest::created(std::move(view), "/users/" + user.name);
}

Result<rest::Reply> Admin::get_user(const rest::Call& call) {
  const Instant now = clock_.now();
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  GH_TRY(view, user_manager_.read([&](Transaction& transaction) {
    return user_view(transaction, call.caller.tenant, user, now);
  }));
  return rest::ok(std::move(view));
}

// PUT /users/{userName}: what the body names; the rest stays. Takes effect on live tokens at once,
// but for mustChangePassword, which the next login meets.
//   409  mustChangePassword of somebody who has no password here
Result<rest::Reply> Admin::update_user(const rest::Call& call) {
  const json::object& body = call.object();
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  user.email = text_or(body, "email", user.email);
  GH_CHECK(read_status(body, user));
  GH_CHECK(refuse_self_lockout(call.caller, user, body));
  const std::string password = text_or(body, "password", "");
  std::string hash;
  if (!password.empty()) {
    GH_TRY(hashed, accounts_.hash(call.caller.tenant, user, password));
    hash = std::move(hashed);
  }
  const storage::PasswordHolds password_holds = password_holds_from(body);
  if (password_holds == storage::PasswordHolds::until_login && user.password.empty() &&
      hash.empty()) {
    return fail(ErrorCode::conflict, "The user has no password here");
  }
  user.updated_at = clock_.now();
  const std::array occurrences{accounts_.now_happens(), accounts_.now_happens(),
                               accounts_.now_happens()};
  GH_TRY(view, user_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    UserStore users(transaction, call.caller.tenant);
    GH_CHECK(users.update(user, occurrences[0]));
    // Whoever an administrator calls active is no longer locked for wrong passwords.
    if (body.contains("status")) {
      GH_CHECK(storage::LoginFailures(transaction, call.caller.tenant).forget(user.id));
    }
    if (body.contains("roles")) {
      GH_CHECK(users.set_roles(user.id, roles_from(body), occurrences[1]));
    }
    if (!hash.empty()) GH_CHECK(users.set_password(user.id, hash, occurrences[2]));
    if (body.contains("mustChangePassword")) {
      GH_CHECK(users.set_password_holds(user.id, password_holds));
    }
    GH_TRY(after, users.find(user.id));
    return user_view(transaction, call.caller.tenant, after, user.updated_at);
  }));
  GH_CHECK(accounts_.tell(call.caller.tenant, user.id));
  return rest::ok(std::move(view));
}

// DELETE /users/{userName}?successor: with their name and their tokens. What they own passes to the
// successor; without one, applications that subscribe to nothing go with the user.
//   404  no such user or successor
//   409  the caller themselves, or somebody who owns APIs or subscriptions without a successor
Result<rest::Reply> Admin::delete_user(const rest::Call& call) {
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  if (user.id == call.caller.user_id) {
    return rest::refuse_because(rest::built_in, "You cannot remove yourself");
  }
  std::optional<User> successor;
  if (const std::string name = call.query_or("successor", ""); !name.empty()) {
    GH_TRY(found, find_user(call.caller, name));
    if (found.id == user.id) {
      return fail(ErrorCode::invalid_argument, "Nobody is their own successor");
    }
    successor = std::move(found);
  }
  GH_CHECK(accounts_.remove(call.caller.tenant, user, successor));
  return rest::Reply{};
}

// POST /users/{userName}/password-reset {mail}: a link by which the user sets a new password, for
// an hour and once; the present one holds until then.
//   201  the link, or nothing of it when it was mailed
//   400  no mail server, or no address
//   404  no such user
//   409  the password is in a directory
Result<rest::Reply> Admin::create_password_reset(const rest::Call& call) {
  GH_TRY(user, find_user(call.caller, call.path_value("userName")));
  const bool mailed = flag_or(call.object(), "mail", false);
  GH_TRY(link, rest::make_password_link(key_manager_, call.caller.tenant, user.id,
                                        mailed ? rest::Delivery::mailed : rest::Delivery::told));
  json::object view{{"mailed", mailed}};
  if (!mailed) {
    view["link"] = link.url;
    view["expiryTime"] = to_ms(link.expires_at);
  }
  return rest::created(std::move(view), fmt::format("/users/{}/password-reset", user.name));
}

}  // namespace gatehouse::admin
