// SPDX-License-Identifier: Apache-2.0
//
// /key-managers, and keys that another server gave: /applications/{applicationId}/map-keys.
#include "core/id.h"
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "rest/application_client.h"
#include "rest/permissions.h"
#include "rest/problems.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::devportal {

namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::KeyMapping;
using storage::KeyMappingStore;
using storage::Transaction;

json::object info_of(const KeyManagerRow& row) {
  const json::object& document = row.document;
  json::object info;
  info["id"] = row.id;
  info["name"] = row.name;
  info["displayName"] = text_or(document, "displayName", row.name);
  info["type"] = text_or(document, "type", "");
  info["description"] = text_or(document, "description", "");
  info["enabled"] = row.enabled;
  info["availableGrantTypes"] = to_json(texts_of(document, "availableGrantTypes"));
  info["tokenEndpoint"] =
      text_or(document, "displayTokenEndpoint", text_or(document, "tokenEndpoint", ""));
  info["revokeEndpoint"] =
      text_or(document, "displayRevokeEndpoint", text_or(document, "revokeEndpoint", ""));
  info["userInfoEndpoint"] = text_or(document, "userInfoEndpoint", "");
  info["alias"] = text_or(document, "alias", "");
  info["tokenType"] = text_or(document, "tokenType", "DIRECT");
  info["enableTokenGeneration"] = false;  // its tokens are asked for there
  info["enableTokenHashing"] = false;
  info["enableOAuthAppCreation"] = storage::makes_clients(row);
  info["enableMapOAuthConsumerApps"] = true;
  info["applicationConfiguration"] = json::array();
  info["additionalProperties"] = json::object();
  return info;
}

json::object resident_info(const std::string& url) {
  json::object info;
  info["id"] = model::resident_key_manager;
  info["name"] = model::resident_key_manager;
  info["displayName"] = model::resident_key_manager;
  info["type"] = "default";
  info["description"] = "The key manager that comes with the server";
  info["enabled"] = true;
  info["availableGrantTypes"] = grant_type_list();
  info["tokenEndpoint"] = url + "/oauth2/token";
  info["revokeEndpoint"] = url + "/oauth2/revoke";
  info["userInfoEndpoint"] = url + "/oauth2/userinfo";
  info["enableTokenGeneration"] = true;
  info["enableTokenHashing"] = true;
  info["enableOAuthAppCreation"] = true;
  info["enableMapOAuthConsumerApps"] = true;
  info["applicationConfiguration"] = json::array();
  info["additionalProperties"] = json::object();
  info["tokenType"] = "DIRECT";
  return info;
}

}  // namespace

// GET /key-managers: our own, then those that are switched on and open to the caller's roles.
Result<rest::Reply> DevPortal::list_key_managers(const rest::Call& call) {
  GH_TRY(rows, api_manager_.read([&](Transaction& transaction) {
    return KeyManagerStore(transaction, call.caller.tenant).list_usable();
  }));
  json::array list{resident_info(options_.key_manager_url)};
  for (const KeyManagerRow& row : rows) {
    if (row.enabled && rest::is_open_to(call.caller, row.document)) list.push_back(info_of(row));
  }
  return rest::ok(rest::list_of(std::move(list)));
}

Result<std::string> DevPortal::key_manager_of(const rest::Call& call) {
  const std::string name = text_or(call.object(), "keyManager", "");
  if (name.empty() || name == model::resident_key_manager) {
    return std::string(model::resident_key_manager);
  }
  GH_TRY(rows, api_manager_.read([&](Transaction& transaction) {
    return KeyManagerStore(transaction, call.caller.tenant).list_usable();
  }));
  for (const KeyManagerRow& row : rows) {
    const bool meant = row.name == name || row.id == name;
    if (!meant || !rest::is_open_to(call.caller, row.document)) continue;
    if (!row.enabled) return rest::refuse(rest::key_manager_disabled, name);
    return row.name;
  }
  return rest::refuse_because(rest::key_manager_not_registered,
                              fmt::format("There is no key manager named '{}'", name));
}

// POST /applications/{applicationId}/map-keys: ties a client that exists to the application. A
// client of our own is proved by its secret; one of another server opens nothing without a token
// that this server has signed or vouches for.
//   200  the keys, without a secret
//   400  no such client, or its secret is wrong
//   409  the application has keys of this type and key manager, or the client is mapped already
Result<rest::Reply> DevPortal::map_keys(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  if (application.status != "APPROVED") return rest::refuse(rest::application_inactive);
  const json::object& body = call.object();
  GH_TRY(key_type, model::parse_key_type(text_or(body, "keyType", "")));
  GH_TRY(key_manager, key_manager_of(call));
  KeyMapping mapping;
  mapping.tenant = call.caller.tenant;
  mapping.id = random_uuid(random_);
  mapping.application_id = application.id;
  mapping.key_type = key_type;
  mapping.key_manager = key_manager;
  mapping.client_id = text_or(body, "consumerKey", "");
  mapping.mode = "MAPPED";
  mapping.state = "APPROVED";
  mapping.created_at = clock_.now();
  if (mapping.client_id.empty()) return rest::refuse(rest::client_not_mappable);
  if (mapping.is_ours()) {
    const Result<rest::ExistingClient> client = rest::check_client(
        key_manager_, {mapping.tenant, mapping.client_id, text_or(body, "consumerSecret", "")});
    if (!client && client.error().code == ErrorCode::unauthenticated) {
      return rest::refuse(rest::client_not_mappable);
    }
    GH_CHECK(client);
    mapping.document["supportedGrantTypes"] = to_json(client->grant_types);
    mapping.document["callbackUrl"] =
        client->callback_urls.empty() ? "" : client->callback_urls.front();
    mapping.document["validityTime"] = client->access_token_seconds;
  }
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(KeyMappingStore(transaction).insert(mapping));
    transaction.changed({model::ChangeKind::key_mapping, mapping.tenant, mapping.id, {}, {}});
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(key_view(mapping));
}

}  // namespace gatehouse::devportal
