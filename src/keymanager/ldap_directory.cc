// SPDX-License-Identifier: Apache-2.0
#include "keymanager/ldap_directory.h"

#include <algorithm>
#include <set>

#include "core/text.h"
#include "keymanager/ldap_filter.h"

namespace gatehouse::keymanager {

namespace {

// An objectGUID is bytes; other ids are text.
std::string external_id_from(const std::string& value) {
  const bool printable = std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f; });
  return printable ? value : to_hex(value);
}

}  // namespace

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

Result<LdapDirectory::Outcome> LdapDirectory::check(const std::string& name,
                                                    const std::string& password) {
  {
    const std::lock_guard lock(mutex_);
    if (resting_until_ > clock_.now()) {
      return fail(ErrorCode::unavailable, "The directory does not answer", "it did not before");
    }
  }
  Result<Outcome> outcome = ask(name, password);
  if (!outcome && outcome.error().code == ErrorCode::unavailable) {
    const std::lock_guard lock(mutex_);
    resting_until_ = clock_.now() + rest_after_failure;
  }
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
  outcome.right = right;
  if (!right) return outcome;
  GH_TRY(groups, with(Kind::search, [&](LdapConnection& connection) {
           return groups_of(connection, entry->dn);
         }));
  outcome.person = {external_id_from(entry->value(settings_.id_attribute)),
                    entry->value(settings_.name_attribute), entry->value(settings_.email_attribute),
                    std::move(groups)};
  if (outcome.person.external_id.empty() || outcome.person.name.empty()) outcome = {};
  return outcome;
}

// Nobody, when the name means two: which of them it is, is not ours to guess.
Result<std::optional<LdapEntry>> LdapDirectory::find(LdapConnection& connection,
                                                     const std::string& name) const {
  GH_TRY(found, connection.search({.base = settings_.user_base,
                                   .filter = ldap_and_equals(settings_.user_filter,
                                                             settings_.name_attribute, name),
                                   .attributes = {settings_.id_attribute, settings_.name_attribute,
                                                  settings_.email_attribute}}));
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
