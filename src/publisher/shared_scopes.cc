// SPDX-License-Identifier: Apache-2.0
//
// /scopes: scopes that APIs name with `shared`, instead of defining them. Whoever may hold one is
// said here, for all of these APIs.
#include <algorithm>

#include "core/id.h"
#include "core/text.h"
#include "publisher/api_document.h"
#include "publisher/api_rules.h"
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/api_scope_store.h"
#include "storage/apis/search_store.h"
#include "storage/apis/shared_scope_store.h"

namespace gatehouse::publisher {

namespace {

using storage::SharedScope;
using storage::SharedScopeStore;
using storage::Transaction;
using storage::Window;

storage::ApiQuery users_of(const std::string& scope) {
  storage::ApiQuery query;
  query.marks.push_back(storage::shared_scope_mark(scope));
  return query;
}

Result<json::object> view_of(Transaction& transaction, model::TenantNumber tenant,
                             const SharedScope& scope) {
  GH_TRY(apis, storage::ApiStore(transaction, tenant).list(users_of(scope.name), Window{0, 0}));
  json::object view;
  view["id"] = scope.id;
  view["name"] = scope.name;
  view["displayName"] = scope.display_name;
  view["description"] = scope.description;
  view["bindings"] = to_json(scope.roles);
  view["usageCount"] = apis.total;
  return view;
}

SharedScope scope_from(const rest::Call& call, SharedScope scope) {
  const json::object& body = call.object();
  scope.name = text_or(body, "name", "");
  scope.display_name = text_or(body, "displayName", scope.name);
  scope.description = text_or(body, "description", "");
  scope.roles = texts_of(body, "bindings");
  return scope;
}

// The operations of the API that ask for the scope.
json::array resources_with(const storage::ApiRow& api, const std::string& scope) {
  json::array resources;
  const json::array* operations = array_at(api.document, "operations");
  if (operations == nullptr) return resources;
  for (const json::value& item : *operations) {
    const json::object& operation = item.as_object();
    const std::vector<std::string> scopes = texts_of(operation, "scopes");
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) continue;
    resources.push_back(json::object{{"target", text_or(operation, "target", "")},
                                     {"verb", text_or(operation, "verb", "")}});
  }
  return resources;
}

json::object usage_of(const storage::ApiRow& api, const std::string& scope) {
  return {{"name", api.name},
          {"context", api.context},
          {"version", api.api_version},
          {"provider", text_or(api.document, "provider", "")},
          {"usedResourceList", resources_with(api, scope)}};
}

}  // namespace

Result<SharedScope> Publisher::find_shared_scope(const rest::Call& call) {
  return api_manager_.read([&](Transaction& transaction) {
    return SharedScopeStore(transaction, call.caller.tenant).find(call.path_value("scopeId"));
  });
}

// GET /scopes: by name.
Result<rest::Reply> Publisher::list_shared_scopes(const rest::Call& call) {
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(listed,
           SharedScopeStore(transaction, call.caller.tenant).list(Window{page.offset, page.limit}));
    total = listed.total;
    json::array views;
    for (const SharedScope& scope : listed.items) {
      GH_TRY(view, view_of(transaction, call.caller.tenant, scope));
      views.push_back(std::move(view));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// POST /scopes {name, displayName, description, bindings}.
//   400  this cannot be the name of a scope
//   409  the scope exists, or an API defines it
Result<rest::Reply> Publisher::add_shared_scope(const rest::Call& call) {
  SharedScope scope = scope_from(call, {});
  GH_CHECK(check_scope_name(scope.name));
  scope.id = random_uuid(random_);
  scope.created_at = clock_.now();
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_TRY(known, storage::ApiScopeStore(transaction, call.caller.tenant).find(scope.name));
    if (!known.empty()) return rest::refuse(rest::scope_exists, scope.name);
    GH_CHECK(SharedScopeStore(transaction, call.caller.tenant).insert(scope));
    return view_of(transaction, call.caller.tenant, scope);
  }));
  return rest::created(std::move(view), "/scopes/" + scope.id);
}

Result<rest::Reply> Publisher::get_shared_scope(const rest::Call& call) {
  GH_TRY(scope, find_shared_scope(call));
  GH_TRY(view, api_manager_.read([&](Transaction& transaction) {
    return view_of(transaction, call.caller.tenant, scope);
  }));
  return rest::ok(std::move(view));
}

// PUT /scopes/{scopeId}: the name stays. Who holds it by a token that was given before keeps it
// until the token is refreshed.
Result<rest::Reply> Publisher::update_shared_scope(const rest::Call& call) {
  GH_TRY(present, find_shared_scope(call));
  const SharedScope scope = scope_from(call, present);
  if (scope.name != present.name) {
    return fail(ErrorCode::invalid_argument, "The name of a scope cannot be changed");
  }
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(SharedScopeStore(transaction, call.caller.tenant).update(scope));
    return view_of(transaction, call.caller.tenant, scope);
  }));
  return rest::ok(std::move(view));
}

// DELETE /scopes/{scopeId}.
//   409  APIs name it, or revisions of them, which may be deployed
Result<rest::Reply> Publisher::delete_shared_scope(const rest::Call& call) {
  GH_TRY(scope, find_shared_scope(call));
  const Result<> removed = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(users, storage::SearchStore(transaction, call.caller.tenant)
                      .objects_with(storage::shared_scope_mark(scope.name), 1));
    if (!users.empty()) return rest::refuse(rest::scope_in_use, scope.name);
    return SharedScopeStore(transaction, call.caller.tenant).remove(scope.id);
  });
  GH_CHECK(removed);
  return rest::Reply{};
}

// HEAD /scopes/{scopeId}: 200 when a scope of this name exists, shared or of an API. The id is the
// name in base64url.
Result<rest::Reply> Publisher::validate_scope(const rest::Call& call) {
  const Result<std::string> name = from_base64url(call.path_value("scopeId"));
  if (!name) return rest::refuse(rest::scope_not_found, call.path_value("scopeId"));
  GH_TRY(known, api_manager_.read([&](Transaction& transaction) {
    return storage::ApiScopeStore(transaction, call.caller.tenant).find(*name);
  }));
  if (known.empty()) return rest::refuse(rest::scope_not_found, *name);
  return rest::Reply{};
}

// GET /scopes/{scopeId}/usage: the APIs that name it, and their operations that ask for it.
Result<rest::Reply> Publisher::get_scope_usage(const rest::Call& call) {
  GH_TRY(scope, find_shared_scope(call));
  storage::ApiQuery query = users_of(scope.name);
  query.audience = editor_audience(call.caller);
  GH_TRY(apis, api_manager_.read([&](Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant).list(query, Window{0, INT64_MAX});
  }));
  json::array older;
  json::array usages;
  for (const storage::ApiRow& api : apis.items) {
    json::object usage = usage_of(api, scope.name);
    usage["revisionID"] = "";
    older.push_back(usage);
    usage.erase("revisionID");
    usage["revisionId"] = "";
    usage["type"] = "API";
    usages.push_back(std::move(usage));
  }
  json::object answer;
  answer["id"] = scope.id;
  answer["name"] = scope.name;
  answer["usedApiList"] = std::move(older);
  answer["usages"] = std::move(usages);
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::publisher
