// SPDX-License-Identifier: Apache-2.0
//
// How an LDAP directory is asked, as its REST resource says it.
//
// Thread:  plain values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace gatehouse::storage {

struct LdapSettings {
  bool enabled = true;
  std::vector<std::string> urls;  // "ldaps://host:636"; the next one when one does not answer
  bool start_tls = false;
  std::string ca_certificates;  // PEM; empty: those of the system
  std::string bind_dn;          // who searches; empty: anonymously
  std::string user_base;
  std::string user_filter = "(objectClass=person)";
  std::string name_attribute = "uid";      // Active Directory: sAMAccountName
  std::string id_attribute = "entryUUID";  // Active Directory: objectGUID
  std::string email_attribute = "mail";
  std::string group_base;  // empty: no groups are looked up
  std::string group_filter = "(|(objectClass=groupOfNames)(objectClass=group))";
  std::string group_name_attribute = "cn";
  std::string member_attribute = "member";
  bool nested_groups = false;
  std::vector<std::pair<std::string, std::string>> group_roles;  // group, role
  std::vector<std::string> default_roles;                        // of everybody who logs in
};

inline constexpr std::size_t ldap_urls_max = 8;
inline constexpr std::size_t ldap_group_roles_max = 1'000;

// Passwords travel under TLS, but to this machine itself.
// Error: invalid_argument, naming the member that cannot be.
Result<LdapSettings> ldap_settings_from(const json::object& document);

}  // namespace gatehouse::storage
