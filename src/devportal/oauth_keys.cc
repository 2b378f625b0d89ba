// SPDX-License-Identifier: Apache-2.0
//
// /applications/{applicationId}/generate-keys, /keys and /oauth-keys.
#include "core/id.h"
#include "core/log.h"
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "rest/application_client.h"
#include "rest/problems.h"

namespace gatehouse::devportal {

namespace {

using storage::ApplicationRow;
using storage::KeyMapping;
using storage::KeyMappingStore;
using storage::Transaction;

// What we keep of a request for keys.
json::object document_from(const json::object& body) {
  json::object document;
  document["supportedGrantTypes"] =
      to_json(texts_of(body, body.contains("grantTypesToBeSupported") ? "grantTypesToBeSupported"
                                                                      : "supportedGrantTypes"));
  document["callbackUrl"] = text_or(body, "callbackUrl", "");
  document["validityTime"] = rest::seconds_or(body, "validityTime", rest::token_seconds);
  const json::object* properties = object_at(body, "additionalProperties");
  document["additionalProperties"] = properties == nullptr ? json::object() : *properties;
  return document;
}

bool has_grant(const KeyMapping& mapping, std::string_view grant) {
  const std::vector<std::string> grants = texts_of(mapping.document, "supportedGrantTypes");
  return std::find(grants.begin(), grants.end(), grant) != grants.end();
}

json::object token_view(const rest::IssuedToken& token) {
  json::object view;
  view["accessToken"] = token.token;
  view["tokenScopes"] = to_json(token.scopes);
  view["validityTime"] = token.expires_in;
  return view;
}

// What another key manager has given with the client is not the caller's to change.
void take_document(KeyMapping& mapping, json::object document) {
  if (const json::value* given = mapping.document.if_contains("registration")) {
    document["registration"] = *given;
  }
  mapping.document = std::move(document);
}

void changed(Transaction& transaction, const KeyMapping& mapping) {
  transaction.changed({model::ChangeKind::key_mapping, mapping.tenant, mapping.id, {}, {}});
}

}  // namespace

Result<KeyMapping> DevPortal::find_key(const rest::Call& call, const ApplicationRow& application) {
  const auto id = call.path.find("keyMappingId");
  const auto type = call.path.find("keyType");
  GH_TRY(mappings, api_manager_.read([&](Transaction& transaction) {
    return KeyMappingStore(transaction).list(call.caller.tenant, application.id);
  }));
  const auto is_wanted = [&](const KeyMapping& mapping) {
    return id != call.path.end() ? mapping.id == id->second
                                 : model::to_text(mapping.key_type) == type->second;
  };
  // A type may name several: that of our own key manager comes first.
  for (const bool ours : {true, false}) {
    for (KeyMapping& mapping : mappings) {
      if (mapping.is_ours() == ours && is_wanted(mapping)) return std::move(mapping);
    }
  }
  return rest::refuse(rest::key_mapping_not_found, application.id);
}

// POST /applications/{applicationId}/generate-keys: an OAuth client for one key type, at our own
// key manager or at another one. The secret is in this answer and nowhere else; with the grant
// client_credentials a first token of our own comes along.
//   200  the keys
//   400  the other key manager makes no clients, or refuses this one
//   409  the application has keys of this type
//   503  the other key manager does not answer
Result<rest::Reply> DevPortal::generate_keys(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  if (application.status != "APPROVED") return rest::refuse(rest::application_inactive);
  const json::object& body = call.object();
  GH_TRY(key_manager, key_manager_of(call));
  KeyMapping mapping;
  mapping.tenant = call.caller.tenant;
  mapping.id = random_uuid(random_);
  mapping.application_id = application.id;
  GH_TRY(key_type, model::parse_key_type(text_or(body, "keyType", "")));
  mapping.key_type = key_type;
  mapping.key_manager = key_manager;
  mapping.mode = "CREATED";
  mapping.state = "APPROVED";
  mapping.document = document_from(body);
  mapping.created_at = clock_.now();

  GH_TRY(known, api_manager_.read([&](Transaction& transaction) {
    return KeyMappingStore(transaction).list(mapping.tenant, application.id);
  }));
  for (const KeyMapping& other : known) {
    const bool taken = other.key_type == key_type && other.key_manager == key_manager;
    if (taken) return rest::refuse(rest::keys_exist, application.id);
  }
  GH_TRY(secret, rest::make_client(key_manager_, application, mapping));
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(KeyMappingStore(transaction).insert(mapping));
    changed(transaction, mapping);
    return {};
  });
  if (!stored) {
    const Result<> gone = rest::remove_client(key_manager_, mapping);
    if (!gone) log_warning("Client {} stays behind: {}", mapping.client_id, gone.error().message);
    return tl::unexpected<Error>(stored.error());
  }
  json::object view = key_view(mapping);
  view["consumerSecret"] = secret;
  if (mapping.is_ours() && has_grant(mapping, "client_credentials")) {
    const rest::TokenRequest request{
        texts_of(body, "scopes"), number_or(mapping.document, "validityTime", rest::token_seconds)};
    const auto token = rest::issue_token(key_manager_, mapping.client_id, request);
    if (token) view["token"] = token_view(*token);
  }
  return rest::ok(std::move(view));
}

// GET /applications/{applicationId}/oauth-keys: production first.
Result<rest::Reply> DevPortal::list_keys(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(mappings, api_manager_.read([&](Transaction& transaction) {
    return KeyMappingStore(transaction).list(call.caller.tenant, application.id);
  }));
  json::array list;
  for (const KeyMapping& mapping : mappings) list.push_back(key_view(mapping));
  return rest::ok(rest::list_of(std::move(list)));
}

Result<rest::Reply> DevPortal::get_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(mapping, find_key(call, application));
  return rest::ok(key_view(mapping));
}

// PUT …/oauth-keys/{keyMappingId}: other grant types, callbacks or validity.
Result<rest::Reply> DevPortal::update_key(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(mapping, find_key(call, application));
  json::object body = call.object();
  if (!body.contains("validityTime")) {
    body["validityTime"] = number_or(mapping.document, "validityTime", rest::token_seconds);
  }
  take_document(mapping, document_from(body));
  std::string secret;
  if (mapping.made_client()) {
    GH_TRY(changed, rest::change_client(key_manager_, application, mapping));
    secret = std::move(changed);
  }
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(KeyMappingStore(transaction).update(mapping));
    changed(transaction, mapping);
    return {};
  });
  GH_CHECK(stored);
  json::object view = key_view(mapping);
  if (!secret.empty()) view["consumerSecret"] = secret;
  return rest::ok(std::move(view));
}

// The client of another key manager goes first: while that one is silent the keys stay, so that it
// is not forgotten there.
Result<> DevPortal::remove_key(const rest::Call& call, ProviderSilence silence) {
  GH_TRY(application, find_application(call));
  GH_TRY(mapping, find_key(call, application));
  if (!mapping.is_ours() && mapping.made_client()) {
    const Result<> gone = rest::remove_client(key_manager_, mapping);
    if (!gone && silence == ProviderSilence::refuses) return gone;
    if (!gone) log_warning("Client {} stays behind: {}", mapping.client_id, gone.error().message);
  }
  const Result<> removed = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(KeyMappingStore(transaction).remove(mapping));
    changed(transaction, mapping);
    return {};
  });
  GH_CHECK(removed);
  // A client that was mapped goes on living where it came from.
  if (!mapping.owns_client()) return {};
  return rest::remove_client(key_manager_, mapping);
}

// DELETE …/oauth-keys/{keyMappingId}: the client and its tokens go with it.
Result<rest::Reply> DevPortal::delete_key(const rest::Call& call) {
  GH_CHECK(remove_key(call, ProviderSilence::refuses));
  return rest::Reply{};
}

// POST …/oauth-keys/{keyMappingId}/clean-up: the same, as if the keys had never been made, whatever
// another key manager says.
Result<rest::Reply> DevPortal::clean_up_key(const rest::Call& call) {
  GH_CHECK(remove_key(call, ProviderSilence::ignored));
  return rest::Reply{};
}

// POST …/oauth-keys/{keyMappingId}/regenerate-secret: the former secret holds no longer.
//   400  the client is another key manager's, which gives no other secret
Result<rest::Reply> DevPortal::regenerate_secret(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(mapping, find_key(call, application));
  if (!mapping.is_ours() && !mapping.made_client()) {
    return rest::refuse(rest::key_manager_gives_no_keys, mapping.id);
  }
  GH_TRY(secret, rest::change_secret(key_manager_, application, mapping));
  if (!mapping.is_ours()) {
    GH_CHECK(api_manager_.write(
        [&](Transaction& transaction) { return KeyMappingStore(transaction).update(mapping); }));
    if (secret.empty()) return rest::refuse(rest::key_manager_gives_no_keys, mapping.id);
  }
  json::object answer;
  answer["consumerKey"] = mapping.client_id;
  answer["consumerSecret"] = secret;
  return rest::ok(std::move(answer));
}

// POST …/oauth-keys/{keyMappingId}/generate-token: a token of the application itself.
Result<rest::Reply> DevPortal::generate_token(const rest::Call& call) {
  GH_TRY(mapping, find_own_client(call));
  const json::object none;
  const json::object& body = call.body.is_object() ? call.object() : none;
  const rest::TokenRequest request{texts_of(body, "scopes"),
                                   rest::seconds_or(body, "validityPeriod", rest::token_seconds)};
  GH_TRY(token, rest::issue_token(key_manager_, mapping.client_id, request));
  return rest::ok(token_view(token));
}

}  // namespace gatehouse::devportal
