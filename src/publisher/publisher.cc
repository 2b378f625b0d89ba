// SPDX-License-Identifier: Apache-2.0
#include "publisher/publisher.h"

#include "rest/problems.h"
#include "storage/registry/content_store.h"

namespace gatehouse::publisher {

Publisher::Publisher(storage::Databases& databases, const Clock& clock, Random& random,
                     PublisherOptions options)
    : api_manager_(databases.api_manager()),
      registry_(databases.registry()),
      user_manager_(databases.user_manager()),
      clock_(clock),
      random_(random),
      options_(std::move(options)) {}

void Publisher::mount(rest::Router& router) {
  router.on("generateInternalAPIKey", this, &Publisher::generate_key);
  router.on("getAllAPIs", this, &Publisher::list_apis);
  router.on("createAPI", this, &Publisher::create_api);
  router.on("getAPI", this, &Publisher::get_api);
  router.on("updateAPI", this, &Publisher::update_api);
  router.on("deleteAPI", this, &Publisher::delete_api);
  router.on("validateAPI", this, &Publisher::validate_api);
  router.on("createNewAPIVersion", this, &Publisher::create_version);

  router.on("getAPISwagger", this, &Publisher::get_definition);
  router.on("updateAPISwagger", this, &Publisher::update_definition);

  router.on("getAPIRevisions", this, &Publisher::list_revisions);
  router.on("createAPIRevision", this, &Publisher::create_revision);
  router.on("getAPIRevision", this, &Publisher::get_revision);
  router.on("deleteAPIRevision", this, &Publisher::delete_revision);
  router.on("restoreAPIRevision", this, &Publisher::restore_revision);
  router.on("getAPIRevisionDeployments", this, &Publisher::list_deployments);
  router.on("deployAPIRevision", this, &Publisher::deploy_revision);
  router.on("undeployAPIRevision", this, &Publisher::undeploy_revision);

  router.on("changeAPILifecycle", this, &Publisher::change_lifecycle);
  router.on("getAPILifecycleState", this, &Publisher::get_lifecycle_state);
  router.on("getAPILifecycleHistory", this, &Publisher::get_lifecycle_history);
  router.on("deleteAPILifecycleStatePendingTasks", this, &Publisher::delete_pending_tasks);

  router.on("getSubscriptions", this, &Publisher::list_subscriptions);
  router.on("blockSubscription", this, &Publisher::block_subscription);
  router.on("unBlockSubscription", this, &Publisher::unblock_subscription);

  router.on("getAllThrottlingPolicies", this, &Publisher::list_policies);
  router.on("getThrottlingPolicyByName", this, &Publisher::get_policy);
  router.on("getAPISubscriptionPolicies", this, &Publisher::list_policies_of_api);

  router.on("getEndpointCertificates", this, &Publisher::list_endpoint_certificates);
  router.on("addEndpointCertificate", this, &Publisher::add_endpoint_certificate);
  router.on("getEndpointCertificateByAlias", this, &Publisher::get_endpoint_certificate);
  router.on("updateEndpointCertificateByAlias", this, &Publisher::update_endpoint_certificate);
  router.on("deleteEndpointCertificateByAlias", this, &Publisher::delete_endpoint_certificate);
  router.on("getEndpointCertificateContentByAlias", this,
            &Publisher::get_endpoint_certificate_file);
  router.on("getCertificateUsageByAlias", this, &Publisher::list_certificate_users);
  mount_client_certificates(router);
  router.on("getSharedScopes", this, &Publisher::list_shared_scopes);
  router.on("addSharedScope", this, &Publisher::add_shared_scope);
  router.on("getSharedScope", this, &Publisher::get_shared_scope);
  router.on("updateSharedScope", this, &Publisher::update_shared_scope);
  router.on("deleteSharedScope", this, &Publisher::delete_shared_scope);
  router.on("validateScope", this, &Publisher::validate_scope);
  router.on("getSharedScopeUsages", this, &Publisher::get_scope_usage);
  router.on("getTenantExistence", this, &Publisher::validate_tenant);
  router.on("getAllKeyManagers", this, &Publisher::list_key_managers);
  router.on("search", this, &Publisher::search);
  router.on("getSettings", this, &Publisher::get_settings);
  router.on("getTenantsByState", this, &Publisher::list_tenants);
  router.on("validateSystemRole", this, &Publisher::validate_role);
  router.on("validateUserRole", this, &Publisher::validate_own_role);
}

// Each under the path of its key type, and under one that means production.
void Publisher::mount_client_certificates(rest::Router& router) {
  router.on("getAPIClientCertificatesByKeyType", this, &Publisher::list_client_certificates);
  router.on("getAPIClientCertificates", this, &Publisher::list_client_certificates);
  router.on("addAPIClientCertificateOfGivenKeyType", this, &Publisher::add_client_certificate);
  router.on("addAPIClientCertificate", this, &Publisher::add_client_certificate);
  router.on("getAPIClientCertificateByKeyTypeAndAlias", this, &Publisher::get_client_certificate);
  router.on("getAPIClientCertificateByAlias", this, &Publisher::get_client_certificate);
  router.on("updateAPIClientCertificateByKeyTypeAndAlias", this,
            &Publisher::update_client_certificate);
  router.on("updateAPIClientCertificateByAlias", this, &Publisher::update_client_certificate);
  router.on("deleteAPIClientCertificateByKeyTypeAndAlias", this,
            &Publisher::delete_client_certificate);
  router.on("deleteAPIClientCertificateByAlias", this, &Publisher::delete_client_certificate);
  router.on("getAPIClientCertificateContentByKeyTypeAndAlias", this,
            &Publisher::get_client_certificate_file);
  router.on("getAPIClientCertificateContentByAlias", this, &Publisher::get_client_certificate_file);
}

Result<storage::ApiRow> Publisher::find(const rest::Caller& caller, std::string_view api_id) {
  GH_TRY(api, api_manager_.read([&](storage::Transaction& transaction) {
    return storage::ApiStore(transaction, caller.tenant).find(api_id);
  }));
  // Who may not see it is not told that it exists.
  if (!may_edit(caller, api)) return rest::refuse(rest::api_not_found, std::string(api_id));
  return api;
}

Result<std::string> Publisher::keep_definition(const rest::Caller& caller,
                                               const json::object& definition) {
  const storage::Content content =
      storage::content_of(json::serialize(definition), "application/json");
  return storage::keep_content(registry_, caller.tenant, content, clock_);
}

Result<json::object> Publisher::definition_of(const rest::Caller& caller, const std::string& hash) {
  GH_TRY(content, registry_.read([&](storage::Transaction& transaction) {
    return storage::ContentStore(transaction, caller.tenant).find(hash);
  }));
  return storage::stored_document(content.bytes);
}

}  // namespace gatehouse::publisher
