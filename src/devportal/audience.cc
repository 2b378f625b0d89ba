// SPDX-License-Identifier: Apache-2.0
#include "devportal/audience.h"

#include "rest/permissions.h"

namespace gatehouse::devportal {

namespace {

bool makes_apis(const rest::Caller& caller) {
  return caller.has_role("admin") || caller.has_role("Internal/publisher") ||
         caller.has_role("Internal/creator");
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
         rest::share_a_role(caller.roles, texts_of(api.document, "visibleRoles"));
}

bool is_offered(const storage::ApiRow& api) {
  return std::find(catalogue_states.begin(), catalogue_states.end(), api.state) !=
         catalogue_states.end();
}

}  // namespace gatehouse::devportal
