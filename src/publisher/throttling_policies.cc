// SPDX-License-Identifier: Apache-2.0
//
// /throttling-policies/{policyLevel} and /apis/{apiId}/subscription-policies.
#include "publisher/publisher.h"
#include "rest/shown_policies.h"
#include "storage/apis/policy_limit.h"

namespace gatehouse::publisher {

using storage::PolicyStore;
using storage::Transaction;

// Policies of applications are the consumers' matter.
constexpr auto hidden_level = model::PolicyLevel::application;

// GET /throttling-policies/{policyLevel}: by name.
Result<rest::Reply> Publisher::list_policies(const rest::Call& call) {
  return rest::ShownPolicies{api_manager_, hidden_level}.list(call);
}

// GET /throttling-policies/{policyLevel}/{policyName}.
Result<rest::Reply> Publisher::get_policy(const rest::Call& call) {
  return rest::ShownPolicies{api_manager_, hidden_level}.get(call, call.path_value("policyName"));
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
