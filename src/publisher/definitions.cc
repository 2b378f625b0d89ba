// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/swagger.
#include "publisher/api_rules.h"
#include "publisher/api_writes.h"
#include "publisher/definition.h"
#include "publisher/publisher.h"
#include "rest/problems.h"

namespace gatehouse::publisher {

namespace {

// The scopes that the operations ask for and the API does not define yet, for everybody.
void define_missing_scopes(json::object& document) {
  if (array_at(document, "scopes") == nullptr) document["scopes"] = json::array();
  json::array& scopes = document["scopes"].get_array();
  std::set<std::string> defined;
  for (const json::value& item : scopes) {
    const json::object* outer = item.if_object();
    const json::object* scope = outer == nullptr ? nullptr : object_at(*outer, "scope");
    if (scope != nullptr) defined.insert(text_or(*scope, "name", ""));
  }
  for (const json::value& item : document.at("operations").as_array()) {
    for (const std::string& name : texts_of(item.as_object(), "scopes")) {
      if (!defined.insert(name).second) continue;
      json::object scope;
      scope["name"] = name;
      scope["displayName"] = name;
      scope["bindings"] = json::array();
      json::object outer;
      outer["scope"] = std::move(scope);
      outer["shared"] = false;
      scopes.push_back(std::move(outer));
    }
  }
}

}  // namespace

// GET /apis/{apiId}/swagger: the OpenAPI definition of the working copy.
Result<rest::Reply> Publisher::get_definition(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(definition, definition_of(call.caller, api.definition_hash));
  return rest::ok(std::move(definition));
}

// PUT /apis/{apiId}/swagger: another definition, and with it the operations of the API.
//   200  the definition as it is kept
//   400  not an OpenAPI 3 document
Result<rest::Reply> Publisher::update_definition(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  const rest::Part* part = call.part("apiDefinition");
  if (part == nullptr) part = call.part("file");
  if (part == nullptr) {
    return rest::refuse_because(rest::parameter_missing,
                                "Send the definition as 'apiDefinition' or 'file'");
  }
  GH_TRY(definition, parse_definition(part->bytes));
  json::object changed = api.document;
  changed["operations"] = operations_of(definition, api.document);
  if (changed["operations"].get_array().empty()) {
    return rest::refuse_because(rest::openapi_malformed, "'paths' has no operation");
  }
  define_missing_scopes(changed);
  GH_TRY(document, checked_api(changed));
  const json::object kept = with_operations(std::move(definition), document);
  GH_TRY(hash, keep_definition(call.caller, kept));
  api.document = std::move(document);
  api.definition_hash = hash;
  api.updated_at = clock_.now();
  const Result<> done = api_manager_.write([&](storage::Transaction& transaction) -> Result<> {
    GH_CHECK(check_references(transaction, call.caller.tenant, api.document));
    return publisher::update_api(transaction, call.caller.tenant, api);
  });
  GH_CHECK(done);
  return rest::ok(kept);
}

}  // namespace gatehouse::publisher
