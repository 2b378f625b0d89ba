// SPDX-License-Identifier: Apache-2.0
//
// /throttling-policies/{policyLevel} and /apis/{apiId}/subscription-policies.
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/policy_limit.h"

namespace gatehouse::publisher {

namespace {

using storage::PolicyStore;
using storage::Transaction;

// Providers choose among two levels; those of applications are the consumers' matter.
Result<model::PolicyLevel> level_of(const rest::Call& call) {
  const std::string& name = call.path_value("policyLevel");
  const auto level = model::parse_policy_level(name);
  if (!level || *level == model::PolicyLevel::application) {
    return rest::refuse_because(rest::policy_level_invalid,
                                fmt::format("'{}' is neither 'subscription' nor 'api'", name));
  }
  return level;
}

}  // namespace

// GET /throttling-policies/{policyLevel}: by name.
Result<rest::Reply> Publisher::list_policies(const rest::Call& call) {
  GH_TRY(level, level_of(call));
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant)
        .list(level, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const storage::PolicyRow& policy : listed.items) {
    list.push_back(storage::policy_summary(policy));
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// GET /throttling-policies/{policyLevel}/{policyName}.
Result<rest::Reply> Publisher::get_policy(const rest::Call& call) {
  GH_TRY(level, level_of(call));
  GH_TRY(policy, api_manager_.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant)
        .find_by_name(level, call.path_value("policyName"));
  }));
  return rest::ok(storage::policy_summary(policy));
}

// GET /apis/{apiId}/subscription-policies: those that the API offers and that still exist.
Result<rest::Reply> Publisher::list_policies_of_api(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    PolicyStore policies(transaction, call.caller.tenant);
    json::array found;
    for (const std::string& name : texts_of(api.document, "policies")) {
      GH_TRY(known, policies.has(model::PolicyLevel::subscription, name));
      if (!known) continue;
      GH_TRY(policy, policies.find_by_name(model::PolicyLevel::subscription, name));
      found.push_back(storage::policy_summary(policy));
    }
    return found;
  }));
  return rest::ok(std::move(list));
}

}  // namespace gatehouse::publisher
