// SPDX-License-Identifier: Apache-2.0
//
// /settings and /tenant-info/{username}.
#include "admin/admin.h"
#include "rest/problems.h"
#include "rest/provider_presets.h"

namespace gatehouse::admin {

// GET /settings: what the portal needs to draw itself.
Result<rest::Reply> Admin::get_settings(const rest::Call& call) {
  json::object settings;
  settings["scopes"] = to_json(call.caller.scopes);
  settings["gatewayTypes"] = json::array{"Regular"};
  settings["analyticsEnabled"] = true;
  settings["transactionCounterEnable"] = false;
  json::array types;
  for (const rest::ProviderPreset& preset : rest::provider_presets()) {
    json::object type;
    type["type"] = preset.type;
    type["displayName"] = preset.name;
    type["defaultConsumerKeyClaim"] = preset.consumer_key_claim;
    type["defaultScopesClaim"] = preset.scopes_claim;
    type["configurations"] = json::array();
    types.push_back(std::move(type));
  }
  settings["keyManagerConfiguration"] = std::move(types);
  settings["gatewayConfiguration"] = json::array();
  return rest::ok(std::move(settings));
}

// GET /tenant-info/{username}: "mary" or "mary@carbon.super", of the caller's tenant.
Result<rest::Reply> Admin::get_tenant_info(const rest::Call& call) {
  GH_TRY(user, find_user(call.caller, call.path_value("username")));
  json::object info;
  info["username"] = user.name;
  info["tenantDomain"] = call.caller.tenant_domain;
  info["tenantId"] = call.caller.tenant;
  return rest::ok(std::move(info));
}

}  // namespace gatehouse::admin
