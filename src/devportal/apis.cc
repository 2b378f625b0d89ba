// SPDX-License-Identifier: Apache-2.0
//
// /apis: the catalogue.
#include "devportal/api_view.h"
#include "devportal/devportal.h"
#include "rest/permissions.h"
#include "rest/problems.h"
#include "storage/apis/policy_limit.h"
#include "storage/registry/content_store.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiRow;
using storage::Transaction;

// What is offered no longer is still shown to those who use it.
Result<bool> uses(Transaction& transaction, const rest::Caller& caller, const ApiRow& api) {
  if (caller.anonymous()) return false;
  storage::SubscriptionQuery query;
  query.api_id = api.id;
  query.owner_id = caller.user_id;
  GH_TRY(count, storage::SubscriptionStore(transaction, caller.tenant).count(query));
  return count > 0;
}

}  // namespace

Result<ApiRow> DevPortal::find_api(const rest::Caller& caller, std::string_view api_id) {
  return api_manager_.read([&](Transaction& transaction) -> Result<ApiRow> {
    GH_TRY(api, storage::ApiStore(transaction, caller.tenant).find(api_id));
    if (!may_see(caller, api)) return rest::refuse(rest::api_not_found, std::string(api_id));
    if (is_offered(api)) return api;
    GH_TRY(used, uses(transaction, caller, api));
    if (!used || api.state == "CREATED") return rest::refuse(rest::api_not_found);
    return api;
  });
}

// GET /apis?query: what the caller may see of what is published or prototyped.
Result<rest::Reply> DevPortal::list_apis(const rest::Call& call) {
  storage::ApiQuery query = storage::parse_api_query(call.query_or("query", ""));
  query.audience = audience_of(call.caller);
  query.states.assign(catalogue_states.begin(), catalogue_states.end());
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant)
        .list(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const ApiRow& api : listed.items) list.push_back(api_entry(api));
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// GET /apis/{apiId}.
Result<rest::Reply> DevPortal::get_api(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  GH_TRY(view, api_manager_.read([&](Transaction& transaction) {
    return api_view(transaction, call.caller, api);
  }));
  return rest::ok(std::move(view));
}

// GET /apis/{apiId}/swagger?environmentName: the definition, with the addresses at which gateways
// serve it, of this environment or of all that the caller may see. No others stay: those that the
// provider wrote are his backends.
//   404  the API is not found in that environment, for this caller
Result<rest::Reply> DevPortal::get_definition(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  const std::string environment = call.query_or("environmentName", "");
  GH_TRY(urls, api_manager_.read([&](Transaction& transaction) {
    return server_urls(transaction, call.caller, api, environment);
  }));
  if (urls.empty() && !environment.empty()) {
    return rest::refuse(rest::environment_not_found, environment);
  }
  GH_TRY(content, registry_.read([&](Transaction& transaction) {
    return storage::ContentStore(transaction, call.caller.tenant).find(api.definition_hash);
  }));
  GH_TRY(definition, storage::stored_document(content.bytes));
  json::array servers;
  for (const std::string& url : urls) servers.push_back(json::object{{"url", url}});
  definition["servers"] = std::move(servers);
  return rest::ok(std::move(definition));
}

// GET /apis/{apiId}/thumbnail: 204, no API has one yet.
Result<rest::Reply> DevPortal::get_thumbnail(const rest::Call& call) {
  GH_CHECK(find_api(call.caller, call.path_value("apiId")));
  return rest::no_content();
}

// GET /apis/{apiId}/subscription-policies: those under which the caller may subscribe.
Result<rest::Reply> DevPortal::list_policies_of_api(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    storage::PolicyStore policies(transaction, call.caller.tenant);
    json::array found;
    for (const std::string& name : texts_of(api.document, "policies")) {
      GH_TRY(known, policies.has(model::PolicyLevel::subscription, name));
      if (!known) continue;
      GH_TRY(policy, policies.find_by_name(model::PolicyLevel::subscription, name));
      if (rest::is_open_to(call.caller, policy.document)) {
        found.push_back(storage::policy_summary(policy));
      }
    }
    return found;
  }));
  return rest::ok(std::move(list));
}

}  // namespace gatehouse::devportal
