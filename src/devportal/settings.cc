// SPDX-License-Identifier: Apache-2.0
//
// /settings, /tenants and /key-managers.
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "storage/users/account.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::devportal {

namespace {

constexpr std::array grant_types{"client_credentials", "password", "refresh_token"};

json::array grants() { return json::array(grant_types.begin(), grant_types.end()); }

}  // namespace

// GET /settings: what the portal needs to draw itself.
Result<rest::Reply> DevPortal::get_settings(const rest::Call& call) {
  json::object settings;
  settings["grantTypes"] = grants();
  settings["scopes"] = to_json(call.caller.scopes);
  settings["applicationSharingEnabled"] = false;
  settings["mapExistingAuthApps"] = false;
  settings["monetizationEnabled"] = false;
  settings["recommendationEnabled"] = false;
  settings["IsAnonymousModeEnabled"] = true;
  settings["IsPasswordChangeEnabled"] = true;
  settings["identityProvider"] = json::object{{"external", false}};
  settings["passwordPolicyMinLength"] = storage::password_length_min;
  settings["passwordPolicyMaxLength"] = storage::password_length_max;
  settings["devportalMode"] = "API_ONLY";
  return rest::ok(std::move(settings));
}

// GET /tenants?state: the tenants in this state, by number.
Result<rest::Reply> DevPortal::list_tenants(const rest::Call& call) {
  const rest::Page page = call.page();
  GH_TRY(listed, user_manager_.read([&](storage::Transaction& transaction) {
    return storage::TenantStore(transaction).list(storage::Window{page.offset, page.limit});
  }));
  const bool active = call.query_or("state", "active") == "active";
  json::array list;
  for (const storage::Tenant& tenant : listed.items) {
    if (tenant.active != active) continue;
    list.push_back(
        json::object{{"domain", tenant.domain}, {"status", tenant.active ? "active" : "inactive"}});
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// GET /key-managers: the one that comes with the server.
Result<rest::Reply> DevPortal::list_key_managers(const rest::Call&) {
  const std::string& url = options_.key_manager_url;
  json::object info;
  info["id"] = resident_key_manager;
  info["name"] = resident_key_manager;
  info["displayName"] = resident_key_manager;
  info["type"] = "default";
  info["description"] = "The key manager that comes with the server";
  info["enabled"] = true;
  info["availableGrantTypes"] = grants();
  info["tokenEndpoint"] = url + "/oauth2/token";
  info["revokeEndpoint"] = url + "/oauth2/revoke";
  info["userInfoEndpoint"] = url + "/oauth2/userinfo";
  info["enableTokenGeneration"] = true;
  info["enableTokenHashing"] = true;
  info["enableOAuthAppCreation"] = true;
  info["enableMapOAuthConsumerApps"] = false;
  info["applicationConfiguration"] = json::array();
  info["additionalProperties"] = json::object();
  info["tokenType"] = "DIRECT";
  json::object answer;
  answer["count"] = 1;
  answer["list"] = json::array{std::move(info)};
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::devportal
