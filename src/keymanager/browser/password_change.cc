// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/password_change.h"

#include "core/digest.h"
#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "rest/password_change.h"
#include "storage/outbox.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::keymanager {

namespace {

using storage::PasswordResetStore;
using storage::Transaction;

constexpr std::size_t token_size = 32;

tl::unexpected<Error> not_valid() {
  return fail(ErrorCode::not_found, "This link was used before, or is too old");
}

std::string hash_of_token(std::string_view token) { return to_bytes(sha256(token)); }

}  // namespace

PasswordChange::PasswordChange(const Resources& resources, const Directory& directory,
                               Passwords& passwords)
    : users_(resources.users),
      apis_(resources.apis),
      clock_(resources.clock),
      random_(resources.random),
      directory_(directory),
      passwords_(passwords) {}

Result<> PasswordChange::change(const Account& account, std::string_view password) {
  GH_TRY(hash, hash_of(account, password));
  const storage::Occurrence occurrence = now_happens();
  return users_.write([&](Transaction& transaction) -> Result<> {
    storage::UserStore users(transaction, account.tenant);
    GH_TRY(present, users.find(account.user.id));
    if (present.password != account.user.password) {
      return fail(ErrorCode::conflict, "The password was changed meanwhile");
    }
    return users.set_password(account.user.id, hash, occurrence);
  });
}

Result<std::string> PasswordChange::make_reset(std::string_view user_name) {
  GH_TRY(account, directory_.by_name(user_name));
  return make_reset(account);
}

Result<std::string> PasswordChange::make_reset(const Account& account) {
  std::string token = to_base64url(random_.bytes(token_size));
  const storage::PasswordReset reset{.hash = hash_of_token(token),
                                     .tenant = account.tenant,
                                     .user_id = account.user.id,
                                     .expires_at = clock_.now() + reset_lifetime};
  GH_CHECK(users_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(linked,
           storage::UserStoreSettings(transaction, account.tenant).is_linked(account.user.id));
    if (linked) return fail(ErrorCode::conflict, "The password of this user is in a directory");
    return PasswordResetStore(transaction).put(reset);
  }));
  return token;
}

Result<Account> PasswordChange::owner_of(std::string_view token) const {
  GH_TRY(reset, users_.read([&](Transaction& transaction) {
    return PasswordResetStore(transaction).find(hash_of_token(token));
  }));
  if (!reset || reset->expires_at <= clock_.now()) return not_valid();
  return directory_.by_id(reset->tenant, reset->user_id);
}

Result<Account> PasswordChange::reset(std::string_view token, std::string_view password) {
  GH_TRY(account, owner_of(token));
  GH_TRY(hash, hash_of(account, password));
  const storage::Occurrence occurrence = now_happens();
  GH_CHECK(users_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(first, PasswordResetStore(transaction).take(hash_of_token(token)));
    if (!first) return not_valid();
    return storage::UserStore(transaction, account.tenant)
        .set_password(account.user.id, hash, occurrence, storage::Before::ended);
  }));
  // The password is set; what could not be drained now is drained with the next round.
  const Result<> drained = storage::drain_outbox(users_, apis_, clock_);
  if (!drained) log_warning("outbox: {}: {}", drained.error().message, drained.error().detail);
  return account;
}

Result<std::string> PasswordChange::hash_of(const Account& account, std::string_view password) {
  const rest::PasswordHashing hashing{
      .hash = [this](const std::string& text) { return passwords_.hash(text); },
      .matches = [this](const std::string& text,
                        const std::string& hash) { return passwords_.matches(text, hash); }};
  return rest::hash_new_password(users_, account.tenant, account.user, std::string(password),
                                 hashing);
}

storage::Occurrence PasswordChange::now_happens() const {
  return {random_uuid(random_), clock_.now()};
}

}  // namespace gatehouse::keymanager
