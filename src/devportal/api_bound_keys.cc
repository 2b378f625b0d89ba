// SPDX-License-Identifier: Apache-2.0
//
// /apis/{apiId}/api-keys: keys that open one API alone. Such a key belongs to its maker, and calls
// as the application that it is tied to; until then it opens nothing.
#include "devportal/api_key_view.h"
#include "devportal/devportal.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiKeyRow;
using storage::ApiKeyStore;
using storage::Transaction;

}  // namespace

Result<ApiKeyRow> DevPortal::find_bound_key(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  const std::string id = text_or(call.object(), "keyUUID", "");
  GH_TRY(key, api_manager_.read([&](Transaction& transaction) {
    return ApiKeyStore(transaction, call.caller.tenant).find(id);
  }));
  const bool own = key.api_id == api.id && key.user_id == call.caller.user_id;
  if (!own) return rest::refuse(api_key_not_found, id);
  return key;
}

// POST /apis/{apiId}/api-keys/generate.
Result<rest::Reply> DevPortal::generate_bound_key(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  GH_TRY(key, make_api_key(random_, call, clock_.now()));
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  GH_TRY(key_type, model::parse_key_type(text_or(body, "keyType", "PRODUCTION")));
  key.row.api_id = api.id;
  key.row.key_type = key_type;
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).insert(key.row));
    transaction.changed(changed_api_key(call.caller.tenant, key.row.id));
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(made_view(key));
}

// GET /apis/{apiId}/api-keys: the caller's, oldest first.
Result<rest::Reply> DevPortal::list_bound_keys(const rest::Call& call) {
  GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    const storage::ApplicationStore applications(transaction, call.caller.tenant);
    GH_TRY(keys, ApiKeyStore(transaction, call.caller.tenant).of_api(api.id));
    json::array views;
    for (const ApiKeyRow& key : keys) {
      if (key.user_id != call.caller.user_id) continue;
      json::object view = info_view(key);
      if (!key.application_id.empty()) {
        GH_TRY(application, applications.find(key.application_id));
        view["associatedApp"] = application.name;
      }
      views.push_back(std::move(view));
    }
    return views;
  }));
  json::object answer;
  answer["count"] = list.size();
  answer["list"] = std::move(list);
  return rest::ok(std::move(answer));
}

// POST /apis/{apiId}/api-keys/regenerate {keyUUID}.
Result<rest::Reply> DevPortal::regenerate_bound_key(const rest::Call& call) {
  GH_TRY(key, find_bound_key(call));
  return renew_key(call, key.id, [](const ApiKeyRow&) { return true; });
}

// POST /apis/{apiId}/api-keys/revoke {keyUUID}.
Result<rest::Reply> DevPortal::revoke_bound_key(const rest::Call& call) {
  GH_TRY(key, find_bound_key(call));
  const Result<> revoked = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).remove(key.id));
    transaction.changed(changed_api_key(call.caller.tenant, key.id));
    return {};
  });
  GH_CHECK(revoked);
  return rest::Reply{};
}

Result<> DevPortal::tie_key(const rest::Call& call, ApiKeyRow key,
                            const std::string& application_id) {
  key.application_id = application_id;
  return api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).update(key));
    transaction.changed(changed_api_key(call.caller.tenant, key.id));
    return {};
  });
}

// POST /apis/{apiId}/api-keys/associate {keyUUID, applicationUUID}: the key calls as an application
// of the caller from now on.
Result<rest::Reply> DevPortal::associate_bound_key(const rest::Call& call) {
  GH_TRY(key, find_bound_key(call));
  const std::string application_id = text_or(call.object(), "applicationUUID", "");
  GH_TRY(application, api_manager_.read([&](Transaction& transaction) {
    return storage::ApplicationStore(transaction, call.caller.tenant).find(application_id);
  }));
  if (application.owner_id != call.caller.user_id) {
    return rest::refuse(rest::application_not_found, application_id);
  }
  GH_CHECK(tie_key(call, key, application.id));
  GH_TRY(api, find_api(call.caller, key.api_id));
  json::object answer;
  answer["keyName"] = key.name;
  answer["apiName"] = api.name;
  answer["applicationName"] = application.name;
  return rest::ok(std::move(answer));
}

// POST /apis/{apiId}/api-keys/dissociate {keyUUID}: the key opens nothing until it is tied again.
Result<rest::Reply> DevPortal::dissociate_bound_key(const rest::Call& call) {
  GH_TRY(key, find_bound_key(call));
  GH_CHECK(tie_key(call, std::move(key), ""));
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
