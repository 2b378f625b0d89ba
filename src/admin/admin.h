// SPDX-License-Identifier: Apache-2.0
//
// The admin REST API: throttling policies, gateway environments, tenants, users and roles, the
// scopes of roles, approvals, applications, API keys.
//
// Policies of requests are enforced; those of bandwidth, events and language-model tokens, and
// conditional groups of advanced policies, are stored and returned with isDeployed false until
// gateways count them (storage/apis/policy_limit.h).
//
// Thread:  handlers run on pool threads; the class holds no state of its own.
// Files:   one for each resource.
#pragma once

#include "admin/accounts.h"
#include "admin/scim/scim.h"
#include "rest/router.h"
#include "storage/apis/defaults.h"
#include "storage/apis/key_manager_store.h"
#include "storage/apis/policy_store.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::admin {

struct AdminOptions {
  rest::HashPassword hash_password;
  rest::PasswordMatches password_matches{};
  // Closes a secret under the cluster key, for the place that `context` names (jose::Sealer).
  std::function<std::string(std::string_view secret, std::string_view context)> seal{};
  std::string issuer = {};                        // of our own tokens
  std::vector<std::string> signing_algorithms{};  // that they may be signed with
  // The vhost of a new tenant's environment Default.
  storage::DefaultsOptions defaults{};
};

class Admin {
 public:
  Admin(storage::Databases& databases, http::Client& key_manager, const Clock& clock,
        Random& random, AdminOptions options);

  // Every route of this API, in one place.
  void mount(rest::Router& router);
  // /scim2, which has a protocol of its own.
  http::Handler& scim() { return scim_; }

 private:
  using Reply = Result<rest::Reply>;
  using Level = model::PolicyLevel;

  void mount_policies(rest::Router& router, Level level, std::string_view name);
  void mount_key_managers(rest::Router& router);
  Reply list_policies(const rest::Call& call, Level level);
  Reply create_policy(const rest::Call& call, Level level);
  Reply get_policy(const rest::Call& call, Level level);
  Reply update_policy(const rest::Call& call, Level level);
  Reply delete_policy(const rest::Call& call, Level level);
  Reply search_policies(const rest::Call& call);

  Reply list_environments(const rest::Call& call);
  Reply create_environment(const rest::Call& call);
  Reply get_environment(const rest::Call& call);
  Reply update_environment(const rest::Call& call);
  Reply delete_environment(const rest::Call& call);
  Reply list_gateways_of_environment(const rest::Call& call);

  Reply list_users(const rest::Call& call);
  Reply create_user(const rest::Call& call);
  Reply get_user(const rest::Call& call);
  Reply update_user(const rest::Call& call);
  Reply delete_user(const rest::Call& call);
  Reply create_password_reset(const rest::Call& call);

  Reply list_roles(const rest::Call& call);
  Reply create_role(const rest::Call& call);
  Reply delete_role(const rest::Call& call);
  Reply validate_role(const rest::Call& call);

  Reply list_tenants(const rest::Call& call);
  Reply create_tenant(const rest::Call& call);
  Reply get_tenant(const rest::Call& call);
  Reply update_tenant(const rest::Call& call);
  Reply delete_tenant(const rest::Call& call);
  Reply get_tenant_config(const rest::Call& call);
  Reply update_tenant_config(const rest::Call& call);
  Reply get_tenant_config_schema(const rest::Call& call);

  Reply list_scopes(const rest::Call& call);
  Reply update_scopes(const rest::Call& call);
  Reply get_scope_of_user(const rest::Call& call);
  Reply list_role_aliases(const rest::Call& call);
  Reply update_role_aliases(const rest::Call& call);

  Reply list_user_stores(const rest::Call& call);
  Reply create_user_store(const rest::Call& call);
  Reply get_user_store(const rest::Call& call);
  Reply update_user_store(const rest::Call& call);
  Reply delete_user_store(const rest::Call& call);
  // Error: invalid_argument, when its body cannot be a gateway environment.
  Result<> check_environment(const rest::Call& call);
  Result<> read_user_store(const rest::Call& call, storage::UserStoreRow& row);

  Reply list_workflows(const rest::Call& call);
  Reply get_workflow(const rest::Call& call);
  Reply update_workflow(const rest::Call& call);

  Reply list_applications(const rest::Call& call);
  Reply get_application(const rest::Call& call);
  Reply delete_application(const rest::Call& call);
  Reply change_application_owner(const rest::Call& call);

  Reply list_api_keys(const rest::Call& call);
  Reply revoke_api_key(const rest::Call& call);

  Reply list_key_managers(const rest::Call& call);
  Reply create_key_manager(const rest::Call& call);
  Reply get_key_manager(const rest::Call& call);
  Reply update_key_manager(const rest::Call& call);
  Reply delete_key_manager(const rest::Call& call);
  Reply list_global_key_managers(const rest::Call& call);
  Reply create_global_key_manager(const rest::Call& call);
  Reply get_global_key_manager(const rest::Call& call);
  Reply update_global_key_manager(const rest::Call& call);
  Reply delete_global_key_manager(const rest::Call& call);
  Reply discover_key_manager(const rest::Call& call);
  Reply list_apis_of_key_manager(const rest::Call& call);
  Reply list_applications_of_key_manager(const rest::Call& call);
  // Of a tenant, or of every tenant (model::every_tenant).
  Reply create_key_manager_of(model::TenantNumber tenant, const rest::Call& call);
  Reply get_key_manager_of(model::TenantNumber tenant, const rest::Call& call);
  Reply update_key_manager_of(model::TenantNumber tenant, const rest::Call& call);
  Reply delete_key_manager_of(model::TenantNumber tenant, const rest::Call& call);
  Result<json::object> read_keys(const json::object& document);
  void take_secrets(storage::KeyManagerRow& row);

  Reply list_trusted_issuers(const rest::Call& call);
  Reply create_trusted_issuer(const rest::Call& call);
  Reply get_trusted_issuer(const rest::Call& call);
  Reply update_trusted_issuer(const rest::Call& call);
  Reply delete_trusted_issuer(const rest::Call& call);

  Reply get_settings(const rest::Call& call);
  Reply get_tenant_info(const rest::Call& call);

  // By "mary", or "mary@example.com" in the tenant of that domain.
  Result<storage::User> find_user(const rest::Caller& caller, std::string_view name);
  // What changed in the tenant's roles or state is known everywhere before the answer is.
  Result<> tell_of_tenant(model::TenantNumber tenant);

  storage::Databases& databases_;
  storage::Database& api_manager_;
  storage::Database& user_manager_;
  http::Client& key_manager_;
  const Clock& clock_;
  Random& random_;
  AdminOptions options_;
  Accounts accounts_;
  Scim scim_;
};

}  // namespace gatehouse::admin
