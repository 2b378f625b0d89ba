// SPDX-License-Identifier: Apache-2.0
//
// API keys, under two paths. Those of /applications/{applicationId}/api-keys/{keyType} open every
// API to which the application subscribes. Those of /apis/{apiId}/api-keys open one API alone: they
// belong to their maker and call as the application that they are tied to; until then they open
// nothing.
#include <set>

#include "core/digest.h"
#include "devportal/api_key_view.h"
#include "devportal/devportal.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiKeyQuery;
using storage::ApiKeyRow;
using storage::ApiKeyStore;
using storage::NamedApiKey;
using storage::Transaction;
using storage::Window;

// The contract's lists of keys have no pages.
constexpr Window all_shown{0, 100'000};

bool is_of_api(const rest::Call& call) { return call.path.contains("apiId"); }

// The path says one of the two, the body the other.
std::string path_or_body(const rest::Call& call, const char* in_path, const char* in_body) {
  const auto found = call.path.find(in_path);
  return found == call.path.end() ? text_or(call.object(), in_body, "") : found->second;
}

bool is_of_type(const ApiKeyRow& key, const rest::Call& call) {
  return model::to_text(key.key_type) == call.path_value("keyType");
}

// Named by the body: {keyUUID}, or the key itself as {apikey}.
Result<ApiKeyRow> find_key_of_call(const ApiKeyStore& keys, const rest::Call& call) {
  const std::string id = text_or(call.object(), "keyUUID", "");
  if (!id.empty()) return keys.find(id);
  return keys.find_by_hash(to_bytes(sha256(text_or(call.object(), "apikey", ""))));
}

void gateways_hear(Transaction& transaction, const rest::Call& call, const ApiKeyRow& key) {
  transaction.changed({model::ChangeKind::api_key, call.caller.tenant, key.id, {}, {}});
}

}  // namespace

Result<ApiKeyRow> DevPortal::change_api_key(
    const rest::Call& call, const std::function<Result<>(ApiKeyStore&, ApiKeyRow&)>& change) {
  std::string application_id;
  if (!is_of_api(call)) {
    GH_TRY(application, find_application(call));
    application_id = application.id;
  }
  return api_manager_.write([&](Transaction& transaction) -> Result<ApiKeyRow> {
    ApiKeyStore keys(transaction, call.caller.tenant);
    GH_TRY(key, find_key_of_call(keys, call));
    const bool is_meant =
        is_of_api(call)
            ? key.api_id == call.path_value("apiId") && key.user_id == call.caller.user_id
            : key.application_id == application_id && is_of_type(key, call);
    if (!is_meant) return rest::refuse(rest::api_key_not_found, key.id);
    GH_CHECK(change(keys, key));
    gateways_hear(transaction, call, key);
    return key;
  });
}

Result<std::vector<NamedApiKey>> DevPortal::find_api_keys(const rest::Call& call,
                                                          ApiKeyQuery query) {
  if (is_of_api(call)) {
    GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
    query.api_id = api.id;
  } else {
    GH_TRY(application, find_application(call));
    if (query.user_id.empty()) query.application_id = application.id;
    query.key_type = call.path_value("keyType");
  }
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return ApiKeyStore(transaction, call.caller.tenant).list(query, all_shown);
  }));
  return std::move(listed.items);
}

// POST …/generate: the key is in this answer and nowhere else; we keep its digest.
Result<rest::Reply> DevPortal::generate_api_key(const rest::Call& call) {
  GH_TRY(key, make_api_key(random_, call, clock_.now()));
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  if (is_of_api(call)) {
    GH_TRY(api, find_api(call.caller, call.path_value("apiId")));
    key.row.api_id = api.id;
  } else {
    GH_TRY(application, find_application(call));
    key.row.application_id = application.id;
  }
  const std::string type =
      is_of_api(call) ? text_or(body, "keyType", "PRODUCTION") : call.path_value("keyType");
  GH_TRY(key_type, model::parse_key_type(type));
  key.row.key_type = key_type;
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).insert(key.row));
    gateways_hear(transaction, call, key.row);
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(made_view(key));
}

// GET …/api-keys/{keyType}, GET …/api-keys: oldest first, without the keys themselves. Of an API,
// the caller's own are shown, each with the application that it calls as.
Result<rest::Reply> DevPortal::list_api_keys(const rest::Call& call) {
  ApiKeyQuery query;
  query.scope = "application";
  if (is_of_api(call)) query = {"", "", call.caller.user_id, "", "api"};
  GH_TRY(keys, find_api_keys(call, std::move(query)));
  json::array list;
  for (const NamedApiKey& key : keys) {
    json::object info = info_view(key.row);
    if (is_of_api(call) && !key.application_name.empty()) {
      info["associatedApp"] = key.application_name;
    }
    list.push_back(std::move(info));
  }
  return rest::ok(rest::list_of(std::move(list)));
}

// GET …/api-keys/{keyType}/associations: keys of APIs that call as the application.
Result<rest::Reply> DevPortal::list_tied_keys(const rest::Call& call) {
  GH_TRY(keys, find_api_keys(call, {"", "", "", "", "api"}));
  json::array list;
  for (const NamedApiKey& key : keys) {
    json::object info = info_view(key.row);
    info["apiName"] = key.api_name;
    info["apiUUID"] = key.row.api_id;
    list.push_back(std::move(info));
  }
  return rest::ok(rest::list_of(std::move(list)));
}

// GET …/api-keys/{keyType}/subscriptions: keys of the caller that call as no application yet, of
// APIs to which this one subscribes.
Result<rest::Reply> DevPortal::list_free_keys(const rest::Call& call) {
  GH_TRY(keys, find_api_keys(call, {"", "", call.caller.user_id, "", "api"}));
  storage::SubscriptionQuery query;
  query.application_id = call.path_value("applicationId");
  GH_TRY(subscribed, api_manager_.read([&](Transaction& transaction) {
    return storage::SubscriptionStore(transaction, call.caller.tenant)
        .list(query, Window{0, INT64_MAX});
  }));
  std::set<std::string> apis;
  for (const storage::SubscriptionRow& row : subscribed.items) apis.insert(row.api_id);
  json::array list;
  for (const NamedApiKey& key : keys) {
    if (!key.row.application_id.empty() || !apis.contains(key.row.api_id)) continue;
    list.push_back(json::object{{"keyName", key.row.name},
                                {"keyUUID", key.row.id},
                                {"apiName", key.api_name},
                                {"apiUUID", key.row.api_id}});
  }
  return rest::ok(rest::list_of(std::move(list)));
}

// POST …/regenerate {keyUUID}: the same key with another text; the former one holds no longer.
Result<rest::Reply> DevPortal::regenerate_api_key(const rest::Call& call) {
  MadeApiKey made;
  GH_CHECK(change_api_key(call, [&](ApiKeyStore& keys, const ApiKeyRow& key) {
    made = renew_api_key(random_, key, clock_.now());
    return keys.update(made.row);
  }));
  return rest::ok(made_view(made));
}

// POST …/revoke {keyUUID}; of an application also {apikey}.
Result<rest::Reply> DevPortal::revoke_api_key(const rest::Call& call) {
  GH_CHECK(change_api_key(
      call, [](ApiKeyStore& keys, const ApiKeyRow& key) { return keys.remove(key.id); }));
  return rest::Reply{};
}

// POST …/associate {keyUUID} with applicationUUID or apiUUID: the caller's key of an API calls as
// the caller's application from now on.
Result<rest::Reply> DevPortal::associate_api_key(const rest::Call& call) {
  const std::string id = text_or(call.object(), "keyUUID", "");
  const std::string application_id = path_or_body(call, "applicationId", "applicationUUID");
  GH_TRY(api, find_api(call.caller, path_or_body(call, "apiId", "apiUUID")));
  std::string application_name;
  GH_TRY(key, api_manager_.write([&](Transaction& transaction) -> Result<ApiKeyRow> {
    GH_TRY(application, storage::ApplicationStore(transaction, call.caller.tenant)
                            .find_own(application_id, call.caller.user_id));
    ApiKeyStore keys(transaction, call.caller.tenant);
    GH_TRY(found, keys.find(id));
    const bool is_meant = is_of_api(call) || is_of_type(found, call);
    if (found.api_id != api.id || found.user_id != call.caller.user_id || !is_meant) {
      return rest::refuse(rest::api_key_not_found, id);
    }
    found.application_id = application.id;
    application_name = application.name;
    GH_CHECK(keys.update(found));
    gateways_hear(transaction, call, found);
    return found;
  }));
  return rest::ok(json::object{
      {"keyName", key.name}, {"apiName", api.name}, {"applicationName", application_name}});
}

// POST …/dissociate {keyUUID}: the key of an API opens nothing until it is tied again.
//   404  no such key, or it calls as no application
Result<rest::Reply> DevPortal::dissociate_api_key(const rest::Call& call) {
  GH_CHECK(change_api_key(call, [](ApiKeyStore& keys, ApiKeyRow& key) -> Result<> {
    if (key.api_id.empty()) return rest::refuse(rest::api_key_not_found, key.id);
    if (key.application_id.empty()) return rest::refuse(rest::api_key_not_tied, key.id);
    key.application_id.clear();
    return keys.update(key);
  }));
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
