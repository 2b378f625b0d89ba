// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_user_store.h"

#include <algorithm>
#include <future>

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "storage/users/account.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;
using storage::UserStoreRow;
using storage::UserStoreSettings;

constexpr std::size_t directories_max = 1'000;

std::vector<std::string> roles_of(const storage::LdapSettings& settings,
                                  const std::vector<std::string>& groups) {
  std::vector<std::string> roles = settings.default_roles;
  for (const auto& [group, role] : settings.group_roles) {
    const bool member = std::ranges::any_of(
        groups, [&](const std::string& name) { return equals_ignoring_case(name, group); });
    if (member) roles.push_back(role);
  }
  std::ranges::sort(roles);
  const auto doubles = std::ranges::unique(roles);
  roles.erase(doubles.begin(), doubles.end());
  return roles;
}

// Roles that have been removed since the mapping was made are left out.
Result<std::vector<std::string>> that_exist(Transaction& transaction, model::TenantNumber tenant,
                                            std::vector<std::string> roles) {
  std::vector<std::string> known;
  for (std::string& role : roles) {
    GH_TRY(row, transaction.query_one("SELECT name FROM um_role "
                                      "WHERE tenant_id = $1 AND name = $2",
                                      tenant, role));
    if (row) known.push_back(std::move(role));
  }
  return known;
}

struct Adoption {
  storage::User fresh;  // when the person is new
  Person person;
  storage::ExternalId external;
  std::vector<std::string> roles;
  std::vector<storage::Occurrence> occurrences;
};

// The user that the person is, made or linked where there was none.
Result<storage::User> user_of(Transaction& transaction, model::TenantNumber tenant,
                              const Adoption& adoption) {
  storage::UserStore users(transaction, tenant);
  UserStoreSettings links(transaction, tenant);
  GH_TRY(linked, links.user_of(adoption.external));
  if (linked) return users.find(*linked);
  auto same = users.find_by_name(adoption.person.name);
  if (!same && same.error().code != ErrorCode::not_found) return same;
  if (same) {
    GH_TRY(taken, links.is_linked(same->id));
    if (taken || !same->password.empty()) return wrong_password();
  } else {
    GH_CHECK(storage::add_user(transaction, tenant, adoption.fresh, {}, adoption.occurrences[0]));
    same = users.find(adoption.fresh.id);
    if (!same) return same;
  }
  GH_CHECK(links.link(adoption.external, same->id));
  return same;
}

Result<storage::User> bring_up_to_date(Transaction& transaction, model::TenantNumber tenant,
                                       const Adoption& adoption) {
  GH_TRY(user, user_of(transaction, tenant, adoption));
  storage::UserStore users(transaction, tenant);
  if (user.email != adoption.person.email) {
    user.email = adoption.person.email;
    GH_CHECK(users.update(user, adoption.occurrences[1]));
  }
  GH_TRY(roles, that_exist(transaction, tenant, adoption.roles));
  GH_TRY(present, users.roles_of(user.id));
  std::erase(present, storage::everyone_role);
  std::erase(roles, storage::everyone_role);
  if (roles != present) GH_CHECK(users.set_roles(user.id, roles, adoption.occurrences[2]));
  return users.find(user.id);
}

}  // namespace

LdapUserStore::LdapUserStore(const Resources& resources, const Directory& directory)
    : resources_(resources),
      directory_(directory),
      lock_(resources),
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

Result<Account> LdapUserStore::authenticate(const std::string& name, const std::string& password) {
  GH_TRY(question, question_of(name));
  if (question.stores.empty() || password.empty()) return wrong_password();
  if (question.known) {
    const Account& known = *question.known;
    if (!known.user.password.empty() || !known.active() || lock_.is_locked(known)) {
      return wrong_password();
    }
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
    if (outcome->right) return adopt(question, row, *directory, outcome->person);
    if (question.known) GH_CHECK(lock_.failed(*question.known));
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
                                     const LdapDirectory& directory, const Person& person) {
  const Instant now = resources_.clock.now();
  Adoption adoption;
  adoption.fresh.id = random_uuid(resources_.random);
  adoption.fresh.name = person.name;
  adoption.fresh.email = person.email;
  adoption.fresh.created_at = adoption.fresh.updated_at = now;
  adoption.person = person;
  adoption.external = {row.id, person.external_id};
  adoption.roles = roles_of(directory.settings(), person.groups);
  for (int i = 0; i < 3; ++i) {
    adoption.occurrences.push_back({random_uuid(resources_.random), now});
  }
  const model::TenantNumber tenant = question.tenant.number;
  GH_TRY(user, resources_.users.write([&](Transaction& transaction) {
    return bring_up_to_date(transaction, tenant, adoption);
  }));
  if (question.known) GH_CHECK(lock_.succeeded(*question.known));
  GH_TRY(account, directory_.by_id(tenant, user.id));
  if (!account.active()) return wrong_password();
  return account;
}

}  // namespace gatehouse::keymanager
