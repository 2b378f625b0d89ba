// SPDX-License-Identifier: Apache-2.0
#include "publisher/api_document.h"

#include <array>

#include "core/text.h"
#include "model/snapshot.h"

namespace gatehouse::publisher {

namespace {

constexpr std::array managed{"id",
                             "lifeCycleStatus",
                             "hasThumbnail",
                             "isRevision",
                             "revisionedApiId",
                             "revisionId",
                             "createdTime",
                             "lastUpdatedTimestamp",
                             "lastUpdatedTime",
                             "workflowStatus",
                             "initiatedFromGateway",
                             "isDefaultVersion",
                             "wsdlUrl"};

constexpr std::array secret_names{"password", "clientSecret", "apiKeyValue"};
constexpr std::array key_types{"production", "sandbox"};

std::string ms_text(Instant instant) { return fmt::format("{}", to_ms(instant)); }

json::object* object_in(json::object& object, std::string_view name) {
  json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

// The security of the endpoints of one key type, or null.
json::object* security_of(json::object& document, std::string_view key_type) {
  json::object* config = object_in(document, "endpointConfig");
  json::object* security = config == nullptr ? nullptr : object_in(*config, "endpoint_security");
  return security == nullptr ? nullptr : object_in(*security, key_type);
}

void hide_secrets(json::object& document) {
  for (const char* key_type : key_types) {
    json::object* security = security_of(document, key_type);
    if (security == nullptr) continue;
    for (const char* name : secret_names) {
      if (security->contains(name)) (*security)[name] = "";
    }
  }
}

json::object view(const storage::ApiRow& api, const json::object& document) {
  json::object result;
  result["id"] = api.id;
  for (const auto& member : document) result[member.key()] = member.value();
  result["lifeCycleStatus"] = api.state;
  result["isDefaultVersion"] = api.is_default_version;
  result["hasThumbnail"] = false;
  result["isRevision"] = false;
  result["workflowStatus"] = "APPROVED";
  result["createdTime"] = ms_text(api.created_at);
  result["lastUpdatedTime"] = ms_text(api.updated_at);
  result["lastUpdatedTimestamp"] = ms_text(api.updated_at);
  hide_secrets(result);
  return result;
}

void add_audience(const json::object& document, storage::SearchTerms& terms) {
  const std::string visibility = text_or(document, "visibility", "PUBLIC");
  if (visibility == "RESTRICTED") {
    for (const std::string& role : texts_of(document, "visibleRoles")) {
      terms.add_mark(storage::role_mark(role));
    }
  } else {
    terms.add_mark(
        std::string(visibility == "PUBLIC" ? storage::everybody_mark : storage::tenant_mark));
  }
}

void add_editors(const storage::ApiRow& api, storage::SearchTerms& terms) {
  if (text_or(api.document, "accessControl", "NONE") != "RESTRICTED") {
    terms.add_mark(std::string(storage::editors_mark));
    return;
  }
  terms.add_mark(storage::editor_mark(api.provider_id));
  for (const std::string& role : texts_of(api.document, "accessControlRoles")) {
    terms.add_mark(storage::editor_role_mark(role));
  }
}

}  // namespace

void drop_managed(json::object& document) {
  for (const char* name : managed) document.erase(name);
}

json::object api_view(const storage::ApiRow& api) { return view(api, api.document); }

json::object revision_view(const storage::ApiRow& api, const json::object& document,
                           std::string_view id, std::int64_t revision_number) {
  json::object result = view(api, document);
  result["id"] = id;
  result["isRevision"] = true;
  result["revisionedApiId"] = api.id;
  result["revisionId"] = revision_number;
  return result;
}

json::object api_entry(const storage::ApiRow& api) {
  json::object entry;
  entry["id"] = api.id;
  entry["name"] = api.name;
  for (const char* name : {"displayName", "description"}) {
    if (api.document.contains(name)) entry[name] = api.document.at(name);
  }
  entry["context"] = api.context;
  entry["version"] = api.api_version;
  for (const char* name : {"provider", "type", "securityScheme", "gatewayVendor", "gatewayType"}) {
    if (api.document.contains(name)) entry[name] = api.document.at(name);
  }
  entry["lifeCycleStatus"] = api.state;
  entry["workflowStatus"] = "APPROVED";
  entry["hasThumbnail"] = false;
  entry["createdTime"] = ms_text(api.created_at);
  entry["updatedTime"] = ms_text(api.updated_at);
  return entry;
}

void seal_secrets(json::object& document, const json::object& before, const Seal& seal) {
  json::object known = before;
  for (const char* key_type : key_types) {
    json::object* security = security_of(document, key_type);
    if (security == nullptr) continue;
    const json::object* former = security_of(known, key_type);
    for (const char* name : secret_names) {
      if (!security->contains(name)) continue;
      const std::string secret = text_or(*security, name, "");
      (*security)[name] = !secret.empty()     ? seal(secret)
                          : former == nullptr ? std::string()
                                              : text_or(*former, name, "");
    }
  }
}

void add_references(const storage::ApiRow& api, storage::SearchTerms& terms) {
  const json::object& document = api.document;
  const auto add = [&](model::PolicyLevel level, const std::string& name) {
    if (!name.empty()) terms.add_mark(storage::policy_mark(model::to_text(level), name));
  };
  for (const std::string& name : texts_of(document, "policies")) {
    add(model::PolicyLevel::subscription, name);
  }
  add(model::PolicyLevel::api, text_or(document, "apiThrottlingPolicy", ""));
  const json::array* operations = array_at(document, "operations");
  for (const json::value& item : operations == nullptr ? json::array() : *operations) {
    if (item.is_object()) {
      add(model::PolicyLevel::api, text_or(item.get_object(), "throttlingPolicy", ""));
    }
  }
  for (const storage::ApiScope& scope : scopes_of(api, Sharing::shared)) {
    terms.add_mark(storage::shared_scope_mark(scope.name));
  }
}

storage::SearchTerms terms_of(const storage::ApiRow& api) {
  storage::SearchTerms terms;
  add_references(api, terms);
  add_audience(api.document, terms);
  add_editors(api, terms);
  const std::string provider = text_or(api.document, "provider", "");
  terms.add_mark(storage::provider_mark(provider));
  terms.add_mark(storage::type_mark(text_or(api.document, "type", "HTTP")));
  for (const std::string& tag : texts_of(api.document, "tags")) {
    terms.add_mark(storage::tag_mark(tag));
  }
  for (const std::string& category : texts_of(api.document, "categories")) {
    terms.add_mark(storage::category_mark(category));
  }
  terms.add_words(api.name, 8);
  terms.add_words(text_or(api.document, "displayName", ""), 8);
  terms.add_words(api.context, 4);
  terms.add_words(join(texts_of(api.document, "tags"), " "), 4);
  terms.add_words(provider, 2);
  terms.add_words(api.api_version, 2);
  terms.add_words(text_or(api.document, "description", ""), 1);
  return terms;
}

std::vector<storage::ApiScope> scopes_of(const storage::ApiRow& api, Sharing sharing) {
  std::vector<storage::ApiScope> scopes;
  const json::array* list = array_at(api.document, "scopes");
  if (list == nullptr) return scopes;
  for (const json::value& item : *list) {
    const json::object* outer = item.if_object();
    const json::object* scope = outer == nullptr ? nullptr : object_at(*outer, "scope");
    if (scope == nullptr) continue;
    const bool shared = flag_or(*outer, "shared", false);
    if (shared != (sharing == Sharing::shared)) continue;
    scopes.push_back({api.id, text_or(*scope, "name", ""), texts_of(*scope, "bindings")});
  }
  return scopes;
}

std::vector<std::string> editor_audience(const rest::Caller& caller) {
  if (caller.has_role("admin")) return {};
  std::vector<std::string> marks{std::string(storage::editors_mark),
                                 storage::editor_mark(caller.user_id)};
  for (const std::string& role : caller.roles) marks.push_back(storage::editor_role_mark(role));
  return marks;
}

bool may_edit(const rest::Caller& caller, const storage::ApiRow& api) {
  if (text_or(api.document, "accessControl", "NONE") != "RESTRICTED") return true;
  if (caller.has_role("admin") || caller.user_id == api.provider_id) return true;
  const std::vector<std::string> allowed = texts_of(api.document, "accessControlRoles");
  return std::any_of(caller.roles.begin(), caller.roles.end(), [&](const std::string& role) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const std::string& other) { return equals_ignoring_case(role, other); });
  });
}

}  // namespace gatehouse::publisher
