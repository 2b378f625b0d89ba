// SPDX-License-Identifier: Apache-2.0
//
// Whether a directory still lets somebody in, as each kind of directory says it.
//
// Thread:  pure functions.
// Source:  Active Directory: userAccountControl bit 2 (ACCOUNTDISABLE), accountExpires; OpenLDAP:
//          pwdAccountLockedTime (draft-behera-ldap-password-policy, section 5.3.3); 389 and
//          FreeIPA: nsAccountLock.
#pragma once

#include "core/clock.h"
#include "keymanager/ldap_connection.h"

namespace gatehouse::keymanager {

// The attributes that is_disabled looks at; a directory leaves out those that it does not know.
std::vector<std::string> account_attributes();

// Disabled by an administrator, or over. A lock that ends by itself, as after wrong passwords, is
// none: it stops a login, and throws nobody out.
bool is_disabled(const LdapEntry& entry, Instant now);

}  // namespace gatehouse::keymanager
