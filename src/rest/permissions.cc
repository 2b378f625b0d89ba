// SPDX-License-Identifier: Apache-2.0
#include "rest/permissions.h"

#include "core/text.h"

namespace gatehouse::rest {

bool share_a_role(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& role) {
    return std::any_of(b.begin(), b.end(),
                       [&](const std::string& other) { return equals_ignoring_case(role, other); });
  });
}

bool is_open_to(const Caller& caller, const json::object& document) {
  const json::object* permissions = object_at(document, "permissions");
  const std::string type =
      permissions == nullptr ? "PUBLIC" : text_or(*permissions, "permissionType", "PUBLIC");
  if (type != "ALLOW" && type != "DENY") return true;
  if (caller.anonymous()) return false;
  return share_a_role(caller.roles, texts_of(*permissions, "roles")) == (type == "ALLOW");
}

}  // namespace gatehouse::rest
