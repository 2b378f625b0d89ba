// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/deployments, /deploy-revision and /undeploy-revision.
#include "publisher/api_writes.h"
#include "publisher/deployment_view.h"
#include "publisher/publisher.h"
#include "rest/permissions.h"
#include "rest/problems.h"
#include "storage/apis/environment_store.h"

namespace gatehouse::publisher {

namespace {

using storage::DeploymentRow;
using storage::EnvironmentRow;
using storage::Transaction;

// Whoever may create APIs does not for that decide where they serve.
Result<> check_may_deploy(const rest::Caller& caller) {
  for (const char* scope : {"apim:api_publish", "apim:api_deploy", "apim:api_manage"}) {
    if (caller.has_scope(scope)) return {};
  }
  return rest::refuse_because(rest::permission_missing, "Only a publisher may deploy an API");
}

// An environment whose APIs the caller may change. Error: invalid_argument, when there is none of
// this name; forbidden, when it is for other roles.
Result<EnvironmentRow> find_environment(const storage::EnvironmentStore& environments,
                                        const rest::Caller& caller, const std::string& name) {
  auto environment = environments.find_by_name(name);
  if (!environment && environment.error().code == ErrorCode::not_found) {
    return rest::refuse_because(rest::environment_invalid,
                                fmt::format("There is no gateway environment '{}'", name));
  }
  if (environment && !rest::is_open_to(caller, environment->document)) {
    return rest::refuse_because(rest::permission_missing,
                                fmt::format("Gateway environment '{}' is for other roles", name));
  }
  return environment;
}

// The place that an entry of the body names. Error: as above; invalid_argument, when its gateways
// take no APIs from us, or it has no such host.
Result<DeploymentRow> deployment_from(const json::object& from, const rest::Caller& caller,
                                      const storage::EnvironmentStore& environments) {
  DeploymentRow deployment;
  deployment.environment = text_or(from, "name", "");
  deployment.vhost = text_or(from, "vhost", "");
  deployment.display_on_devportal = flag_or(from, "displayOnDevportal", true);
  GH_TRY(environment, find_environment(environments, caller, deployment.environment));
  if (text_or(environment.document, "mode", "") == "READ_ONLY") {
    return rest::refuse_because(
        rest::environment_not_writable,
        fmt::format("Gateway environment '{}' is read only", deployment.environment));
  }
  const json::object* first = environment.first_vhost();
  if (deployment.vhost.empty() && first != nullptr) {
    deployment.vhost = text_or(*first, "host", "");
  }
  if (environment.vhost(deployment.vhost) == nullptr) {
    return rest::refuse_because(
        rest::vhost_missing,
        fmt::format("Environment '{}' has no host '{}'", deployment.environment, deployment.vhost));
  }
  return deployment;
}

// As an answer to the change itself shows them: no gateway has it yet, as far as anybody knows.
json::array views(const std::vector<DeploymentRow>& deployments) {
  json::array list;
  for (const DeploymentRow& deployment : deployments) {
    list.push_back(deployment_view(deployment, {}));
  }
  return list;
}

rest::Reply made(json::array list) {
  rest::Reply reply = rest::ok(std::move(list));
  reply.status = 201;
  return reply;
}

// The names of the environments in the body, or of all that serve the revision.
std::vector<std::string> environments_to_leave(const rest::Call& call,
                                               const std::vector<DeploymentRow>& deployed,
                                               const std::string& revision_id) {
  std::vector<std::string> names;
  if (call.query_or("allEnvironments", "false") == "true") {
    for (const DeploymentRow& deployment : deployed) {
      if (deployment.revision_id == revision_id) names.push_back(deployment.environment);
    }
  } else if (call.body.is_array()) {
    for (const json::value& item : call.body.get_array()) {
      if (item.is_object()) names.push_back(text_or(item.get_object(), "name", ""));
    }
  }
  return names;
}

bool serves(const std::vector<DeploymentRow>& deployed, const std::string& environment,
            const std::string& revision_id) {
  return std::any_of(deployed.begin(), deployed.end(), [&](const DeploymentRow& deployment) {
    return deployment.environment == environment && deployment.revision_id == revision_id;
  });
}

}  // namespace

// GET /apis/{apiId}/deployments: by environment.
Result<rest::Reply> Publisher::list_deployments(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  const Instant now = clock_.now();
  GH_TRY(views, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(deployed, storage::DeploymentStore(transaction, tenant).of_api(api.id));
    return deployment_views(transaction, tenant, deployed, now);
  }));
  return rest::ok(rest::list_of(std::move(views)));
}

// POST /apis/{apiId}/deploy-revision?revisionId [{name, vhost, displayOnDevportal}]: the revision
// serves in these environments, in the place of the one that did.
//   201  where the API is deployed now
//   400  no such environment or host, one that is read only, or the API is retired
//   403  the caller may create APIs only, or the environment is for other roles
Result<rest::Reply> Publisher::deploy_revision(const rest::Call& call) {
  GH_CHECK(check_may_deploy(call.caller));
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revision, find_revision(call, api));
  const json::array wanted = call.body.is_array() ? call.body.get_array() : json::array();
  const Instant now = clock_.now();
  GH_TRY(deployed,
         api_manager_.write([&](Transaction& transaction) -> Result<std::vector<DeploymentRow>> {
           const model::TenantNumber tenant = call.caller.tenant;
           GH_TRY(current, storage::ApiStore(transaction, tenant).find(api.id));
           if (current.state == "RETIRED") {
             return rest::refuse_because(rest::lifecycle_action_invalid, "The API is retired");
           }
           storage::EnvironmentStore environments(transaction, tenant);
           storage::DeploymentStore deployments(transaction, tenant);
           GH_TRY(before, deployments.environments_of(api.id));
           for (const json::value& item : wanted) {
             if (!item.is_object()) continue;
             GH_TRY(deployment, deployment_from(item.get_object(), call.caller, environments));
             deployment.api_id = api.id;
             deployment.revision_id = revision.id;
             deployment.deployed_at = now;
             GH_CHECK(deployments.put(deployment));
           }
           GH_CHECK(announce(transaction, tenant, api.id, std::move(before)));
           return deployments.of_api(api.id);
         }));
  return made(views(deployed));
}

// POST /apis/{apiId}/undeploy-revision?revisionId&allEnvironments [{name}].
//   201  where the API is deployed now
//   403  an environment is for other roles
//   404  the revision is not deployed there
Result<rest::Reply> Publisher::undeploy_revision(const rest::Call& call) {
  GH_CHECK(check_may_deploy(call.caller));
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(revision, find_revision(call, api));
  GH_TRY(left,
         api_manager_.write([&](Transaction& transaction) -> Result<std::vector<DeploymentRow>> {
           const model::TenantNumber tenant = call.caller.tenant;
           const storage::EnvironmentStore environments(transaction, tenant);
           storage::DeploymentStore deployments(transaction, tenant);
           GH_TRY(deployed, deployments.of_api(api.id));
           GH_TRY(before, deployments.environments_of(api.id));
           for (const std::string& name : environments_to_leave(call, deployed, revision.id)) {
             if (!serves(deployed, name, revision.id)) {
               return rest::refuse_because(
                   rest::deployment_not_found,
                   fmt::format("The revision is not deployed to environment '{}'", name));
             }
             GH_CHECK(find_environment(environments, call.caller, name));
             GH_CHECK(deployments.remove(api.id, name));
           }
           GH_CHECK(announce(transaction, tenant, api.id, std::move(before)));
           return deployments.of_api(api.id);
         }));
  return made(views(left));
}

}  // namespace gatehouse::publisher
