// SPDX-License-Identifier: Apache-2.0
//
// Whom a resource is open to, by the roles of the caller: policies, key managers and gateway
// environments say it in the same member.
//
//   "permissions": {"permissionType": "PUBLIC" | "ALLOW" | "DENY", "roles": ["Kitchen"]}
//
// PUBLIC, or nothing: everybody. ALLOW: users who have one of the roles. DENY: users who have none
// of them. Roles are compared without regard to case, and no role is above the list. Who is
// anonymous is a user of no kind.
//
// Thread:  pure functions.
#pragma once

#include "rest/call.h"

namespace gatehouse::rest {

// `document`: of the resource.
bool is_open_to(const Caller& caller, const json::object& document);

bool share_a_role(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace gatehouse::rest
