// SPDX-License-Identifier: Apache-2.0
//
// /throttling-policies/{policyLevel}.
#include "devportal/devportal.h"
#include "rest/problems.h"
#include "storage/apis/policy_limit.h"

namespace gatehouse::devportal {

namespace {

using storage::PolicyStore;
using storage::Transaction;

// Consumers choose among two levels; those of APIs are the providers' matter.
Result<model::PolicyLevel> level_of(const rest::Call& call) {
  const std::string& name = call.path_value("policyLevel");
  const auto level = model::parse_policy_level(name);
  if (!level || *level == model::PolicyLevel::api) {
    return rest::refuse_because(
        rest::policy_level_invalid,
        fmt::format("'{}' is neither 'application' nor 'subscription'", name));
  }
  return level;
}

}  // namespace

// GET /throttling-policies/{policyLevel}: by name.
Result<rest::Reply> DevPortal::list_policies(const rest::Call& call) {
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

// GET /throttling-policies/{policyLevel}/{policyId}: the id is the name.
Result<rest::Reply> DevPortal::get_policy(const rest::Call& call) {
  GH_TRY(level, level_of(call));
  GH_TRY(policy, api_manager_.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant)
        .find_by_name(level, call.path_value("policyId"));
  }));
  return rest::ok(storage::policy_summary(policy));
}

}  // namespace gatehouse::devportal
