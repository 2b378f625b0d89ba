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

// The account as it waits or begins, with what its tenant says of new ones.
storage::User account_from(const json::object& body, std::string id, Instant now) {
  storage::User user;
  user.id = std::move(id);
  user.name = text_or(body, "userName", "");
  user.email = text_or(body, "email", "");
  user.created_at = user.updated_at = now;
  return user;
}

}  // namespace

// POST /me/change-password {currentPassword, newPassword}: what the old one opened is closed.
//   400  the current password is wrong (901451), or the other one too weak (901452)
Result<rest::Reply> DevPortal::change_password(const rest::Call& call) {
  const rest::Caller& caller = call.caller;
  const std::string current = text_or(call.object(), "currentPassword", "");
  const std::string wanted = text_or(call.object(), "newPassword", "");
  GH_TRY(right, rest::is_password(key_manager_, caller, current));
  if (!right) return rest::refuse(rest::password_wrong);
  GH_TRY(user, user_manager_.read([&](Transaction& transaction) {
    return storage::UserStore(transaction, caller.tenant).find(caller.user_id);
  }));
  GH_TRY(hash, rest::hash_new_password(user_manager_, caller.tenant, user, wanted,
                                       {options_.hash_password, options_.password_matches}));
  const storage::Occurrence occurrence{random_uuid(random_), clock_.now()};
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return storage::UserStore(transaction, caller.tenant)
        .set_password(caller.user_id, hash, occurrence);
  }));
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  GH_CHECK(rest::tell_user_changed(key_manager_, caller.tenant, caller.user_id));
  return rest::Reply{};
}

// POST /self-signup {userName, password, email}: an account for oneself, in the tenant whose portal
// it is (X-WSO2-Tenant). Where the tenant wants it so, the account waits for approval.
//   201  the account, with the roles that the tenant gives
//   403  nobody can sign up here
//   409  a user has this name
Result<rest::Reply> DevPortal::sign_up(const rest::Call& call) {
  const model::TenantNumber tenant = call.caller.tenant;
  storage::User user = account_from(call.object(), random_uuid(random_), clock_.now());
  GH_TRY(settings, user_manager_.read([&](Transaction& transaction) {
    return storage::TenantSettingsStore(transaction, tenant).settings();
  }));
  if (!settings.sign_up.enabled) return rest::refuse(rest::sign_up_disabled);
  if (settings.sign_up.needs_approval) user.status = storage::UserStatus::pending;
  GH_TRY(hash, rest::hash_new_password(user_manager_, tenant, user,
                                       text_or(call.object(), "password", ""),
                                       {options_.hash_password, options_.password_matches}));
  user.password = std::move(hash);
  const storage::Occurrence occurrence{random_uuid(random_), user.created_at};
  const Result<> added = user_manager_.write([&](Transaction& transaction) {
    return storage::add_user(transaction, tenant, user, settings.sign_up.roles, occurrence);
  });
  GH_CHECK(added);
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  json::object account;
  account["userName"] = user.name;
  account["email"] = user.email;
  account["status"] = settings.sign_up.needs_approval ? "PENDING" : "ACTIVE";
  rest::Reply reply = rest::ok(std::move(account));
  reply.status = 201;
  return reply;
}

}  // namespace gatehouse::devportal
