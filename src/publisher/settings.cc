// SPDX-License-Identifier: Apache-2.0
//
// /settings, /tenants and the roles that a provider may name.
#include "core/text.h"
#include "publisher/publisher.h"
#include "rest/permissions.h"
#include "rest/problems.h"
#include "storage/apis/environment_store.h"
#include "storage/users/role_store.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::publisher {

namespace {

using storage::Transaction;

json::object environment_view(const storage::EnvironmentRow& environment) {
  json::object view;
  view["id"] = environment.id;
  view["name"] = environment.name;
  for (const char* name : {"displayName", "type", "gatewayType", "mode", "provider", "vhosts",
                           "endpointURIs", "additionalProperties", "permissions"}) {
    if (environment.document.contains(name)) view[name] = environment.document.at(name);
  }
  view["serverUrl"] = "";
  view["showInApiConsole"] = true;
  return view;
}

}  // namespace

// GET /settings: what the portal needs to draw itself; of the environments, where the caller may
// deploy.
Result<rest::Reply> Publisher::get_settings(const rest::Call& call) {
  GH_TRY(environments, api_manager_.read([&](Transaction& transaction) {
    return storage::EnvironmentStore(transaction, call.caller.tenant).list();
  }));
  json::array views;
  for (const storage::EnvironmentRow& environment : environments) {
    if (!rest::is_open_to(call.caller, environment.document)) continue;
    views.push_back(environment_view(environment));
  }
  json::object settings;
  settings["devportalUrl"] = options_.devportal_url;
  settings["environment"] = std::move(views);
  settings["gatewayTypes"] = json::array{"Regular"};
  settings["scopes"] = to_json(call.caller.scopes);
  settings["monetizationAttributes"] = json::array();
  settings["externalStoresEnabled"] = false;
  settings["docVisibilityEnabled"] = false;
  settings["crossTenantSubscriptionEnabled"] = false;
  settings["defaultAdvancePolicy"] = "Unlimited";
  settings["defaultSubscriptionPolicy"] = "Unlimited";
  settings["authorizationHeader"] = "Authorization";
  settings["customProperties"] = json::array();
  return rest::ok(std::move(settings));
}

// GET /tenants?state: the tenant of the caller, if it is in this state.
Result<rest::Reply> Publisher::list_tenants(const rest::Call& call) {
  GH_TRY(tenant, user_manager_.read([&](Transaction& transaction) {
    return storage::TenantStore(transaction).find(call.caller.tenant);
  }));
  const std::string state = tenant.active ? "active" : "inactive";
  json::array list;
  if (call.query_or("state", "active") == state) {
    list.push_back(json::object{{"domain", tenant.domain}, {"status", state}});
  }
  const auto total = static_cast<std::int64_t>(list.size());
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// HEAD /tenants/{tenantDomain}: 200 when there is such a tenant.
Result<rest::Reply> Publisher::validate_tenant(const rest::Call& call) {
  GH_CHECK(user_manager_.read([&](Transaction& transaction) {
    return storage::TenantStore(transaction).find_by_domain(call.path_value("tenantDomain"));
  }));
  return rest::Reply{};
}

// HEAD /roles/{roleId}: 200 when the role exists. The id is the name, in base64url or as it is.
Result<rest::Reply> Publisher::validate_role(const rest::Call& call) {
  const std::string& id = call.path_value("roleId");
  const Result<std::string> decoded = from_base64url(id);
  const Result<> done = user_manager_.read([&](Transaction& transaction) -> Result<> {
    storage::RoleStore roles(transaction, call.caller.tenant);
    const auto role = roles.find(id);
    if (role || role.error().code != ErrorCode::not_found || !decoded) {
      return role ? Result<>() : Result<>(tl::unexpected<Error>(role.error()));
    }
    GH_CHECK(roles.find(*decoded));
    return {};
  });
  GH_CHECK(done);
  return rest::Reply{};
}

// HEAD /me/roles/{roleId}: 200 when the caller has the role.
Result<rest::Reply> Publisher::validate_own_role(const rest::Call& call) {
  const std::string& id = call.path_value("roleId");
  const Result<std::string> decoded = from_base64url(id);
  if (call.caller.has_role(id) || (decoded && call.caller.has_role(*decoded))) {
    return rest::Reply{};
  }
  return rest::refuse(rest::role_not_found, id);
}

}  // namespace gatehouse::publisher
