// SPDX-License-Identifier: Apache-2.0
#include "rest/problems.h"

namespace gatehouse::rest {

namespace {

constexpr Problem problems[] = {
    api_name_exists, api_context_exists, api_version_exists, api_context_malformed, api_exists,
    application_exists, policy_name_invalid, application_not_found, api_not_found,
    application_inactive, subscription_not_found, subscription_state_invalid, api_type_invalid,
    definition_not_found, key_mapping_not_found, api_update_forbidden, api_delete_forbidden,
    subscription_exists, api_read_forbidden, endpoint_url_invalid, revision_not_found,
    revision_deployed, revisions_exhausted, deployment_not_found, version_of_another_provider,
    lifecycle_action_invalid, resource_not_found, definition_malformed, environment_invalid,
    environment_not_found, environment_exists, environment_read_only, environment_in_use,
    workflow_pending, workflow_task_missing, role_unknown, user_unknown, role_not_found,
    parameter_missing, text_too_long, text_blank, text_malformed, sort_order_invalid,
    openapi_malformed, not_authorized, credentials_invalid, credentials_missing, token_expired,
    user_required, scope_missing, authorization_malformed, permission_missing, client_exists,
    limit_type_unsupported, policy_not_found, token_request_invalid, general_error,
    policy_level_invalid, application_attributes_invalid, advanced_policy_in_use, scope_exists,
    scope_taken, scope_name_invalid, key_manager_not_registered, key_manager_disabled, keys_exist,
    key_manager_not_found, password_change_disabled, password_wrong, password_too_weak,
    user_not_found, policy_not_allowed, revision_already_deployed, endpoint_config_invalid,
    plan_missing, plan_not_allowed, throttling_policy_not_found, operation_type_invalid,
    transport_unsupported, anonymous_not_permitted, endpoint_url_missing, revision_number_not_found,
    vhost_missing, api_name_missing, api_name_malformed, api_version_missing, api_version_malformed,
    context_reserved, user_exists, role_exists, policy_exists, policy_in_use, api_in_use,
    role_in_use, built_in,
};

}  // namespace

std::span<const Problem> all_problems() { return problems; }

}  // namespace gatehouse::rest
