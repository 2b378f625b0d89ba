// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_people.h"

#include <algorithm>
#include <array>

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "keymanager/user_store.h"
#include "storage/apis/ownership.h"
#include "storage/users/account.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;
using storage::UserStatus;
using storage::UserStoreSettings;

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

// What is written of a person, with the ids that it takes.
struct Adoption {
  storage::User fresh;  // when the person is new
  const Person& person;
  storage::ExternalId external;
  std::vector<std::string> roles;
  std::array<storage::Occurrence, 3> occurrences;
};

Adoption adoption_of(const Resources& resources, const LdapPeople::Origin& origin,
                     const Person& person) {
  const Instant now = resources.clock.now();
  const auto occurrence = [&] { return storage::Occurrence{random_uuid(resources.random), now}; };
  return {.fresh = {.id = random_uuid(resources.random),
                    .name = person.name,
                    .email = person.email,
                    .created_at = now,
                    .updated_at = now},
          .person = person,
          .external = {origin.row.id, person.external_id},
          .roles = roles_of(origin.settings, person.groups),
          .occurrences = {occurrence(), occurrence(), occurrence()}};
}

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
                                       const Adoption& adoption, storage::User user) {
  storage::UserStore users(transaction, tenant);
  const bool back = user.status == UserStatus::departed;
  if (back) user.status = UserStatus::active;
  if (back || user.email != adoption.person.email) {
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

// The name may be in other case only, or free, and mean nobody else.
Result<bool> may_be_called(Transaction& transaction, model::TenantNumber tenant,
                           const storage::User& user, const std::string& name) {
  const Result<storage::User> other = storage::UserStore(transaction, tenant).find_by_name(name);
  if (!other && other.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(other.error());
  }
  if (other) return other->id == user.id;
  return storage::check_unambiguous(transaction, tenant, name).has_value();
}

}  // namespace

Result<storage::User> LdapPeople::adopt(const Origin& origin, const Person& person) {
  const Adoption adoption = adoption_of(resources_, origin, person);
  Result<storage::User> user =
      resources_.users.write([&](Transaction& transaction) -> Result<storage::User> {
        GH_TRY(found, user_of(transaction, origin.tenant, adoption));
        return bring_up_to_date(transaction, origin.tenant, adoption, std::move(found));
      });
  if (!user) {
    const bool taken = user.error().code == ErrorCode::unauthenticated;
    if (taken)
      log_warning("user store {}: '{}' is another user here", origin.row.name, person.name);
    return user;
  }
  GH_CHECK(rename(origin.tenant, *user, person.name));
  return user;
}

Result<> LdapPeople::follow(const Origin& origin, const Person& person,
                            const std::string& user_id) {
  const Adoption adoption = adoption_of(resources_, origin, person);
  GH_TRY(user, resources_.users.write([&](Transaction& transaction) -> Result<storage::User> {
    GH_TRY(found, storage::UserStore(transaction, origin.tenant).find(user_id));
    return bring_up_to_date(transaction, origin.tenant, adoption, std::move(found));
  }));
  return rename(origin.tenant, user, person.name);
}

Result<bool> LdapPeople::would_depart(model::TenantNumber tenant,
                                      const std::string& user_id) const {
  const Result<storage::User> user = resources_.users.read([&](Transaction& transaction) {
    return storage::UserStore(transaction, tenant).find(user_id);
  });
  if (user) return user->status == UserStatus::active;
  if (user.error().code == ErrorCode::not_found) return false;
  return tl::unexpected<Error>(user.error());
}

Result<bool> LdapPeople::depart(model::TenantNumber tenant, const std::string& user_id) {
  const storage::Occurrence occurrence{random_uuid(resources_.random), resources_.clock.now()};
  return resources_.users.write([&](Transaction& transaction) -> Result<bool> {
    storage::UserStore users(transaction, tenant);
    GH_TRY(user, users.find(user_id));
    if (user.status != UserStatus::active) return false;
    user.status = UserStatus::departed;
    GH_CHECK(users.update(user, occurrence));
    return true;
  });
}

// What the user owns says the name first: the next round sees a name that differs and goes on where
// a crash has stopped this one. A name that somebody else has here is not followed.
Result<> LdapPeople::rename(model::TenantNumber tenant, const storage::User& user,
                            const std::string& name) {
  if (user.name == name) return {};
  GH_TRY(free, resources_.users.read([&](Transaction& transaction) {
    return may_be_called(transaction, tenant, user, name);
  }));
  if (!free) {
    log_warning("the directory calls user {} '{}', which is another user here", user.id, name);
    return {};
  }
  const Instant now = resources_.clock.now();
  GH_CHECK(resources_.apis.write([&](Transaction& transaction) {
    return storage::Ownership(transaction, tenant).rename({user.id, user.name}, name, now);
  }));
  const storage::Occurrence occurrence{random_uuid(resources_.random), now};
  return resources_.users.write([&](Transaction& transaction) {
    return storage::UserStore(transaction, tenant).rename(user.id, name, occurrence);
  });
}

}  // namespace gatehouse::keymanager
