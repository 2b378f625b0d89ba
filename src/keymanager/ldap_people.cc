// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_people.h"

#include <algorithm>
#include <array>

#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "keymanager/user_store.h"
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
  std::array<storage::Occurrence, 4> occurrences;
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
          .occurrences = {occurrence(), occurrence(), occurrence(), occurrence()}};
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

// What the directory says otherwise than we do.
struct Difference {
  bool row = false;  // status or e-mail address
  bool name = false;
  bool roles = false;
  std::vector<std::string> wanted_roles;

  bool any() const { return row || name || roles; }
};

// A name that somebody else has here is not followed.
Result<Difference> difference_of(Transaction& transaction, model::TenantNumber tenant,
                                 const Adoption& adoption, const storage::User& user) {
  Difference difference;
  difference.row = user.status == UserStatus::departed || user.email != adoption.person.email;
  if (user.name != adoption.person.name) {
    GH_TRY(free, may_be_called(transaction, tenant, user, adoption.person.name));
    difference.name = free;
  }
  GH_TRY(wanted, that_exist(transaction, tenant, adoption.roles));
  GH_TRY(present, storage::UserStore(transaction, tenant).roles_of(user.id));
  std::erase(present, storage::everyone_role);
  std::erase(wanted, storage::everyone_role);
  difference.roles = wanted != present;
  difference.wanted_roles = std::move(wanted);
  return difference;
}

// The user, when there is nothing to write.
Result<std::optional<storage::User>> as_it_is(Transaction& transaction, model::TenantNumber tenant,
                                              const Adoption& adoption, std::string_view user_id) {
  GH_TRY(user, storage::UserStore(transaction, tenant).find(user_id));
  GH_TRY(difference, difference_of(transaction, tenant, adoption, user));
  if (difference.any()) return std::optional<storage::User>();
  return std::optional<storage::User>(std::move(user));
}

Result<storage::User> bring_up_to_date(Transaction& transaction, model::TenantNumber tenant,
                                       const Adoption& adoption, storage::User user) {
  storage::UserStore users(transaction, tenant);
  GH_TRY(difference, difference_of(transaction, tenant, adoption, user));
  if (difference.row) {
    if (user.status == UserStatus::departed) user.status = UserStatus::active;
    user.email = adoption.person.email;
    GH_CHECK(users.update(user, adoption.occurrences[1]));
  }
  if (difference.roles) {
    GH_CHECK(users.set_roles(user.id, difference.wanted_roles, adoption.occurrences[2]));
  }
  if (difference.name) {
    GH_CHECK(users.rename(user.id, adoption.person.name, adoption.occurrences[3]));
  }
  return users.find(user.id);
}

void warn_of_name(const storage::User& user, const Person& person) {
  if (user.name == person.name) return;
  log_warning("the directory calls user {} '{}', which is another user here", user.id, person.name);
}

}  // namespace

Result<storage::User> LdapPeople::adopt(const Origin& origin, const Person& person) {
  const Adoption adoption = adoption_of(resources_, origin, person);
  using Found = Result<std::optional<storage::User>>;
  GH_TRY(settled, resources_.users.read([&](Transaction& transaction) -> Found {
    GH_TRY(linked, UserStoreSettings(transaction, origin.tenant).user_of(adoption.external));
    if (!linked) return std::optional<storage::User>();
    return as_it_is(transaction, origin.tenant, adoption, *linked);
  }));
  if (settled) {
    warn_of_name(*settled, person);
    return *std::move(settled);
  }
  Result<storage::User> user =
      resources_.users.write([&](Transaction& transaction) -> Result<storage::User> {
        GH_TRY(found, user_of(transaction, origin.tenant, adoption));
        return bring_up_to_date(transaction, origin.tenant, adoption, std::move(found));
      });
  if (user) {
    warn_of_name(*user, person);
  } else if (user.error().code == ErrorCode::unauthenticated) {
    log_warning("user store {}: '{}' is another user here", origin.row.name, person.name);
  }
  return user;
}

Result<> LdapPeople::follow(const Origin& origin, const Person& person,
                            const std::string& user_id) {
  const Adoption adoption = adoption_of(resources_, origin, person);
  GH_TRY(settled, resources_.users.read([&](Transaction& transaction) {
    return as_it_is(transaction, origin.tenant, adoption, user_id);
  }));
  if (settled) {
    warn_of_name(*settled, person);
    return {};
  }
  GH_TRY(user, resources_.users.write([&](Transaction& transaction) -> Result<storage::User> {
    GH_TRY(found, storage::UserStore(transaction, origin.tenant).find(user_id));
    return bring_up_to_date(transaction, origin.tenant, adoption, std::move(found));
  }));
  warn_of_name(user, person);
  return {};
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

}  // namespace gatehouse::keymanager
