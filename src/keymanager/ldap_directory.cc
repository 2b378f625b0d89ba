// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_directory.h"

#include <algorithm>
#include <set>

#include "core/text.h"
#include "keymanager/ldap_account.h"
#include "keymanager/ldap_filter.h"

namespace gatehouse::keymanager {

template <typename Work>
auto LdapDirectory::with(Kind kind, const Work& work)
    -> std::invoke_result_t<Work, LdapConnection&> {
  if (Connection waiting = take(kind)) {
    auto outcome = work(*waiting);
    if (outcome) {
      give_back(kind, std::move(waiting));
      return outcome;
    }
    // It may have been closed while it waited.
  }
  GH_TRY(fresh, connect(kind));
  auto outcome = work(*fresh);
  if (outcome) give_back(kind, std::move(fresh));
  return outcome;
}

Result<LdapDirectory::Connection> LdapDirectory::connect(Kind kind) const {
  GH_TRY(connection, LdapConnection::open(settings_));
  if (kind == Kind::check) return connection;
  if (settings_.bind_dn.empty()) {
    GH_CHECK(connection->bind_anonymously());
    return connection;
  }
  GH_TRY(bound, connection->bind(settings_.bind_dn, bind_password_));
  if (!bound) {
    return fail(ErrorCode::unavailable, "The directory does not take our account",
                settings_.bind_dn);
  }
  return connection;
}

LdapDirectory::Connection LdapDirectory::take(Kind kind) {
  const std::lock_guard lock(mutex_);
  std::vector<Connection>& idle = idle_[static_cast<std::size_t>(kind)];
  if (idle.empty()) return nullptr;
  Connection connection = std::move(idle.back());
  idle.pop_back();
  return connection;
}

void LdapDirectory::give_back(Kind kind, Connection connection) {
  const std::lock_guard lock(mutex_);
  std::vector<Connection>& idle = idle_[static_cast<std::size_t>(kind)];
  if (idle.size() < idle_max) idle.push_back(std::move(connection));
}

Result<> LdapDirectory::refuse_while_resting() {
  const std::lock_guard lock(mutex_);
  if (resting_until_ <= clock_.now()) return {};
  return fail(ErrorCode::unavailable, "The directory does not answer", "it did not before");
}

template <typename Answer>
void LdapDirectory::rest_after(const Answer& answer) {
  if (answer || answer.error().code != ErrorCode::unavailable) return;
  const std::lock_guard lock(mutex_);
  resting_until_ = clock_.now() + rest_after_failure;
}

Result<LdapDirectory::Outcome> LdapDirectory::check(const std::string& name,
                                                    const std::string& password) {
  GH_CHECK(refuse_while_resting());
  Result<Outcome> outcome = ask(name, password);
  rest_after(outcome);
  return outcome;
}

Result<LdapDirectory::Outcome> LdapDirectory::ask(const std::string& name,
                                                  const std::string& password) {
  GH_TRY(entry,
         with(Kind::search, [&](LdapConnection& connection) { return find(connection, name); }));
  Outcome outcome;
  outcome.known = entry.has_value();
  if (!entry) return outcome;
  GH_TRY(right, with(Kind::check, [&](LdapConnection& connection) {
           return connection.bind(entry->dn, password);
         }));
  if (!right) return outcome;
  outcome.person = person_from(*entry);
  if (outcome.person.external_id.empty() || outcome.person.name.empty()) return Outcome{};
  if (outcome.person.disabled) return outcome;
  GH_TRY(groups, with(Kind::search, [&](LdapConnection& connection) {
           return groups_of(connection, entry->dn);
         }));
  outcome.person.groups = std::move(groups);
  outcome.right = true;
  return outcome;
}

Result<std::vector<Person>> LdapDirectory::look_up(const std::vector<std::string>& external_ids) {
  GH_ASSERT(external_ids.size() <= look_up_max);
  GH_CHECK(refuse_while_resting());
  const auto work = [&](LdapConnection& connection) -> Result<std::vector<Person>> {
    GH_TRY(found, connection.search({.base = settings_.user_base,
                                     .filter = ldap_and_ids(settings_.user_filter,
                                                            settings_.id_attribute, external_ids),
                                     .attributes = attributes(),
                                     .entries_max = static_cast<int>(2 * look_up_max),
                                     .conclusive = true}));
    std::vector<Person> people;
    for (const LdapEntry& entry : found) {
      Person person = person_from(entry);
      const bool asked_for =
          std::ranges::find(external_ids, person.external_id) != external_ids.end();
      if (!asked_for || person.name.empty()) continue;
      if (!person.disabled) {
        GH_TRY(groups, groups_of(connection, entry.dn));
        person.groups = std::move(groups);
      }
      people.push_back(std::move(person));
    }
    return people;
  };
  Result<std::vector<Person>> people = with(Kind::search, work);
  rest_after(people);
  return people;
}

std::vector<std::string> LdapDirectory::attributes() const {
  std::vector<std::string> names = account_attributes();
  names.insert(names.end(),
               {settings_.id_attribute, settings_.name_attribute, settings_.email_attribute});
  return names;
}

Person LdapDirectory::person_from(const LdapEntry& entry) const {
  return {
      .external_id = external_id_from(settings_.id_attribute, entry.value(settings_.id_attribute)),
      .name = entry.value(settings_.name_attribute),
      .email = entry.value(settings_.email_attribute),
      .groups = {},
      .disabled = is_disabled(entry, clock_.now())};
}

// Nobody, when the name means two: which of them it is, is not ours to guess.
Result<std::optional<LdapEntry>> LdapDirectory::find(LdapConnection& connection,
                                                     const std::string& name) const {
  GH_TRY(found, connection.search({.base = settings_.user_base,
                                   .filter = ldap_and_equals(settings_.user_filter,
                                                             settings_.name_attribute, name),
                                   .attributes = attributes()}));
  if (found.size() != 1) return std::optional<LdapEntry>();
  return std::optional<LdapEntry>(std::move(found.front()));
}

// The groups that name the person as a member, and, where groups are nested, the groups that name
// those.
Result<std::vector<std::string>> LdapDirectory::groups_of(LdapConnection& connection,
                                                          const std::string& dn) const {
  std::vector<std::string> names;
  if (settings_.group_base.empty()) return names;
  std::set<std::string> seen;
  std::vector<std::string> members{dn};
  const int depth_max = settings_.nested_groups ? group_depth_max : 1;
  for (int depth = 0; depth < depth_max && !members.empty(); ++depth) {
    std::vector<std::string> above;
    for (const std::string& member : members) {
      GH_TRY(groups,
             connection.search({.base = settings_.group_base,
                                .filter = ldap_and_equals(settings_.group_filter,
                                                          settings_.member_attribute, member),
                                .attributes = {settings_.group_name_attribute},
                                .entries_max = static_cast<int>(groups_max)}));
      for (const LdapEntry& group : groups) {
        if (seen.size() == groups_max || !seen.insert(to_lower(group.dn)).second) continue;
        names.push_back(group.value(settings_.group_name_attribute));
        above.push_back(group.dn);
      }
    }
    members = std::move(above);
  }
  return names;
}

}  // namespace gatehouse::keymanager
