// SPDX-License-Identifier: Apache-2.0
#include "keymanager/login.h"

#include "core/digest.h"
#include "storage/users/second_factor_store.h"

namespace gatehouse::keymanager {

Login::Login(const Resources& resources, Directory& directory, Passwords& passwords,
             std::chrono::seconds lifetime)
    : users_(resources.users),
      directory_(directory),
      clock_(resources.clock),
      lifetime_(lifetime),
      key_(resources.random.bytes(32)),
      local_(resources, directory, passwords),
      ldap_(resources, directory),
      lock_(resources) {}

Result<Account> Login::check(const NameAndSecret& pair, Place place) {
  const auto refused = [](const Result<Account>& account) {
    return !account && account.error().code == ErrorCode::unauthenticated;
  };
  Result<Account> account = local_.authenticate(pair.name, pair.secret, place);
  if (refused(account)) account = ldap_.authenticate(pair.name, pair.secret, place);
  if (refused(account)) GH_CHECK(count_failure(pair.name, place));
  return account;
}

// Each refusal writes once, so that their times are alike.
Result<> Login::count_failure(const std::string& name, Place place) {
  const Result<Account> account = directory_.by_name(name);
  if (!account && account.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(account.error());
  }
  const bool counts = account && place == Place::anywhere && !lock_.is_locked(*account);
  return counts ? lock_.failed(*account) : lock_.failed_by_nobody();
}

Result<Account> Login::check_alone(const NameAndSecret& pair) {
  GH_TRY(account, check(pair));
  return alone(std::move(account));
}

// The password was right; whether it is enough.
Result<Account> Login::alone(Account account) const {
  if (account.must_change_password()) {
    return fail(ErrorCode::unauthenticated,
                "The password must be changed first: sign in with a browser");
  }
  GH_TRY(factor, users_.read([&](storage::Transaction& transaction) {
    return storage::SecondFactorStore(transaction, account.tenant).find(account.user.id);
  }));
  if (!factor) return account;
  return fail(ErrorCode::unauthenticated,
              "Two-step sign-in is on for this user: sign in with a browser");
}

Result<Account> Login::check_remembered(const NameAndSecret& pair) {
  const std::string tag = tag_of(pair);
  if (const std::optional<Remembered> remembered = recall(tag)) {
    Result<Account> account = directory_.by_id(remembered->tenant, remembered->user_id);
    if (account && account->active() && account->user.password == remembered->hash) {
      return alone(*std::move(account));
    }
    forget(remembered->user_id);
  }
  GH_TRY(account, check_alone(pair));
  remember(tag, account);
  return account;
}

void Login::forget(std::string_view user_id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pairs_, [&](const auto& entry) { return entry.second.user_id == user_id; });
}

std::string Login::tag_of(const NameAndSecret& pair) const {
  return to_bytes(hmac_sha256(key_, pair.name + '\0' + pair.secret));
}

std::optional<Login::Remembered> Login::recall(const std::string& tag) {
  const std::lock_guard lock(mutex_);
  const auto found = pairs_.find(tag);
  if (found == pairs_.end()) return std::nullopt;
  if (found->second.until > clock_.now()) return found->second;
  pairs_.erase(found);
  return std::nullopt;
}

void Login::remember(const std::string& tag, const Account& account) {
  const std::lock_guard lock(mutex_);
  if (pairs_.size() >= pairs_max) pairs_.clear();
  pairs_[tag] = {account.tenant, account.user.id, account.user.password, clock_.now() + lifetime_};
}

}  // namespace gatehouse::keymanager
