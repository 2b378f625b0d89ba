// SPDX-License-Identifier: Apache-2.0
//
// /throttling-policies/{policyLevel}.
#include "devportal/devportal.h"
#include "rest/shown_policies.h"

namespace gatehouse::devportal {

// Policies of APIs are the providers' matter.
constexpr auto hidden_level = model::PolicyLevel::api;

// GET /throttling-policies/{policyLevel}: by name.
Result<rest::Reply> DevPortal::list_policies(const rest::Call& call) {
  return rest::ShownPolicies{api_manager_, hidden_level}.list(call);
}

// GET /throttling-policies/{policyLevel}/{policyId}: the id is the name.
Result<rest::Reply> DevPortal::get_policy(const rest::Call& call) {
  return rest::ShownPolicies{api_manager_, hidden_level}.get(call, call.path_value("policyId"));
}

}  // namespace gatehouse::devportal
