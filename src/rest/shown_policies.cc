// SPDX-License-Identifier: Apache-2.0
#include "rest/shown_policies.h"

#include "core/text.h"
#include "rest/problems.h"
#include "storage/apis/policy_limit.h"

namespace gatehouse::rest {

using model::PolicyLevel;
using storage::PolicyStore;
using storage::Transaction;

Result<PolicyLevel> ShownPolicies::level_of(const Call& call) const {
  const std::string& name = call.path_value("policyLevel");
  const auto level = model::parse_policy_level(name);
  if (level && *level != hidden) return *level;
  std::vector<std::string> shown;
  for (const PolicyLevel each :
       {PolicyLevel::application, PolicyLevel::subscription, PolicyLevel::api}) {
    if (each != hidden) shown.push_back(fmt::format("'{}'", model::to_text(each)));
  }
  return refuse_because(policy_level_invalid,
                        fmt::format("'{}' is neither {}", name, join(shown, " nor ")));
}

Result<Reply> ShownPolicies::list(const Call& call) const {
  GH_TRY(level, level_of(call));
  const Page page = call.page();
  GH_TRY(listed, api_manager.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant)
        .list(level, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const storage::PolicyRow& policy : listed.items) {
    list.push_back(storage::policy_summary(policy));
  }
  return ok(page_of(std::move(list), listed.total, call));
}

Result<Reply> ShownPolicies::get(const Call& call, const std::string& name) const {
  GH_TRY(level, level_of(call));
  GH_TRY(policy, api_manager.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant).find_by_name(level, name);
  }));
  return ok(storage::policy_summary(policy));
}

}  // namespace gatehouse::rest
