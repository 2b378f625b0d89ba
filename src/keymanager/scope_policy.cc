// SPDX-License-Identifier: Apache-2.0
#include "keymanager/scope_policy.h"

#include <algorithm>

#include "keymanager/user_claims.h"
#include "storage/apis/api_scope_store.h"
#include "storage/users/role_store.h"

namespace gatehouse::keymanager {

namespace {

using storage::Transaction;

// Names of our own REST APIs, which no API may define, even while no role holds them.
bool is_reserved(std::string_view scope) {
  return scope.starts_with("apim:") || scope.starts_with("apim_analytics:") ||
         scope.starts_with("service_catalog:");
}

bool holds_one(const Holder& holder, const std::vector<std::string>& roles) {
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& role) {
    return std::find(holder.roles.begin(), holder.roles.end(), role) != holder.roles.end();
  });
}

}  // namespace

Result<std::vector<std::string>> ScopePolicy::allowed(const Holder& holder,
                                                      const std::vector<std::string>& asked) const {
  std::vector<std::string> allowed;
  if (asked.empty()) return allowed;
  GH_TRY(verdicts, rest_verdicts(holder, asked));
  GH_CHECK(add_api_verdicts(holder, asked, verdicts));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (verdicts[i] == Verdict::yes) allowed.push_back(asked[i]);
  }
  return allowed;
}

Result<std::vector<ScopePolicy::Verdict>> ScopePolicy::rest_verdicts(
    const Holder& holder, const std::vector<std::string>& asked) const {
  const bool is_user = holder.kind != HolderKind::application;
  return users_.read([&](Transaction& transaction) -> Result<std::vector<Verdict>> {
    const storage::RoleStore store(transaction, holder.tenant);
    std::vector<Verdict> verdicts;
    for (const std::string& scope : asked) {
      if (opens_user_claims(scope)) {
        verdicts.push_back(is_user ? Verdict::yes : Verdict::no);
        continue;
      }
      GH_TRY(roles, store.roles_of_scope(scope));
      const bool ours = holder.kind != HolderKind::guest || is_reserved(scope);
      const bool held = is_user && ours && holds_one(holder, roles);
      const bool unknown = roles.empty() && !is_reserved(scope);
      verdicts.push_back(unknown ? Verdict::unknown : held ? Verdict::yes : Verdict::no);
    }
    return verdicts;
  });
}

Result<> ScopePolicy::add_api_verdicts(const Holder& holder, const std::vector<std::string>& asked,
                                       std::vector<Verdict>& verdicts) const {
  const bool known =
      std::find(verdicts.begin(), verdicts.end(), Verdict::unknown) == verdicts.end();
  if (known || holder.kind == HolderKind::guest) return {};
  return apis_.read([&](Transaction& transaction) -> Result<> {
    const storage::ApiScopeStore store(transaction, holder.tenant);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (verdicts[i] != Verdict::unknown) continue;
      GH_TRY(definitions, store.find(asked[i]));
      const bool held =
          !definitions.empty() &&
          std::all_of(definitions.begin(), definitions.end(), [&](const auto& definition) {
            return definition.roles.empty() || holds_one(holder, definition.roles);
          });
      verdicts[i] = held ? Verdict::yes : Verdict::no;
    }
    return {};
  });
}

}  // namespace gatehouse::keymanager
