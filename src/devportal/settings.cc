// SPDX-License-Identifier: Apache-2.0
//
// /settings and /tenants.
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "storage/users/tenant_settings.h"

namespace gatehouse::devportal {

json::array grant_type_list() { return {"client_credentials", "password", "refresh_token"}; }

// GET /settings: what the portal needs to draw itself.
Result<rest::Reply> DevPortal::get_settings(const rest::Call& call) {
  GH_TRY(tenant, user_manager_.read([&](storage::Transaction& transaction) {
    return storage::TenantSettingsStore(transaction, call.caller.tenant).settings();
  }));
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
  settings["passwordPolicyMinLength"] = tenant.password.length_min;
  settings["passwordPolicyMaxLength"] = tenant.password.length_max;
  settings["devportalMode"] = "API_ONLY";
  return rest::ok(std::move(settings));
}

// GET /tenants?state: whose portal this is. A tenant does not hear of others; the first one's
// administrators list them all at /api/am/admin/v4/tenants.
Result<rest::Reply> DevPortal::list_tenants(const rest::Call& call) {
  json::array list;
  if (call.query_or("state", "active") == "active") {
    list.push_back(json::object{{"domain", call.caller.tenant_domain}, {"status", "active"}});
  }
  const auto total = static_cast<std::int64_t>(list.size());
  return rest::ok(rest::page_of(std::move(list), total, call));
}

}  // namespace gatehouse::devportal
