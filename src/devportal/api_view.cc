// SPDX-License-Identifier: Apache-2.0
#include "devportal/api_view.h"

#include "rest/permissions.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/policy_store.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiRow;
using storage::Transaction;

void copy(const json::object& from, json::object& to, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (from.contains(name)) to[name] = from.at(name);
  }
}

// Without the port that the scheme has by itself.
std::string url(std::string_view scheme, std::string_view host, std::int64_t port,
                std::string_view path) {
  const bool secure = scheme == "https" || scheme == "wss";
  if (port == (secure ? 443 : 80)) return fmt::format("{}://{}{}", scheme, host, path);
  return fmt::format("{}://{}:{}{}", scheme, host, port, path);
}

// What a server in front of the gateway takes off the path: "/front", or nothing.
std::string front_path(const json::object& vhost) {
  const std::string context = text_or(vhost, "httpContext", "");
  return context.empty() || context.starts_with('/') ? context : "/" + context;
}

// "/pizza/{version}" or "/pizza" without a version: where the default version is found.
std::string default_path(const ApiRow& api) {
  std::string path = api.context;
  const std::size_t at = path.find("/{version}");
  if (at != std::string::npos) path.erase(at, std::string_view("/{version}").size());
  return path;
}

// A WebSocket API is found at the addresses that the vhost has for these.
json::object urls_at(const ApiRow& api, const json::object& vhost, std::string_view path) {
  const bool websocket = text_or(api.document, "type", "HTTP") == "WS";
  const std::string host = text_or(vhost, "host", "localhost");
  const std::string below = front_path(vhost) + std::string(path);
  const std::vector<std::string> transports = texts_of(api.document, "transport");
  json::object urls;
  for (const char* transport : {"https", "http"}) {
    if (std::find(transports.begin(), transports.end(), transport) == transports.end()) continue;
    const bool secure = std::string_view(transport) == "https";
    const std::int64_t port =
        secure ? number_or(vhost, "httpsPort", 8243) : number_or(vhost, "httpPort", 8280);
    if (!websocket) {
      urls[transport] = url(transport, host, port, below);
      continue;
    }
    const std::string scheme = secure ? "wss" : "ws";
    urls[scheme] = url(scheme, text_or(vhost, scheme + "Host", host),
                       number_or(vhost, scheme + "Port", port), below);
  }
  return urls;
}

// One place where consumers find the API.
struct Place {
  storage::EnvironmentRow environment;
  json::object vhost;
};

// Those that the caller's roles open. Where an environment has lost the host of a deployment, the
// API is found at its first one.
Result<std::vector<Place>> places_of(Transaction& transaction, const rest::Caller& caller,
                                     const ApiRow& api) {
  GH_TRY(deployments, storage::DeploymentStore(transaction, caller.tenant).of_api(api.id));
  std::vector<Place> places;
  for (const storage::DeploymentRow& deployment : deployments) {
    if (!deployment.display_on_devportal) continue;
    GH_TRY(
        environment,
        storage::EnvironmentStore(transaction, caller.tenant).find_by_name(deployment.environment));
    if (!rest::is_open_to(caller, environment.document)) continue;
    const json::object* vhost = environment.vhost(deployment.vhost);
    if (vhost == nullptr) vhost = environment.first_vhost();
    if (vhost == nullptr) continue;
    json::object found = *vhost;
    places.push_back({std::move(environment), std::move(found)});
  }
  return places;
}

// What stands before the context at the gateway.
std::string tenant_path(const rest::Caller& caller) {
  return caller.tenant == model::first_tenant ? "" : "/t/" + caller.tenant_domain;
}

json::array endpoint_urls(const rest::Caller& caller, const ApiRow& api,
                          const std::vector<Place>& places) {
  const std::string tenant = tenant_path(caller);
  json::array list;
  for (const Place& place : places) {
    json::object entry;
    entry["environmentName"] = place.environment.name;
    entry["environmentDisplayName"] =
        text_or(place.environment.document, "displayName", place.environment.name);
    entry["environmentType"] = text_or(place.environment.document, "type", "hybrid");
    entry["URLs"] = urls_at(api, place.vhost, tenant + api.full_context);
    entry["defaultVersionURLs"] = api.is_default_version
                                      ? urls_at(api, place.vhost, tenant + default_path(api))
                                      : json::object();
    list.push_back(std::move(entry));
  }
  return list;
}

Result<json::array> tiers_of(Transaction& transaction, model::TenantNumber tenant,
                             const ApiRow& api) {
  storage::PolicyStore policies(transaction, tenant);
  json::array tiers;
  for (const std::string& name : texts_of(api.document, "policies")) {
    GH_TRY(known, policies.has(model::PolicyLevel::subscription, name));
    if (!known) continue;
    GH_TRY(policy, policies.find_by_name(model::PolicyLevel::subscription, name));
    json::object tier;
    tier["tierName"] = name;
    tier["tierPlan"] = text_or(policy.document, "billingPlan", "FREE");
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

json::array operations_of(const ApiRow& api) {
  json::array operations;
  const json::array* list = array_at(api.document, "operations");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    if (!item.is_object()) continue;
    json::object operation;
    copy(item.get_object(), operation, {"id", "target", "verb"});
    operations.push_back(std::move(operation));
  }
  return operations;
}

// Properties that the provider wants shown.
json::array shown_properties(const ApiRow& api) {
  json::array shown;
  const json::array* list = array_at(api.document, "additionalProperties");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    if (item.is_object() && flag_or(item.get_object(), "display", false)) shown.push_back(item);
  }
  return shown;
}

}  // namespace

json::array scopes_of(const ApiRow& api) {
  json::array scopes;
  const json::array* list = array_at(api.document, "scopes");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    const json::object* outer = item.if_object();
    const json::object* scope = outer == nullptr ? nullptr : object_at(*outer, "scope");
    if (scope == nullptr) continue;
    json::object info;
    info["key"] = text_or(*scope, "name", "");
    info["name"] = text_or(*scope, "displayName", text_or(*scope, "name", ""));
    info["roles"] = to_json(texts_of(*scope, "bindings"));
    info["description"] = text_or(*scope, "description", "");
    scopes.push_back(std::move(info));
  }
  return scopes;
}

json::object api_entry(const ApiRow& api) {
  json::object entry;
  entry["id"] = api.id;
  entry["name"] = api.name;
  copy(api.document, entry, {"displayName", "description"});
  entry["context"] = api.context;
  entry["version"] = api.api_version;
  copy(api.document, entry,
       {"type", "provider", "businessInformation", "gatewayType", "gatewayVendor"});
  entry["createdTime"] = fmt::format("{}", to_ms(api.created_at));
  entry["lifeCycleStatus"] = api.state;
  entry["thumbnailUri"] = "";
  entry["avgRating"] = "0.0";
  entry["throttlingPolicies"] = to_json(texts_of(api.document, "policies"));
  entry["isSubscriptionAvailable"] = true;
  entry["monetizedInfo"] = false;
  entry["additionalProperties"] = shown_properties(api);
  return entry;
}

Result<json::object> api_view(Transaction& transaction, const rest::Caller& caller,
                              const ApiRow& api) {
  GH_TRY(places, places_of(transaction, caller, api));
  GH_TRY(tiers, tiers_of(transaction, caller.tenant, api));
  json::array environments;
  for (const Place& place : places) environments.push_back(json::value(place.environment.name));

  json::object view;
  view["id"] = api.id;
  view["name"] = api.name;
  copy(api.document, view, {"displayName", "description"});
  view["context"] = api.context;
  view["version"] = api.api_version;
  copy(api.document, view,
       {"provider", "type", "transport", "authorizationHeader", "apiKeyHeader", "securityScheme",
        "tags", "businessInformation", "categories", "keyManagers", "advertiseInfo", "gatewayType",
        "gatewayVendor"});
  view["lifeCycleStatus"] = api.state;
  view["isDefaultVersion"] = api.is_default_version;
  view["operations"] = operations_of(api);
  view["tiers"] = std::move(tiers);
  view["hasThumbnail"] = false;
  view["additionalProperties"] = shown_properties(api);
  view["monetization"] = json::object{{"enabled", false}};
  view["endpointURLs"] = endpoint_urls(caller, api, places);
  view["environmentList"] = std::move(environments);
  view["scopes"] = scopes_of(api);
  view["avgRating"] = "0.0";
  view["isSubscriptionAvailable"] = true;
  view["createdTime"] = fmt::format("{}", to_ms(api.created_at));
  view["lastUpdatedTime"] = fmt::format("{}", to_ms(api.updated_at));
  return view;
}

Result<std::vector<std::string>> server_urls(Transaction& transaction, const rest::Caller& caller,
                                             const ApiRow& api, std::string_view environment) {
  GH_TRY(places, places_of(transaction, caller, api));
  const std::string path = tenant_path(caller) + api.full_context;
  std::vector<std::string> urls;
  for (const Place& place : places) {
    if (!environment.empty() && place.environment.name != environment) continue;
    for (const auto& member : urls_at(api, place.vhost, path)) {
      urls.emplace_back(member.value().as_string());
    }
  }
  return urls;
}

}  // namespace gatehouse::devportal
