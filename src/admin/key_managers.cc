// SPDX-License-Identifier: Apache-2.0
//
// /key-managers: other servers whose tokens open the APIs of a tenant; /global-key-managers: those
// of every tenant.
#include "admin/admin.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "rest/provider_presets.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::admin {

namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::Transaction;

constexpr const char* url_members[] = {"wellKnownEndpoint",          "introspectionEndpoint",
                                       "clientRegistrationEndpoint", "tokenEndpoint",
                                       "displayTokenEndpoint",       "revokeEndpoint",
                                       "displayRevokeEndpoint",      "userInfoEndpoint",
                                       "authorizeEndpoint",          "scopeManagementEndpoint"};

json::object resident_info() {
  json::object info;
  info["id"] = model::resident_key_manager;
  info["name"] = model::resident_key_manager;
  info["type"] = "default";
  info["description"] = "The key manager that comes with the server";
  info["enabled"] = true;
  info["isGlobal"] = false;
  info["isUsed"] = true;
  info["tokenType"] = "DIRECT";
  return info;
}

json::object info_of(const KeyManagerRow& row, std::int64_t mappings) {
  json::object info;
  info["id"] = row.id;
  info["name"] = row.name;
  info["type"] = text_or(row.document, "type", "");
  info["description"] = text_or(row.document, "description", "");
  info["enabled"] = row.enabled;
  info["isGlobal"] = row.tenant == model::every_tenant;
  info["isUsed"] = mappings > 0;
  info["tokenType"] = text_or(row.document, "tokenType", "DIRECT");
  return info;
}

// Whether they are used is the tenant's matter.
Result<json::array> infos_of(Transaction& transaction, model::TenantNumber tenant,
                             const std::vector<KeyManagerRow>& rows) {
  json::array list;
  for (const KeyManagerRow& row : rows) {
    GH_TRY(mappings, KeyManagerStore(transaction, tenant).count_mappings(row.name));
    list.push_back(info_of(row, mappings));
  }
  return list;
}

Result<> need_first_tenant(const rest::Call& call) {
  if (call.caller.tenant == model::first_tenant) return {};
  return rest::refuse_because(rest::permission_missing,
                              "Only administrators of the first tenant see what is everybody's");
}

bool is_web_url(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

// What is wrong with the body before anybody is asked.
Result<> check(const json::object& body, const std::string& own_issuer) {
  const auto refuse = [](std::string why) {
    return fail(ErrorCode::invalid_argument, std::move(why));
  };
  const std::string name = text_or(body, "name", "");
  if (name == model::resident_key_manager || name == "all") {
    return rest::refuse(rest::key_manager_exists, name);
  }
  for (const char* member : url_members) {
    const std::string url = text_or(body, member, "");
    if (!url.empty() && !is_web_url(url)) {
      return refuse(fmt::format("'{}' is not an http or https URL", member));
    }
  }
  const std::string issuer = text_or(body, "issuer", "");
  if (!issuer.empty() && issuer == own_issuer) return refuse("'issuer' is this server itself");
  const bool asked = !text_or(body, "introspectionEndpoint", "").empty();
  if (issuer.empty() && !asked) {
    return refuse("A key manager needs an 'issuer' or an 'introspectionEndpoint'");
  }
  const bool verified = flag_or(body, "enableSelfValidationJWT", true);
  if (!issuer.empty() && !verified && !asked) {
    return refuse("Without 'introspectionEndpoint' its tokens must be verified here");
  }
  return {};
}

}  // namespace

// Keys are read at once, so that a token opens an API as soon as the answer has come. A server that
// is silent now is asked again later; keys that cannot be keys are the caller's mistake.
Result<json::object> Admin::read_keys(const json::object& document) {
  const json::object* certificates = object_at(document, "certificates");
  if (certificates == nullptr || text_or(*certificates, "value", "").empty()) return json::object();
  Result<json::object> keys = rest::read_provider_keys(key_manager_, *certificates);
  if (!keys && keys.error().code == ErrorCode::unavailable) return json::object();
  if (!keys && keys.error().code == ErrorCode::forbidden) {
    return fail(ErrorCode::invalid_argument, keys.error().message, keys.error().detail);
  }
  return keys;
}

// Secrets go from the document into columns of their own, sealed. One that is not given stays.
void Admin::take_secrets(KeyManagerRow& row) {
  if (object_at(row.document, "additionalProperties") == nullptr) return;
  json::object& more = row.document["additionalProperties"].as_object();
  const auto take = [&](const char* member, std::string_view sealed_as, std::string& column) {
    const std::string secret = text_or(more, member, "");
    if (more.contains(member)) more[member] = "";
    if (!secret.empty()) column = to_base64(options_.seal(secret, sealed_as));
  };
  take("client_secret", "key_manager", row.secret);
  take("initial_access_token", "key_manager registration", row.registration_token);
}

// GET /key-managers: our own first, then by name, with those that are everybody's.
Result<rest::Reply> Admin::list_key_managers(const rest::Call& call) {
  json::array list{resident_info()};
  GH_TRY(others, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(rows, KeyManagerStore(transaction, tenant).list_usable());
    return infos_of(transaction, tenant, rows);
  }));
  for (json::value& info : others) list.push_back(std::move(info));
  return rest::ok(rest::list_of(std::move(list)));
}

// POST /key-managers: tokens of another server open APIs from now on.
//   400  neither issuer nor introspection, an URL that is none, keys that cannot be used
//   409  the name is taken, or the issuer
Result<rest::Reply> Admin::create_key_manager_of(model::TenantNumber tenant,
                                                 const rest::Call& call) {
  KeyManagerRow row;
  row.tenant = tenant;
  row.id = random_uuid(random_);
  row.document = call.object();
  GH_CHECK(check(row.document, options_.issuer));
  rest::apply_preset(row.document);
  row.document["id"] = row.id;
  row.name = text_or(row.document, "name", "");
  row.issuer = text_or(row.document, "issuer", "");
  row.enabled = flag_or(row.document, "enabled", true);
  row.document["enabled"] = row.enabled;
  row.document["global"] = tenant == model::every_tenant;
  row.created_at = clock_.now();
  take_secrets(row);
  GH_TRY(key_set, read_keys(row.document));
  row.key_set = std::move(key_set);
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(KeyManagerStore(transaction, row.tenant).insert(row));
    transaction.changed({model::ChangeKind::key_manager, row.tenant, row.id, {}, {}});
    return {};
  });
  GH_CHECK(stored);
  const char* place = tenant == model::every_tenant ? "/global-key-managers/" : "/key-managers/";
  return rest::created(row.document, place + row.id);
}

Result<rest::Reply> Admin::get_key_manager_of(model::TenantNumber tenant, const rest::Call& call) {
  const std::string& id = call.path_value("keyManagerId");
  if (id == model::resident_key_manager && tenant != model::every_tenant) {
    return rest::ok(resident_info());
  }
  GH_TRY(row, api_manager_.read([&](Transaction& transaction) {
    return KeyManagerStore(transaction, tenant).find(id);
  }));
  return rest::ok(std::move(row.document));
}

// PUT /key-managers/{keyManagerId}: everything but the name, which keys and APIs know it by.
Result<rest::Reply> Admin::update_key_manager_of(model::TenantNumber tenant,
                                                 const rest::Call& call) {
  GH_TRY(row, api_manager_.read([&](Transaction& transaction) {
    return KeyManagerStore(transaction, tenant).find(call.path_value("keyManagerId"));
  }));
  if (text_or(call.object(), "name", "") != row.name) {
    return fail(ErrorCode::invalid_argument, "The name of a key manager cannot be changed");
  }
  row.document = call.object();
  GH_CHECK(check(row.document, options_.issuer));
  rest::apply_preset(row.document);
  row.document["id"] = row.id;
  row.issuer = text_or(row.document, "issuer", "");
  row.enabled = flag_or(row.document, "enabled", true);
  row.document["enabled"] = row.enabled;
  row.document["global"] = tenant == model::every_tenant;
  take_secrets(row);
  GH_TRY(key_set, read_keys(row.document));
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    KeyManagerStore store(transaction, tenant);
    GH_CHECK(store.update(row));
    GH_CHECK(store.set_keys(row.id, key_set));
    transaction.changed({model::ChangeKind::key_manager, row.tenant, row.id, {}, {}});
    return {};
  });
  GH_CHECK(stored);
  return rest::ok(std::move(row.document));
}

// DELETE /key-managers/{keyManagerId}.
//   409  applications have keys of it, or it is our own
Result<rest::Reply> Admin::delete_key_manager_of(model::TenantNumber tenant,
                                                 const rest::Call& call) {
  const std::string& id = call.path_value("keyManagerId");
  if (id == model::resident_key_manager) return rest::refuse(rest::built_in, id);
  const Result<> gone = api_manager_.write([&](Transaction& transaction) -> Result<> {
    KeyManagerStore store(transaction, tenant);
    GH_TRY(row, store.find(id));
    GH_TRY(mappings, store.count_mappings(row.name));
    if (mappings > 0) {
      return rest::refuse_because(rest::key_manager_in_use,
                                  fmt::format("{} applications have keys of it", mappings));
    }
    GH_CHECK(store.remove(row.id));
    transaction.changed({model::ChangeKind::key_manager, row.tenant, row.id, {}, {}});
    return {};
  });
  GH_CHECK(gone);
  return rest::Reply{};
}

Result<rest::Reply> Admin::create_key_manager(const rest::Call& call) {
  return create_key_manager_of(call.caller.tenant, call);
}
Result<rest::Reply> Admin::get_key_manager(const rest::Call& call) {
  return get_key_manager_of(call.caller.tenant, call);
}
Result<rest::Reply> Admin::update_key_manager(const rest::Call& call) {
  return update_key_manager_of(call.caller.tenant, call);
}
Result<rest::Reply> Admin::delete_key_manager(const rest::Call& call) {
  return delete_key_manager_of(call.caller.tenant, call);
}

// GET /global-key-managers, and the others below it: the same for those that are everybody's.
//   403  the caller is of another tenant than the first
Result<rest::Reply> Admin::list_global_key_managers(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(rows, KeyManagerStore(transaction, model::every_tenant).list());
    return infos_of(transaction, model::every_tenant, rows);
  }));
  return rest::ok(rest::list_of(std::move(list)));
}
Result<rest::Reply> Admin::create_global_key_manager(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  return create_key_manager_of(model::every_tenant, call);
}
Result<rest::Reply> Admin::get_global_key_manager(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  return get_key_manager_of(model::every_tenant, call);
}
Result<rest::Reply> Admin::update_global_key_manager(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  return update_key_manager_of(model::every_tenant, call);
}
Result<rest::Reply> Admin::delete_global_key_manager(const rest::Call& call) {
  GH_CHECK(need_first_tenant(call));
  return delete_key_manager_of(model::every_tenant, call);
}

// POST /key-managers/discover (multipart: url, type): what the server at a discovery URL says.
// `valid` is false when it cannot be read.
Result<rest::Reply> Admin::discover_key_manager(const rest::Call& call) {
  const rest::Part* url = call.part("url");
  const rest::Part* type = call.part("type");
  if (url == nullptr || url->bytes.empty()) {
    return fail(ErrorCode::invalid_argument, "'url' is missing");
  }
  const Result<json::object> metadata = rest::read_provider_metadata(key_manager_, url->bytes);
  json::object answer;
  answer["valid"] = metadata.has_value();
  if (metadata) {
    json::object resource = rest::key_manager_from_metadata(
        *metadata, type == nullptr || type->bytes.empty() ? "custom" : type->bytes);
    resource["wellKnownEndpoint"] = url->bytes;
    answer["value"] = std::move(resource);
  } else if (metadata.error().code == ErrorCode::forbidden) {
    return fail(ErrorCode::invalid_argument, metadata.error().message, metadata.error().detail);
  }
  return rest::ok(std::move(answer));
}

}  // namespace gatehouse::admin
