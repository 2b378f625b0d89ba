// SPDX-License-Identifier: Apache-2.0
//
// The numbered errors of the REST APIs. Scripts match on the number, so one never changes its
// meaning; 909001 and up are ours alone.
//
// Use:     return refuse(api_not_found, id);
#pragma once

#include <span>

#include "rest/problem.h"

namespace gatehouse::rest {

inline constexpr Problem api_name_exists{900250, ErrorCode::conflict, "An API of this name exists"};
inline constexpr Problem api_context_exists{900251, ErrorCode::conflict,
                                            "An API with this context exists"};
inline constexpr Problem api_version_exists{900252, ErrorCode::conflict,
                                            "This version of the API exists"};
inline constexpr Problem api_context_malformed{900253, ErrorCode::invalid_argument,
                                               "The context cannot be the beginning of a path"};
inline constexpr Problem api_exists{900300, ErrorCode::conflict, "The API exists"};
inline constexpr Problem application_exists{900301, ErrorCode::conflict,
                                            "You have an application of this name"};
inline constexpr Problem policy_name_invalid{900305, ErrorCode::invalid_argument,
                                             "There is no policy of this name"};
inline constexpr Problem application_not_found{900307, ErrorCode::not_found, "No such application"};
inline constexpr Problem api_not_found{900308, ErrorCode::not_found, "No such API"};
inline constexpr Problem application_inactive{900309, ErrorCode::invalid_argument,
                                              "The application is not approved"};
inline constexpr Problem subscription_not_found{900310, ErrorCode::not_found,
                                                "No such subscription"};
inline constexpr Problem subscription_state_invalid{900318, ErrorCode::invalid_argument,
                                                    "The subscription cannot go to this state"};
inline constexpr Problem api_type_invalid{900327, ErrorCode::invalid_argument,
                                          "No such type of API"};
inline constexpr Problem definition_not_found{900330, ErrorCode::not_found,
                                              "The API has no definition"};
inline constexpr Problem key_mapping_not_found{900331, ErrorCode::not_found,
                                               "The application has no such keys"};
inline constexpr Problem api_update_forbidden{900332, ErrorCode::forbidden,
                                              "You may not change this API"};
inline constexpr Problem api_delete_forbidden{900333, ErrorCode::forbidden,
                                              "You may not delete this API"};
inline constexpr Problem subscription_exists{900336, ErrorCode::conflict,
                                             "The application subscribes to this API"};
inline constexpr Problem api_read_forbidden{900340, ErrorCode::forbidden,
                                            "You may not see this API"};
inline constexpr Problem endpoint_url_invalid{900346, ErrorCode::invalid_argument,
                                              "An endpoint is not an http or https URL"};
inline constexpr Problem revision_not_found{900347, ErrorCode::not_found,
                                            "The API has no such revision"};
inline constexpr Problem revision_deployed{900348, ErrorCode::invalid_argument,
                                           "The revision is deployed; undeploy it first"};
inline constexpr Problem revisions_exhausted{900351, ErrorCode::invalid_argument,
                                             "The API has as many revisions as it may"};
inline constexpr Problem deployment_not_found{900356, ErrorCode::not_found,
                                              "The revision is not deployed there"};
inline constexpr Problem version_of_another_provider{900362, ErrorCode::conflict,
                                                     "Another provider owns the API"};
inline constexpr Problem lifecycle_action_invalid{
    900381, ErrorCode::invalid_argument, "The state of the API does not allow this action"};
inline constexpr Problem resource_not_found{900401, ErrorCode::not_found,
                                            "There is nothing at this path"};
inline constexpr Problem definition_malformed{900500, ErrorCode::invalid_argument,
                                              "The definition cannot be read"};
inline constexpr Problem environment_invalid{900504, ErrorCode::invalid_argument,
                                             "There is no such gateway environment"};
inline constexpr Problem environment_not_found{900506, ErrorCode::not_found,
                                               "No such gateway environment"};
inline constexpr Problem environment_exists{900507, ErrorCode::conflict,
                                            "A gateway environment of this name exists"};
inline constexpr Problem environment_read_only{900508, ErrorCode::invalid_argument,
                                               "The gateway environment cannot be changed"};
inline constexpr Problem environment_not_writable{
    900515, ErrorCode::invalid_argument, "Nothing can be deployed to the gateway environment"};
inline constexpr Problem environment_in_use{900516, ErrorCode::conflict,
                                            "APIs are deployed to the gateway environment"};
inline constexpr Problem workflow_pending{900553, ErrorCode::conflict,
                                          "A request for this is waiting for approval"};
inline constexpr Problem workflow_task_missing{900557, ErrorCode::invalid_argument,
                                               "Nothing is waiting for approval"};
inline constexpr Problem role_unknown{900602, ErrorCode::invalid_argument, "There is no such role"};
inline constexpr Problem user_unknown{900603, ErrorCode::not_found, "No such user"};
inline constexpr Problem role_not_found{900607, ErrorCode::not_found, "No such role"};
inline constexpr Problem parameter_missing{900700, ErrorCode::invalid_argument,
                                           "A parameter is missing"};
inline constexpr Problem text_too_long{900704, ErrorCode::invalid_argument, "A text is too long"};
inline constexpr Problem text_blank{900705, ErrorCode::invalid_argument,
                                    "A required text is blank"};
inline constexpr Problem text_malformed{900706, ErrorCode::invalid_argument,
                                        "A text has characters that are not allowed"};
inline constexpr Problem sort_order_invalid{900707, ErrorCode::invalid_argument,
                                            "The list cannot be sorted this way"};
inline constexpr Problem openapi_malformed{900758, ErrorCode::invalid_argument,
                                           "The definition is not an OpenAPI document"};
inline constexpr Problem not_authorized{900900, ErrorCode::forbidden, "You may not do this"};
inline constexpr Problem credentials_invalid{900901, ErrorCode::unauthenticated,
                                             "The credentials do not hold"};
inline constexpr Problem credentials_missing{900902, ErrorCode::unauthenticated,
                                             "No credentials were sent"};
inline constexpr Problem token_expired{900903, ErrorCode::unauthenticated,
                                       "The access token has expired"};
inline constexpr Problem user_required{900905, ErrorCode::unauthenticated,
                                       "The access token does not belong to a user"};
inline constexpr Problem scope_missing{900910, ErrorCode::forbidden,
                                       "The access token lacks the scope for this"};
inline constexpr Problem authorization_malformed{900911, ErrorCode::unauthenticated,
                                                 "The Authorization header cannot be read"};
inline constexpr Problem permission_missing{900915, ErrorCode::forbidden,
                                            "Your roles do not allow this"};
inline constexpr Problem client_exists{900951, ErrorCode::conflict, "The client exists"};
inline constexpr Problem limit_type_unsupported{900960, ErrorCode::invalid_argument,
                                                "A policy cannot count this"};
inline constexpr Problem policy_not_found{900961, ErrorCode::not_found, "No such policy"};
inline constexpr Problem token_request_invalid{900965, ErrorCode::invalid_argument,
                                               "No token can be issued for this request"};
inline constexpr Problem general_error{900967, ErrorCode::internal,
                                       "Something went wrong on our side"};
inline constexpr Problem policy_level_invalid{900968, ErrorCode::invalid_argument,
                                              "There is no such level of policies"};
inline constexpr Problem application_attributes_invalid{900970, ErrorCode::invalid_argument,
                                                        "An attribute of the application is wrong"};
inline constexpr Problem advanced_policy_in_use{900971, ErrorCode::conflict, "APIs use the policy"};
inline constexpr Problem shared_scope_not_found{900981, ErrorCode::not_found,
                                                "No such shared scope"};
inline constexpr Problem scope_exists{900984, ErrorCode::conflict, "The scope exists"};
inline constexpr Problem scope_in_use{900985, ErrorCode::conflict, "APIs name the scope"};
inline constexpr Problem scope_taken{900988, ErrorCode::conflict, "Another API defines the scope"};
inline constexpr Problem scope_name_invalid{901004, ErrorCode::invalid_argument,
                                            "This cannot be the name of a scope"};
inline constexpr Problem key_manager_exists{901402, ErrorCode::conflict,
                                            "A key manager of this name exists"};
inline constexpr Problem key_manager_not_registered{901403, ErrorCode::invalid_argument,
                                                    "There is no such key manager"};
inline constexpr Problem key_manager_gives_no_keys{
    901405, ErrorCode::invalid_argument, "The key manager makes no clients and no tokens for us"};
inline constexpr Problem key_manager_disabled{901406, ErrorCode::invalid_argument,
                                              "The key manager is switched off"};
inline constexpr Problem keys_exist{901409, ErrorCode::conflict,
                                    "The application has keys of this type"};
inline constexpr Problem key_manager_not_found{901411, ErrorCode::not_found, "No such key manager"};
inline constexpr Problem client_not_mappable{901414, ErrorCode::invalid_argument,
                                             "There is no such client, or its secret is wrong"};
inline constexpr Problem password_change_disabled{901450, ErrorCode::invalid_argument,
                                                  "Passwords cannot be changed here"};
inline constexpr Problem password_wrong{901451, ErrorCode::invalid_argument,
                                        "The current password is wrong"};
inline constexpr Problem password_too_weak{901452, ErrorCode::invalid_argument,
                                           "The password does not meet the policy"};
inline constexpr Problem scope_not_found{901501, ErrorCode::not_found, "No such scope"};
inline constexpr Problem user_not_found{901502, ErrorCode::not_found, "No such user"};
inline constexpr Problem policy_not_allowed{902002, ErrorCode::forbidden,
                                            "You may not choose this policy"};
inline constexpr Problem revision_already_deployed{902005, ErrorCode::conflict,
                                                   "The revision is deployed there"};
inline constexpr Problem endpoint_config_invalid{902012, ErrorCode::invalid_argument,
                                                 "The endpoint configuration cannot be used"};
inline constexpr Problem plan_missing{902018, ErrorCode::invalid_argument,
                                      "No subscription policy was named"};
inline constexpr Problem plan_not_allowed{902019, ErrorCode::invalid_argument,
                                          "The API does not offer this subscription policy"};
inline constexpr Problem api_key_not_tied{902061, ErrorCode::not_found,
                                          "The API key calls as no application"};
inline constexpr Problem throttling_policy_not_found{903005, ErrorCode::not_found,
                                                     "No such throttling policy"};
inline constexpr Problem operation_type_invalid{903202, ErrorCode::invalid_argument,
                                                "An operation has a verb that the API cannot have"};
inline constexpr Problem transport_unsupported{903205, ErrorCode::invalid_argument,
                                               "There is no such transport"};
inline constexpr Problem anonymous_not_permitted{903208, ErrorCode::unauthenticated,
                                                 "Sign in for this"};
inline constexpr Problem endpoint_url_missing{903210, ErrorCode::invalid_argument,
                                              "An endpoint has no URL"};
inline constexpr Problem revision_number_not_found{903228, ErrorCode::not_found,
                                                   "The API has no revision of this number"};
inline constexpr Problem vhost_missing{903232, ErrorCode::invalid_argument,
                                       "The gateway environment has no such host"};
inline constexpr Problem api_name_missing{903238, ErrorCode::invalid_argument,
                                          "An API needs a name"};
inline constexpr Problem api_name_malformed{903239, ErrorCode::invalid_argument,
                                            "The API's name has characters that are not allowed"};
inline constexpr Problem api_version_missing{903240, ErrorCode::invalid_argument,
                                             "An API needs a version"};
inline constexpr Problem api_version_malformed{
    903241, ErrorCode::invalid_argument, "The API's version has characters that are not allowed"};
inline constexpr Problem context_reserved{903242, ErrorCode::conflict,
                                          "The context belongs to the gateway itself"};
inline constexpr Problem user_exists{909001, ErrorCode::conflict, "A user of this name exists"};
inline constexpr Problem role_exists{909002, ErrorCode::conflict, "The role exists"};
inline constexpr Problem policy_exists{909003, ErrorCode::conflict, "A policy of this name exists"};
inline constexpr Problem policy_in_use{909004, ErrorCode::conflict, "The policy is in use"};
inline constexpr Problem api_in_use{909005, ErrorCode::conflict,
                                    "Applications subscribe to the API"};
inline constexpr Problem role_in_use{909006, ErrorCode::conflict, "The role is in use"};
inline constexpr Problem built_in{909007, ErrorCode::conflict,
                                  "What the server itself needs cannot be removed"};
inline constexpr Problem api_key_not_found{909008, ErrorCode::not_found, "No such API key"};
inline constexpr Problem key_manager_issuer_exists{909020, ErrorCode::conflict,
                                                   "A key manager of this issuer exists"};
inline constexpr Problem key_manager_in_use{909021, ErrorCode::conflict,
                                            "Applications have keys of the key manager"};
inline constexpr Problem tenant_exists{909010, ErrorCode::conflict, "A tenant has this domain"};
inline constexpr Problem tenant_not_found{909011, ErrorCode::not_found, "No such tenant"};
inline constexpr Problem tenant_active{909012, ErrorCode::conflict,
                                       "The tenant is active; switch it off first"};
inline constexpr Problem sign_up_disabled{909013, ErrorCode::forbidden, "Nobody can sign up here"};
inline constexpr Problem successor_needed{909014, ErrorCode::conflict,
                                          "The user owns what others use; name a successor"};
inline constexpr Problem user_store_not_found{909015, ErrorCode::not_found, "No such user store"};
inline constexpr Problem user_store_exists{909016, ErrorCode::conflict,
                                           "A user store of this name exists"};
inline constexpr Problem trusted_issuer_not_found{909022, ErrorCode::not_found,
                                                  "No such trusted issuer"};
inline constexpr Problem trusted_issuer_exists{909023, ErrorCode::conflict,
                                               "The issuer is trusted already"};
inline constexpr Problem certificate_not_found{909040, ErrorCode::not_found, "No such certificate"};
inline constexpr Problem certificate_exists{909041, ErrorCode::conflict,
                                            "The alias or the certificate is taken"};
inline constexpr Problem certificate_malformed{909042, ErrorCode::invalid_argument,
                                               "This is no certificate"};
inline constexpr Problem certificate_expired{909043, ErrorCode::invalid_argument,
                                             "The certificate has expired"};

// All of them, by number.
std::span<const Problem> all_problems();

}  // namespace gatehouse::rest
