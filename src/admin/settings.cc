// SPDX-License-Identifier: Apache-2.0
//
// /settings, /tenant-info/{username} and /key-managers.
#include "admin/admin.h"
#include "rest/problems.h"

namespace gatehouse::admin {

// GET /settings: what the portal needs to draw itself.
Result<rest::Reply> Admin::get_settings(const rest::Call& call) {
  json::object settings;
  settings["scopes"] = to_json(call.caller.scopes);
  settings["gatewayTypes"] = json::array{"Regular"};
  settings["analyticsEnabled"] = true;
  settings["transactionCounterEnable"] = false;
  settings["keyManagerConfiguration"] = json::array();
  settings["gatewayConfiguration"] = json::array();
  return rest::ok(std::move(settings));
}

// GET /tenant-info/{username}: "mary" or "mary@carbon.super", of the caller's tenant.
Result<rest::Reply> Admin::get_tenant_info(const rest::Call& call) {
  const std::string& username = call.path_value("username");
  const std::string suffix = "@" + call.caller.tenant_domain;
  const std::string name =
      username.ends_with(suffix) ? username.substr(0, username.size() - suffix.size()) : username;
  GH_TRY(user, find_user(call.caller, name));
  json::object info;
  info["username"] = user.name;
  info["tenantDomain"] = call.caller.tenant_domain;
  info["tenantId"] = call.caller.tenant;
  return rest::ok(std::move(info));
}

// GET /key-managers: the one that comes with the server.
Result<rest::Reply> Admin::list_key_managers(const rest::Call&) {
  constexpr std::string_view resident = "Resident Key Manager";
  json::object info;
  info["id"] = resident;
  info["name"] = resident;
  info["type"] = "default";
  info["description"] = "The key manager that comes with the server";
  info["enabled"] = true;
  info["isGlobal"] = false;
  info["isUsed"] = true;
  info["tokenType"] = "DIRECT";
  json::object answer;
  answer["count"] = 1;
  answer["list"] = json::array{std::move(info)};
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::admin
