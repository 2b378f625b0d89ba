// SPDX-License-Identifier: Apache-2.0
//
// /applications/{applicationId}/api-keys/{keyType}.
#include "core/digest.h"
#include "devportal/api_key_view.h"
#include "devportal/devportal.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiKeyRow;
using storage::ApiKeyStore;
using storage::Transaction;

}  // namespace

// POST …/api-keys/{keyType}/generate: the key is in this answer and nowhere else; we keep its
// digest.
Result<rest::Reply> DevPortal::generate_api_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(key_type, model::parse_key_type(call.path_value("keyType")));
  GH_TRY(key, make_api_key(random_, call, clock_.now()));
  key.row.application_id = application.id;
  key.row.key_type = key_type;
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).insert(key.row));
    transaction.changed(changed_api_key(call.caller.tenant, key.row.id));
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(made_view(key));
}

// POST …/api-keys/{keyType}/regenerate {keyUUID}: the same key with another text; the former one
// holds no longer.
Result<rest::Reply> DevPortal::regenerate_api_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  const std::string id = text_or(call.object(), "keyUUID", "");
  return renew_key(call, id, [&](const ApiKeyRow& key) {
    return key.application_id == application.id && key.api_id.empty() &&
           model::to_text(key.key_type) == call.path_value("keyType");
  });
}

Result<rest::Reply> DevPortal::renew_key(const rest::Call& call, const std::string& id,
                                         const std::function<bool(const ApiKeyRow&)>& is_meant) {
  GH_TRY(present, api_manager_.read([&](Transaction& transaction) {
    return ApiKeyStore(transaction, call.caller.tenant).find(id);
  }));
  if (!is_meant(present)) return rest::refuse(api_key_not_found, id);
  const MadeApiKey key = renew_api_key(random_, std::move(present), clock_.now());
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).update(key.row));
    transaction.changed(changed_api_key(call.caller.tenant, key.row.id));
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(made_view(key));
}

// GET …/api-keys/{keyType}: oldest first, without the keys themselves.
Result<rest::Reply> DevPortal::list_api_keys(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(key_type, model::parse_key_type(call.path_value("keyType")));
  GH_TRY(keys, api_manager_.read([&](Transaction& transaction) {
    return ApiKeyStore(transaction, call.caller.tenant).of_application(application.id);
  }));
  json::array list;
  for (const ApiKeyRow& key : keys) {
    if (key.key_type == key_type && key.api_id.empty()) list.push_back(info_view(key));
  }
  json::object answer;
  answer["count"] = list.size();
  answer["list"] = std::move(list);
  return rest::ok(std::move(answer));
}

// POST …/api-keys/{keyType}/revoke {apikey} or {keyUUID}.
Result<rest::Reply> DevPortal::revoke_api_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  const std::string id = text_or(call.object(), "keyUUID", "");
  const std::string hash = to_bytes(sha256(text_or(call.object(), "apikey", "")));
  const Result<> revoked = api_manager_.write([&](Transaction& transaction) -> Result<> {
    ApiKeyStore keys(transaction, call.caller.tenant);
    const auto key = id.empty() ? keys.find_by_hash(hash) : keys.find(id);
    if (!key && key.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(key.error());
    }
    if (!key || key->application_id != application.id) return rest::refuse(api_key_not_found);
    GH_CHECK(keys.remove(key->id));
    transaction.changed(changed_api_key(call.caller.tenant, key->id));
    return {};
  });
  GH_CHECK(revoked);
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
