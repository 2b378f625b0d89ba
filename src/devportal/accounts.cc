// SPDX-License-Identifier: Apache-2.0
//
// /me/change-password and /self-signup.
#include "core/id.h"
#include "devportal/devportal.h"
#include "rest/problems.h"
#include "storage/outbox.h"
#include "storage/users/account.h"

namespace gatehouse::devportal {

namespace {

using storage::Transaction;

constexpr std::string_view consumer_role = "Internal/subscriber";

}  // namespace

// POST /me/change-password {currentPassword, newPassword}: what the old one opened is closed.
//   400  the current password is wrong (901451), or the other one too weak (901452)
Result<rest::Reply> DevPortal::change_password(const rest::Call& call) {
  const rest::Caller& caller = call.caller;
  const std::string current = text_or(call.object(), "currentPassword", "");
  const std::string wanted = text_or(call.object(), "newPassword", "");
  GH_TRY(right, rest::is_password(key_manager_, caller.user, current));
  if (!right) return rest::refuse(rest::password_wrong);
  GH_CHECK(storage::check_password(wanted, caller.user));
  GH_TRY(hash, options_.hash_password(wanted));
  const storage::Occurrence occurrence{random_uuid(random_), clock_.now()};
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return storage::UserStore(transaction, caller.tenant)
        .set_password(caller.user_id, hash, occurrence);
  }));
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  GH_CHECK(rest::tell_user_changed(key_manager_, caller.tenant, caller.user_id));
  return rest::Reply{};
}

// POST /self-signup {userName, password, email}: an account for oneself.
//   201  the account, with the role of a subscriber
//   409  a user has this name
Result<rest::Reply> DevPortal::sign_up(const rest::Call& call) {
  storage::User user;
  user.id = random_uuid(random_);
  user.name = text_or(call.object(), "userName", "");
  user.email = text_or(call.object(), "email", "");
  const std::string password = text_or(call.object(), "password", "");
  GH_CHECK(storage::check_password(password, user.name));
  GH_TRY(hash, options_.hash_password(password));
  user.password = hash;
  user.created_at = user.updated_at = clock_.now();
  const storage::Occurrence occurrence{random_uuid(random_), user.created_at};
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return storage::add_user(transaction, call.caller.tenant, user, {std::string(consumer_role)},
                             occurrence);
  }));
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  json::object account;
  account["userName"] = user.name;
  account["email"] = user.email;
  account["status"] = "ACTIVE";
  rest::Reply reply = rest::ok(std::move(account));
  reply.status = 201;
  return reply;
}

}  // namespace gatehouse::devportal
