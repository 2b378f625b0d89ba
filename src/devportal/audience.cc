// SPDX-License-Identifier: Apache-2.0
#include "devportal/audience.h"

#include "core/text.h"

namespace gatehouse::devportal {

namespace {

bool makes_apis(const rest::Caller& caller) {
  return caller.has_role("admin") || caller.has_role("Internal/publisher") ||
         caller.has_role("Internal/creator");
}

bool share_a_role(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& role) {
    return std::any_of(b.begin(), b.end(),
                       [&](const std::string& other) { return equals_ignoring_case(role, other); });
  });
}

}  // namespace

std::vector<std::string> audience_of(const rest::Caller& caller) {
  if (makes_apis(caller)) return {};
  std::vector<std::string> marks{std::string(storage::everybody_mark)};
  if (caller.anonymous()) return marks;
  marks.emplace_back(storage::tenant_mark);
  for (const std::string& role : caller.roles) marks.push_back(storage::role_mark(role));
  return marks;
}

bool may_see(const rest::Caller& caller, const storage::ApiRow& api) {
  const std::string visibility = text_or(api.document, "visibility", "PUBLIC");
  if (visibility == "PUBLIC" || makes_apis(caller)) return true;
  if (caller.anonymous()) return false;
  return visibility == "PRIVATE" ||
         share_a_role(caller.roles, texts_of(api.document, "visibleRoles"));
}

bool is_offered(const storage::ApiRow& api) {
  return std::find(catalogue_states.begin(), catalogue_states.end(), api.state) !=
         catalogue_states.end();
}

bool may_choose(const rest::Caller& caller, const storage::PolicyRow& policy) {
  const json::object* permissions = object_at(policy.document, "permissions");
  if (permissions == nullptr) return true;
  const bool named = share_a_role(caller.roles, texts_of(*permissions, "roles"));
  const std::string type = text_or(*permissions, "permissionType", "");
  if (type == "ALLOW") return named;
  return type != "DENY" || !named;
}

}  // namespace gatehouse::devportal
