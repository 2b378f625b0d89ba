// SPDX-License-Identifier: Apache-2.0
//
// /settings and /tenants.
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "storage/users/account.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::devportal {

json::array grant_type_list() { return {"client_credentials", "password", "refresh_token"}; }

// GET /settings: what the portal needs to draw itself.
Result<rest::Reply> DevPortal::get_settings(const rest::Call& call) {
  json::object settings;
  settings["grantTypes"] = grant_type_list();
  settings["scopes"] = to_json(call.caller.scopes);
  settings["applicationSharingEnabled"] = false;
  settings["mapExistingAuthApps"] = true;
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

}  // namespace gatehouse::devportal
