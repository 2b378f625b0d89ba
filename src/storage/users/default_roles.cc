// SPDX-License-Identifier: Apache-2.0
#include "storage/users/default_roles.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::string_view roles =
    "admin Internal/creator Internal/devops Internal/everyone Internal/observer "
    "Internal/publisher Internal/subscriber";

// Scopes that the same roles may hold; both are words between spaces.
struct Group {
  std::string_view roles;
  std::string_view scopes;
};

constexpr std::array groups{
    // Design an API.
    Group{"admin Internal/creator",
          "apim:api_create apim:api_create_only apim:api_delete apim:api_definition_update "
          "apim:api_revision_create apim:api_revision_delete apim:api_version_create "
          "apim:api_mediation_policy_manage apim:mediation_policy_view "
          "apim:mediation_policy_create apim:mediation_policy_manage "
          "apim:common_operation_policy_manage apim:common_operation_policy_create "
          "apim:common_operation_policy_delete apim:ep_certificates_add "
          "apim:ep_certificates_manage apim:ep_certificates_update apim:ep_certificates_view "
          "apim:client_certificates_add apim:client_certificates_manage "
          "apim:client_certificates_update apim:client_certificates_view "
          "apim:threat_protection_policy_create apim:threat_protection_policy_manage "
          "apim:pub_alert_manage service_catalog:service_write apim:mcp_server_create "
          "apim:mcp_server_create_only apim:mcp_server_delete apim:mcp_server_revision_create "
          "apim:mcp_server_revision_delete apim:mcp_server_version_create"},
    // Put an API in front of people.
    Group{"admin Internal/publisher",
          "apim:api_publish apim:api_deploy apim:api_lifecycle_manage apim:subscription_block "
          "apim:subscription_manage apim:subscription_approval_manage "
          "apim:subscription_approval_view apim:monetization_usage_publish "
          "apim:publisher_organization_read apim:api_product_create apim:api_product_delete "
          "apim:api_product_deploy apim:api_product_lifecycle_manage "
          "apim:api_product_revision_create apim:api_product_revision_delete "
          "apim:api_product_update apim:api_product_version_create apim:mcp_server_publish "
          "apim:mcp_server_deploy apim:mcp_server_lifecycle_manage"},
    Group{"admin Internal/creator Internal/publisher",
          "apim:api_update apim:api_generate_key apim:tier_view apim:subscription_view "
          "apim:document_create apim:document_manage apim:document_update apim:document_delete "
          "apim:comment_view apim:comment_write apim:comment_manage "
          "apim:throttling_policy_manage apim:llm_provider_read "
          "apim_analytics:api_analytics:view service_catalog:service_view "
          "apim:mcp_server_generate_key apim:mcp_server_update"},
    Group{"admin Internal/creator Internal/observer Internal/publisher",
          "apim:api_view apim:api_metadata_view apim:api_deploy_view apim:api_lifecycle_view "
          "apim:api_product_metadata_view apim:api_product_deploy_view "
          "apim:api_product_lifecycle_view apim:document_view apim:shared_scope_view "
          "apim:publisher_settings apim:common_operation_policy_view apim:gateway_policy_view "
          "apim:gov_rule_read apim:gov_result_read apim:gov_policy_read apim:mcp_server_view "
          "apim:mcp_server_metadata_view apim:mcp_server_deploy_view "
          "apim:mcp_server_lifecycle_view"},
    // Use APIs.
    Group{"admin Internal/devops Internal/subscriber",
          "apim:subscribe apim:app_manage apim:sub_manage"},
    Group{"admin Internal/subscriber",
          "apim:app_update apim:store_settings apim:api_key apim:sub_alert_manage "
          "apim_analytics:application_analytics:view"},
    // Move things between environments.
    Group{"admin Internal/devops",
          "apim:app_import_export apim:api_import_export apim:api_product_import_export "
          "apim:policies_import_export apim:mcp_server_import_export"},
    // Run the place.
    Group{"admin",
          "apim:admin apim:admin_operations apim:admin_settings apim:admin_alert_manage "
          "apim:admin_application_view apim:admin_api_view apim:admin_tier_create "
          "apim:admin_tier_delete apim:admin_tier_manage apim:admin_tier_update "
          "apim:admin_tier_view apim:api_category apim:api_category_create "
          "apim:api_category_delete apim:api_category_update apim:api_category_view "
          "apim:api_definition_view apim:api_list_view apim:api_manage apim:api_provider_change "
          "apim:api_workflow_approve apim:api_workflow_view apim:app_owner_change "
          "apim:app_settings_change apim:bl_create apim:bl_delete apim:bl_manage apim:bl_update "
          "apim:bl_view apim:bot_data apim:environment_create apim:environment_delete "
          "apim:environment_manage apim:environment_read apim:environment_update "
          "apim:gateway_policy_create apim:gateway_policy_delete apim:gateway_policy_manage "
          "apim:gateway_policy_update apim:gov_policy_create apim:gov_policy_delete "
          "apim:gov_policy_manage apim:gov_policy_update apim:gov_rule_create "
          "apim:gov_rule_delete apim:gov_rule_manage apim:gov_rule_update "
          "apim:keymanagers_create apim:keymanagers_delete apim:keymanagers_manage "
          "apim:keymanagers_update apim:keymanagers_view apim:label_create apim:label_delete "
          "apim:label_manage apim:label_read apim:label_update apim:label_view "
          "apim:llm_provider_create apim:llm_provider_delete apim:llm_provider_manage "
          "apim:llm_provider_update apim:llm_provider_view apim:mcp_server_list_view "
          "apim:mcp_server_manage apim:organization_create apim:organization_delete "
          "apim:organization_manage apim:organization_read apim:organization_update "
          "apim:role_manage apim:scope_manage apim:shared_scope_create apim:shared_scope_delete "
          "apim:shared_scope_manage apim:shared_scope_update apim:tenantInfo "
          "apim:tenant_theme_manage apim:tier_manage apim_analytics:admin "
          "apim_analytics:api_analytics:edit apim_analytics:api_analytics:own "
          "apim_analytics:application_analytics:edit apim_analytics:application_analytics:own "
          "apim_analytics:business_analytics:edit apim_analytics:business_analytics:own "
          "apim_analytics:business_analytics:view apim_analytics:monitoring_dashboard:edit "
          "apim_analytics:monitoring_dashboard:own apim_analytics:monitoring_dashboard:view"},
};

}  // namespace

std::vector<std::string> rest_scopes() {
  std::vector<std::string> scopes;
  for (const Group& group : groups) {
    for (std::string& scope : split_words(group.scopes)) scopes.push_back(std::move(scope));
  }
  std::sort(scopes.begin(), scopes.end());
  return scopes;
}

Result<> seed_roles(Transaction& transaction, model::TenantNumber tenant) {
  RoleStore store(transaction, tenant);
  GH_TRY(present, store.list({.offset = 0, .limit = 1}));
  if (present.total > 0) return {};
  for (const std::string& name : split_words(roles)) GH_CHECK(store.insert({name, true}));
  for (const Group& group : groups) {
    const std::vector<std::string> holders = split_words(group.roles);
    for (const std::string& scope : split_words(group.scopes)) {
      GH_CHECK(store.set_scope(scope, holders));
    }
  }
  return {};
}

}  // namespace gatehouse::storage
