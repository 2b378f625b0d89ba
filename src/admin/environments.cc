// SPDX-License-Identifier: Apache-2.0
//
// /environments.
#include "admin/admin.h"
#include "core/id.h"
#include "rest/problems.h"
#include "storage/apis/defaults.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/environment_store.h"

namespace gatehouse::admin {

namespace {

using storage::EnvironmentRow;
using storage::EnvironmentStore;
using storage::Transaction;

// The body with its defaults and what we decide.
json::object document_from(const json::object& body, const EnvironmentRow& environment) {
  json::object document = body;
  document["id"] = environment.id;
  document["name"] = environment.name;
  const auto fill = [&](std::string_view name, json::value value) {
    if (!document.contains(name)) document[name] = std::move(value);
  };
  fill("displayName", json::value(environment.name));
  fill("description", "");
  fill("type", "hybrid");
  fill("gatewayType", "Regular");
  fill("mode", "READ_WRITE");
  fill("provider", "wso2");
  fill("endpointURIs", json::array());
  fill("additionalProperties", json::array());
  fill("permissions", json::object{{"permissionType", "PUBLIC"}, {"roles", json::array()}});
  document["status"] = "Active";
  document["isReadOnly"] = environment.name == storage::default_environment;
  for (json::value& item : document["vhosts"].as_array()) {
    json::object& vhost = item.as_object();
    if (!vhost.contains("httpContext")) vhost["httpContext"] = "";
    if (!vhost.contains("httpPort")) vhost["httpPort"] = 8280;
    if (!vhost.contains("httpsPort")) vhost["httpsPort"] = 8243;
  }
  return document;
}

}  // namespace

// GET /environments: by name.
Result<rest::Reply> Admin::list_environments(const rest::Call& call) {
  GH_TRY(environments, api_manager_.read([&](Transaction& transaction) {
    return EnvironmentStore(transaction, call.caller.tenant).list();
  }));
  json::array list;
  for (EnvironmentRow& environment : environments) {
    list.push_back(std::move(environment.document));
  }
  return rest::ok(rest::list_of(std::move(list)));
}

// POST /environments: a place where revisions can be deployed; gateways serve it by its name.
//   409  the name is taken
Result<rest::Reply> Admin::create_environment(const rest::Call& call) {
  EnvironmentRow environment;
  environment.id = random_uuid(random_);
  environment.name = text_or(call.object(), "name", "");
  environment.created_at = clock_.now();
  environment.document = document_from(call.object(), environment);
  GH_CHECK(api_manager_.write([&](Transaction& transaction) {
    return EnvironmentStore(transaction, call.caller.tenant).insert(environment);
  }));
  return rest::created(environment.document, "/environments/" + environment.id);
}

Result<rest::Reply> Admin::get_environment(const rest::Call& call) {
  GH_TRY(environment, api_manager_.read([&](Transaction& transaction) {
    return EnvironmentStore(transaction, call.caller.tenant).find(call.path_value("environmentId"));
  }));
  return rest::ok(std::move(environment.document));
}

// PUT /environments/{environmentId}: everything but the name, which gateways and deployments know.
Result<rest::Reply> Admin::update_environment(const rest::Call& call) {
  GH_TRY(environment, api_manager_.write([&](Transaction& transaction) -> Result<EnvironmentRow> {
    EnvironmentStore environments(transaction, call.caller.tenant);
    GH_TRY(row, environments.find(call.path_value("environmentId")));
    if (text_or(call.object(), "name", row.name) != row.name) {
      return rest::refuse_because(rest::environment_read_only,
                                  "The name of a gateway environment cannot be changed");
    }
    row.document = document_from(call.object(), row);
    GH_CHECK(environments.update(row));
    return row;
  }));
  return rest::ok(std::move(environment.document));
}

// DELETE /environments/{environmentId}.
//   400  it is the one that comes with the server
//   409  APIs are deployed there
Result<rest::Reply> Admin::delete_environment(const rest::Call& call) {
  const Result<> gone = api_manager_.write([&](Transaction& transaction) -> Result<> {
    EnvironmentStore environments(transaction, call.caller.tenant);
    GH_TRY(environment, environments.find(call.path_value("environmentId")));
    if (environment.name == storage::default_environment) {
      return rest::refuse_because(rest::environment_read_only,
                                  "Environment Default cannot be removed");
    }
    GH_TRY(deployed, storage::DeploymentStore(transaction, call.caller.tenant)
                         .count_in_environment(environment.name));
    if (deployed > 0) {
      return rest::refuse_because(rest::environment_in_use,
                                  fmt::format("{} APIs are deployed there", deployed));
    }
    return environments.remove(environment.id);
  });
  GH_CHECK(gone);
  return rest::Reply{};
}

}  // namespace gatehouse::admin
