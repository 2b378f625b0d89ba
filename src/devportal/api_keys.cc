// SPDX-License-Identifier: Apache-2.0
//
// /applications/{applicationId}/api-keys/{keyType}.
#include "core/digest.h"
#include "core/id.h"
#include "core/text.h"
#include "devportal/devportal.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiKeyRow;
using storage::ApiKeyStore;
using storage::Transaction;

constexpr std::size_t key_bytes = 32;

constexpr rest::Problem api_key_not_found{909008, ErrorCode::not_found, "No such API key"};

// "10.0.0.0/8, 192.168.1.7" → its parts.
std::vector<std::string> parts_of(const json::object& properties, std::string_view name) {
  const std::string text = text_or(properties, name, "");
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ',')) {
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

// Seconds until the key expires; -1: never.
std::int64_t validity_of(const ApiKeyRow& key) {
  if (key.expires_at == Instant{}) return -1;
  return std::chrono::duration_cast<std::chrono::seconds>(key.expires_at - key.created_at).count();
}

void changed(Transaction& transaction, model::TenantNumber tenant, const std::string& id) {
  transaction.changed({model::ChangeKind::api_key, tenant, id, {}, {}});
}

}  // namespace

// POST …/api-keys/{keyType}/generate: the key is in this answer and nowhere else; we keep its
// digest.
Result<rest::Reply> DevPortal::generate_api_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(key_type, model::parse_key_type(call.path_value("keyType")));
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  const json::object* properties = object_at(body, "additionalProperties");
  const json::object& restrictions = properties == nullptr ? none : *properties;
  const std::string text = to_base64url(random_.bytes(key_bytes));
  const std::int64_t seconds = number_or(body, "validityPeriod", -1);

  ApiKeyRow key;
  key.id = random_uuid(random_);
  key.hash = to_bytes(sha256(text));
  key.application_id = application.id;
  key.key_type = key_type;
  key.name = text_or(body, "keyName", "");
  key.permitted_addresses = parts_of(restrictions, "permittedIP");
  key.permitted_referers = parts_of(restrictions, "permittedReferer");
  key.user_id = call.caller.user_id;
  key.created_at = clock_.now();
  if (seconds > 0) key.expires_at = key.created_at + std::chrono::seconds(seconds);
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApiKeyStore(transaction, call.caller.tenant).insert(key));
    changed(transaction, call.caller.tenant, key.id);
    return {};
  });
  GH_CHECK(stored);
  json::object answer;
  answer["keyName"] = key.name;
  answer["apikey"] = text;
  answer["validityPeriod"] = validity_of(key);
  return rest::ok(std::move(answer));
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
    if (key.key_type != key_type) continue;
    json::object info;
    info["keyUUID"] = key.id;
    info["keyName"] = key.name;
    info["issuedOn"] = to_ms(key.created_at);
    info["validityPeriod"] = validity_of(key);
    list.push_back(std::move(info));
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
    changed(transaction, call.caller.tenant, key->id);
    return {};
  });
  GH_CHECK(revoked);
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
