// SPDX-License-Identifier: Apache-2.0
#include "admin/admin.h"

#include "storage/outbox.h"
#include "storage/users/account.h"

namespace gatehouse::admin {

Admin::Admin(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
             Random& random, AdminOptions options)
    : databases_(databases),
      api_manager_(databases.api_manager()),
      user_manager_(databases.user_manager()),
      key_manager_(key_manager),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      accounts_(databases, key_manager, clock, random,
                {options_.hash_password, options_.password_matches}),
      scim_(accounts_, key_manager) {}

void Admin::mount_policies(rest::Router& router, Level level, std::string_view name) {
  using Method = Reply (Admin::*)(const rest::Call&, Level);
  const auto bind = [&](std::string operation, Method method) {
    router.bind(std::move(operation), [this, method, level](const rest::Call& call) {
      return (this->*method)(call, level);
    });
  };
  bind(fmt::format("list{}Policies", name), &Admin::list_policies);
  bind(fmt::format("create{}Policy", name), &Admin::create_policy);
  bind(fmt::format("get{}Policy", name), &Admin::get_policy);
  bind(fmt::format("update{}Policy", name), &Admin::update_policy);
  bind(fmt::format("delete{}Policy", name), &Admin::delete_policy);
}

void Admin::mount_key_managers(rest::Router& router) {
  router.on("listKeyManagers", this, &Admin::list_key_managers);
  router.on("createKeyManager", this, &Admin::create_key_manager);
  router.on("getKeyManager", this, &Admin::get_key_manager);
  router.on("updateKeyManager", this, &Admin::update_key_manager);
  router.on("deleteKeyManager", this, &Admin::delete_key_manager);
  router.on("listGlobalKeyManagers", this, &Admin::list_global_key_managers);
  router.on("createGlobalKeyManager", this, &Admin::create_global_key_manager);
  router.on("getGlobalKeyManager", this, &Admin::get_global_key_manager);
  router.on("updateGlobalKeyManager", this, &Admin::update_global_key_manager);
  router.on("deleteGlobalKeyManager", this, &Admin::delete_global_key_manager);
  router.on("listAPIsOfKeyManager", this, &Admin::list_apis_of_key_manager);
  router.on("listApplicationsOfKeyManager", this, &Admin::list_applications_of_key_manager);
  router.on("discoverKeyManager", this, &Admin::discover_key_manager);

  router.on("listTrustedIssuers", this, &Admin::list_trusted_issuers);
  router.on("createTrustedIssuer", this, &Admin::create_trusted_issuer);
  router.on("getTrustedIssuer", this, &Admin::get_trusted_issuer);
  router.on("updateTrustedIssuer", this, &Admin::update_trusted_issuer);
  router.on("deleteTrustedIssuer", this, &Admin::delete_trusted_issuer);
}

void Admin::mount(rest::Router& router) {
  mount_policies(router, Level::application, "Application");
  mount_policies(router, Level::subscription, "Subscription");
  mount_policies(router, Level::api, "Advanced");
  router.on("throttlingPolicySearch", this, &Admin::search_policies);

  router.on("listEnvironments", this, &Admin::list_environments);
  router.on("createEnvironment", this, &Admin::create_environment);
  router.on("getEnvironment", this, &Admin::get_environment);
  router.on("updateEnvironment", this, &Admin::update_environment);
  router.on("deleteEnvironment", this, &Admin::delete_environment);
  router.on("listGatewaysOfEnvironment", this, &Admin::list_gateways_of_environment);

  router.on("listUsers", this, &Admin::list_users);
  router.on("createUser", this, &Admin::create_user);
  router.on("getUser", this, &Admin::get_user);
  router.on("updateUser", this, &Admin::update_user);
  router.on("deleteUser", this, &Admin::delete_user);
  router.on("createPasswordReset", this, &Admin::create_password_reset);
  router.on("listRoles", this, &Admin::list_roles);
  router.on("createRole", this, &Admin::create_role);
  router.on("deleteRole", this, &Admin::delete_role);
  router.on("validateSystemRole", this, &Admin::validate_role);

  router.on("listTenants", this, &Admin::list_tenants);
  router.on("createTenant", this, &Admin::create_tenant);
  router.on("getTenant", this, &Admin::get_tenant);
  router.on("updateTenant", this, &Admin::update_tenant);
  router.on("deleteTenant", this, &Admin::delete_tenant);
  router.on("exportTenantConfig", this, &Admin::get_tenant_config);
  router.on("updateTenantConfig", this, &Admin::update_tenant_config);
  router.on("exportTenantConfigSchema", this, &Admin::get_tenant_config_schema);

  router.on("systemScopesGet", this, &Admin::list_scopes);
  router.on("updateRolesForScope", this, &Admin::update_scopes);
  router.on("systemScopesScopeNameGet", this, &Admin::get_scope_of_user);
  router.on("listRoleAliases", this, &Admin::list_role_aliases);
  router.on("updateRoleAliases", this, &Admin::update_role_aliases);

  router.on("listUserStores", this, &Admin::list_user_stores);
  router.on("createUserStore", this, &Admin::create_user_store);
  router.on("getUserStore", this, &Admin::get_user_store);
  router.on("updateUserStore", this, &Admin::update_user_store);
  router.on("deleteUserStore", this, &Admin::delete_user_store);

  router.on("listWorkflows", this, &Admin::list_workflows);
  router.on("getWorkflow", this, &Admin::get_workflow);
  router.on("updateWorkflowStatus", this, &Admin::update_workflow);

  router.on("listApplications", this, &Admin::list_applications);
  router.on("getApplication", this, &Admin::get_application);
  router.on("deleteApplication", this, &Admin::delete_application);
  router.on("changeApplicationOwner", this, &Admin::change_application_owner);

  router.on("getAllAPIKeys", this, &Admin::list_api_keys);
  router.on("revokeAPIKeyFromAdmin", this, &Admin::revoke_api_key);

  mount_key_managers(router);
  router.on("getSettings", this, &Admin::get_settings);
  router.on("getTenantInfoByUsername", this, &Admin::get_tenant_info);
}

Result<storage::User> Admin::find_user(const rest::Caller& caller, std::string_view name) {
  return user_manager_.read([&](storage::Transaction& transaction) {
    return storage::UserStore(transaction, caller.tenant)
        .find_by_name(storage::without_domain(name, caller.tenant_domain));
  });
}

Result<> Admin::tell_of_tenant(model::TenantNumber tenant) {
  GH_CHECK(storage::drain_outbox(user_manager_, api_manager_, clock_));
  return rest::tell_tenant_changed(key_manager_, tenant);
}

}  // namespace gatehouse::admin
