// SPDX-License-Identifier: Apache-2.0
//
// The Publisher REST API: providers design, document, version, deploy and publish their APIs.
//
// The document of an API is kept whole, what we do not use included; beside it stand the columns
// that are searched or unique. An operation that gateways must know of appends its change in the
// write that makes it.
//
// Thread:  handlers run on pool threads; the class holds no state of its own.
// Files:   one for each resource.
#pragma once

#include "core/clock.h"
#include "core/random.h"
#include "publisher/api_document.h"
#include "rest/router.h"
#include "storage/apis/certificate_store.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/revision_store.h"
#include "storage/apis/shared_scope_store.h"
#include "storage/databases.h"

namespace gatehouse::publisher {

inline constexpr std::size_t revisions_max = 5;  // of an API
inline constexpr std::int64_t try_out_seconds = 60;

// The key manager signs it; app hands its function in.
using IssueTryOutKey =
    std::function<Result<std::string>(const std::string& api_id, const std::string& user_id)>;

struct PublisherOptions {
  std::string devportal_url = "https://localhost:9443/devportal";
  // Seals an endpoint's secret for its column. Without it such secrets are not kept at all.
  Seal seal = [](std::string_view) { return std::string(); };
  IssueTryOutKey issue_try_out_key = {};
};

class Publisher {
 public:
  Publisher(storage::Databases& databases, const Clock& clock, Random& random,
            PublisherOptions options = {});

  // Every route of this API, in one place.
  void mount(rest::Router& router);

 private:
  using Reply = Result<rest::Reply>;

  void mount_client_certificates(rest::Router& router);

  Reply list_apis(const rest::Call& call);
  Reply create_api(const rest::Call& call);
  Reply get_api(const rest::Call& call);
  Reply update_api(const rest::Call& call);
  Reply delete_api(const rest::Call& call);
  Reply validate_api(const rest::Call& call);

  Reply generate_key(const rest::Call& call);
  Reply create_version(const rest::Call& call);

  Reply get_definition(const rest::Call& call);
  Reply update_definition(const rest::Call& call);

  Reply list_revisions(const rest::Call& call);
  Reply create_revision(const rest::Call& call);
  Reply get_revision(const rest::Call& call);
  Reply delete_revision(const rest::Call& call);
  Reply restore_revision(const rest::Call& call);

  Reply list_deployments(const rest::Call& call);
  Reply deploy_revision(const rest::Call& call);
  Reply undeploy_revision(const rest::Call& call);

  Reply change_lifecycle(const rest::Call& call);
  Reply get_lifecycle_state(const rest::Call& call);
  Reply get_lifecycle_history(const rest::Call& call);
  Reply delete_pending_tasks(const rest::Call& call);

  Reply list_subscriptions(const rest::Call& call);
  Reply block_subscription(const rest::Call& call);
  Reply unblock_subscription(const rest::Call& call);

  Reply list_key_managers(const rest::Call& call);
  Reply list_policies(const rest::Call& call);
  Reply get_policy(const rest::Call& call);
  Reply list_policies_of_api(const rest::Call& call);

  Reply list_endpoint_certificates(const rest::Call& call);
  Reply add_endpoint_certificate(const rest::Call& call);
  Reply get_endpoint_certificate(const rest::Call& call);
  Reply update_endpoint_certificate(const rest::Call& call);
  Reply delete_endpoint_certificate(const rest::Call& call);
  Reply get_endpoint_certificate_file(const rest::Call& call);
  Reply list_certificate_users(const rest::Call& call);

  Reply list_client_certificates(const rest::Call& call);
  Reply add_client_certificate(const rest::Call& call);
  Reply get_client_certificate(const rest::Call& call);
  Reply update_client_certificate(const rest::Call& call);
  Reply delete_client_certificate(const rest::Call& call);
  Reply get_client_certificate_file(const rest::Call& call);

  Reply list_shared_scopes(const rest::Call& call);
  Reply add_shared_scope(const rest::Call& call);
  Reply get_shared_scope(const rest::Call& call);
  Reply update_shared_scope(const rest::Call& call);
  Reply delete_shared_scope(const rest::Call& call);
  Reply validate_scope(const rest::Call& call);
  Reply get_scope_usage(const rest::Call& call);

  Reply search(const rest::Call& call);
  Reply get_settings(const rest::Call& call);
  Reply list_tenants(const rest::Call& call);
  Reply validate_tenant(const rest::Call& call);
  Reply validate_role(const rest::Call& call);
  Reply validate_own_role(const rest::Call& call);

  // The API, if the caller may see it here. Error: not_found.
  Result<storage::ApiRow> find(const rest::Caller& caller, std::string_view api_id);
  // The same, if the caller may change it too. Error: not_found, forbidden.
  Result<storage::ApiRow> find_to_change(const rest::Call& call);
  Result<storage::RevisionRow> find_revision(const rest::Call& call, const storage::ApiRow& api);
  // Keeps a definition in the registry and returns its hash.
  Result<std::string> keep_definition(const rest::Caller& caller, const json::object& definition);
  Result<json::object> definition_of(const rest::Caller& caller, const std::string& hash);
  // The certificate of the path. Error: not_found.
  Result<storage::EndpointCertificate> find_endpoint_certificate(const rest::Call& call);
  Result<storage::ClientCertificate> find_client_certificate(const rest::Call& call,
                                                             const storage::ApiRow& api);
  Result<storage::SharedScope> find_shared_scope(const rest::Call& call);
  Result<rest::Reply> set_subscription_status(const rest::Call& call, const std::string& status);

  storage::Database& api_manager_;
  storage::Database& registry_;
  storage::Database& user_manager_;
  const Clock& clock_;
  Random& random_;
  PublisherOptions options_;
};

}  // namespace gatehouse::publisher
