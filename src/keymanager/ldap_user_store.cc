// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_user_store.h"

#include <future>

#include "core/log.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;
using storage::UserStoreRow;
using storage::UserStoreSettings;

constexpr std::size_t directories_max = 1'000;

}  // namespace

LdapUserStore::LdapUserStore(const Resources& resources, const Directory& directory)
    : resources_(resources),
      directory_(directory),
      lock_(resources),
      people_(resources),
      pool_({.name = "directory", .threads = 4, .queue_max = 64}) {}

Result<LdapUserStore::Question> LdapUserStore::question_of(const std::string& name) const {
  Question question;
  const std::size_t at = name.rfind('@');
  const Result<storage::Tenant> named =
      at == name.npos ? wrong_password() : directory_.tenant(name.substr(at + 1));
  if (named) {
    question.tenant = *named;
    question.name = name.substr(0, at);
  } else {
    GH_TRY(first, directory_.tenant(storage::first_tenant_domain));
    question.tenant = std::move(first);
    question.name = name;
  }
  GH_TRY(stores, resources_.users.read([&](Transaction& transaction) {
    return UserStoreSettings(transaction, question.tenant.number).list();
  }));
  question.stores = std::move(stores);
  if (question.stores.empty()) return question;
  Result<Account> known = directory_.by_name(name);
  if (!known && known.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  if (known) question.known = *std::move(known);
  return question;
}

Result<Account> LdapUserStore::authenticate(const std::string& name, const std::string& password,
                                            Place place) {
  GH_TRY(question, question_of(name));
  if (question.stores.empty() || password.empty()) return wrong_password();
  if (question.known) {
    const Account& known = *question.known;
    // Who has departed may be back.
    const bool out = !known.active() && known.user.status != storage::UserStatus::departed;
    const bool locked = place == Place::anywhere && lock_.is_locked(known);
    if (!known.user.password.empty() || out || locked) return wrong_password();
  }
  std::optional<Error> away;
  for (const UserStoreRow& row : question.stores) {
    GH_TRY(directory, directory_of(question.tenant.number, row));
    if (!directory->settings().enabled) continue;
    const Result<LdapDirectory::Outcome> outcome = ask(directory, question.name, password);
    if (!outcome) {
      log_warning("user store {}: {} ({})", row.name, outcome.error().message,
                  outcome.error().detail);
      away = outcome.error();
      continue;
    }
    if (!outcome->known) continue;
    if (outcome->right) return adopt(question, row, *directory, outcome->person, place);
    return wrong_password();
  }
  if (away) return tl::unexpected<Error>(*away);
  return wrong_password();
}

Result<LdapUserStore::Shared> LdapUserStore::directory_of(model::TenantNumber tenant,
                                                          const UserStoreRow& row) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = directories_.find(row.id);
    if (found != directories_.end() && found->second.version == row.version) {
      return found->second.directory;
    }
  }
  GH_TRY(settings, storage::ldap_settings_from(row.document));
  std::string password;
  if (!row.sealed.empty()) {
    GH_TRY(opened, resources_.sealer.open(row.sealed, fmt::format("user store {}", tenant)));
    password = std::move(opened);
  }
  auto made =
      std::make_shared<LdapDirectory>(std::move(settings), std::move(password), resources_.clock);
  const std::lock_guard lock(mutex_);
  if (directories_.size() >= directories_max) directories_.clear();
  directories_[row.id] = {row.version, made};
  return made;
}

// The job owns what it needs, because it may outlive whoever asked.
Result<LdapDirectory::Outcome> LdapUserStore::ask(Shared directory, const std::string& name,
                                                  const std::string& password) {
  auto promise = std::make_shared<std::promise<Result<LdapDirectory::Outcome>>>();
  std::future<Result<LdapDirectory::Outcome>> answer = promise->get_future();
  GH_CHECK(pool_.submit([directory = std::move(directory), promise, name, password] {
    promise->set_value(directory->check(name, password));
  }));
  if (answer.wait_for(answer_max) != std::future_status::ready) {
    return fail(ErrorCode::unavailable, "The directory does not answer in time");
  }
  return answer.get();
}

Result<Account> LdapUserStore::adopt(const Question& question, const UserStoreRow& row,
                                     const LdapDirectory& directory, const Person& person,
                                     Place place) {
  const model::TenantNumber tenant = question.tenant.number;
  GH_TRY(user, people_.adopt({tenant, row, directory.settings()}, person));
  if (question.known && place == Place::anywhere) GH_CHECK(lock_.succeeded(*question.known));
  GH_TRY(account, directory_.by_id(tenant, user.id));
  if (!account.active()) return wrong_password();
  return account;
}

}  // namespace gatehouse::keymanager
