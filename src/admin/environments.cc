// SPDX-License-Identifier: Apache-2.0
//
// /environments.
#include <set>

#include "admin/admin.h"
#include "admin/scope_bindings.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/apis/defaults.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/gateway_store.h"

namespace gatehouse::admin {

namespace {

using storage::EnvironmentRow;
using storage::EnvironmentStore;
using storage::Transaction;

// A vhost with its defaults: WebSockets are served by the same listeners.
void fill_vhost(json::object& vhost) {
  const auto fill = [&](std::string_view name, json::value value) {
    if (!vhost.contains(name)) vhost[name] = std::move(value);
  };
  const std::string host = text_or(vhost, "host", "");
  fill("httpContext", "");
  fill("httpPort", 8280);
  fill("httpsPort", 8243);
  fill("wsHost", json::value(host));
  fill("wsPort", vhost["httpPort"]);
  fill("wssHost", json::value(host));
  fill("wssPort", vhost["httpsPort"]);
}

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
  for (json::value& item : document["vhosts"].as_array()) fill_vhost(item.as_object());
  return document;
}

// What the schema cannot say. Error: invalid_argument.
Result<> check_hosts(const json::object& body) {
  std::set<std::string> hosts;
  for (const json::value& item : body.at("vhosts").as_array()) {
    const std::string host = text_or(item.as_object(), "host", "");
    if (!hosts.insert(to_lower(host)).second) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("Host '{}' is named more than once", host));
    }
  }
  return {};
}

// An environment that nobody may use is a mistake. Error: invalid_argument (900602).
Result<> check_permissions(Transaction& users, model::TenantNumber tenant,
                           const json::object& body) {
  const json::object* permissions = object_at(body, "permissions");
  if (permissions == nullptr) return {};
  const std::vector<std::string> roles = texts_of(*permissions, "roles");
  if (text_or(*permissions, "permissionType", "PUBLIC") == "ALLOW" && roles.empty()) {
    return rest::refuse_because(rest::role_unknown, "ALLOW needs at least one of 'roles'");
  }
  return need_roles(users, tenant, roles);
}

// Gateways serve what its type lets through, so they hear of all that is deployed there.
Result<> announce_all(Transaction& transaction, model::TenantNumber tenant,
                      const std::string& environment) {
  GH_TRY(ids, storage::DeploymentStore(transaction, tenant).apis_in(environment));
  for (std::string& id : ids) {
    transaction.changed(
        {model::ChangeKind::api, tenant, std::move(id), {environment}, {environment}});
  }
  return {};
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

Result<> Admin::check_environment(const rest::Call& call) {
  GH_CHECK(check_hosts(call.object()));
  return user_manager_.read([&](Transaction& transaction) {
    return check_permissions(transaction, call.caller.tenant, call.object());
  });
}

// POST /environments: a place where revisions can be deployed; gateways serve it by its name.
//   400  a host is named twice, or a role that does not exist
//   409  the name is taken
Result<rest::Reply> Admin::create_environment(const rest::Call& call) {
  GH_CHECK(check_environment(call));
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
// Another type reaches gateways at once; where its hosts change, APIs stay deployed.
//   400  as for creating one, or another name
Result<rest::Reply> Admin::update_environment(const rest::Call& call) {
  GH_CHECK(check_environment(call));
  GH_TRY(environment, api_manager_.write([&](Transaction& transaction) -> Result<EnvironmentRow> {
    EnvironmentStore environments(transaction, call.caller.tenant);
    GH_TRY(row, environments.find(call.path_value("environmentId")));
    if (text_or(call.object(), "name", row.name) != row.name) {
      return rest::refuse_because(rest::environment_read_only,
                                  "The name of a gateway environment cannot be changed");
    }
    const std::string type = text_or(row.document, "type", "hybrid");
    row.document = document_from(call.object(), row);
    GH_CHECK(environments.update(row));
    if (text_or(row.document, "type", "") != type) {
      GH_CHECK(announce_all(transaction, call.caller.tenant, row.name));
    }
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

// GET /environments/{environmentId}/gateways: by name, those that were heard of as long as the
// change log is kept.
Result<rest::Reply> Admin::list_gateways_of_environment(const rest::Call& call) {
  const Instant live_since = clock_.now() - storage::GatewayStore::live_max;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(
        environment,
        EnvironmentStore(transaction, call.caller.tenant).find(call.path_value("environmentId")));
    GH_TRY(gateways, storage::GatewayStore(transaction).seen_since(Instant{}, 0));
    json::array found;
    for (const storage::GatewayStand& gateway : gateways) {
      const std::vector<std::string>& served = gateway.environments;
      if (std::find(served.begin(), served.end(), environment.name) == served.end()) continue;
      found.push_back(
          json::object{{"gatewayId", gateway.node},
                       {"lastActive", to_rfc3339(gateway.seen_at)},
                       {"status", gateway.seen_at >= live_since ? "ACTIVE" : "EXPIRED"}});
    }
    return found;
  }));
  return rest::ok(rest::list_of(std::move(list)));
}

}  // namespace gatehouse::admin
