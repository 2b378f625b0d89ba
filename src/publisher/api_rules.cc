// SPDX-License-Identifier: Apache-2.0
#include "publisher/api_rules.h"

#include <array>
#include <set>

#include "core/text.h"
#include "publisher/deployed_api.h"
#include "rest/problems.h"
#include "storage/apis/policy_store.h"

namespace gatehouse::publisher {

namespace {

constexpr std::size_t name_length_max = 150;
constexpr std::size_t version_length_max = 30;
constexpr std::size_t context_length_max = 232;
constexpr std::size_t operations_max = 2'000;

// First segments of paths that the gateway itself answers, and of tenants' contexts.
constexpr std::array<std::string_view, 7> own_segments{"token",   "revoke", "authorize", "userinfo",
                                                       "healthz", "readyz", "t"};
constexpr std::array<std::string_view, 7> verbs{"GET",   "POST", "PUT",    "DELETE",
                                                "PATCH", "HEAD", "OPTIONS"};
constexpr std::array<std::string_view, 5> verbs_of_new_api{"GET", "PUT", "POST", "DELETE", "PATCH"};
// Of the topics of a WebSocket API.
constexpr std::array<std::string_view, 2> topic_verbs{"SUBSCRIBE", "PUBLISH"};
constexpr std::string_view any_auth = "Application & Application User";

template <std::size_t size>
bool contains(const std::array<std::string_view, size>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

bool has_one_of(std::string_view text, std::string_view refused) {
  return text.find_first_of(refused) != text.npos;
}

Result<> check_name(std::string_view name) {
  if (trim(name).empty()) return rest::refuse(rest::api_name_missing);
  if (name.size() > name_length_max) {
    return rest::refuse_because(rest::text_too_long, "'name' is longer than 150 bytes");
  }
  if (has_one_of(name, "~!@#;:%^*()+={}|\\<>\"',&$[]/")) {
    return rest::refuse(rest::api_name_malformed);
  }
  return {};
}

bool is_segment(std::string_view segment) {
  if (segment == "{version}") return true;
  const auto fits = [](char c) {
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == '~';
  };
  return !segment.empty() && segment != "." && segment != ".." &&
         std::all_of(segment.begin(), segment.end(), fits);
}

// "/pizza" from "pizza", "/pizza" or "/pizza/".
Result<std::string> checked_context(std::string_view text) {
  std::string_view bare = trim(text);
  if (bare.starts_with('/')) bare.remove_prefix(1);
  if (bare.ends_with('/')) bare.remove_suffix(1);
  if (bare.size() > context_length_max) return rest::refuse(rest::api_context_malformed);
  std::size_t versions = 0;
  for (const std::string_view segment : split(bare, '/')) {
    if (!is_segment(segment)) return rest::refuse(rest::api_context_malformed);
    versions += segment == "{version}" ? 1U : 0U;
  }
  if (versions > 1) return rest::refuse(rest::api_context_malformed);
  return fmt::format("/{}", bare);
}

// The gateway answers these paths itself, so an API there could never be called.
Result<> refuse_own_path(std::string_view path) {
  const std::vector<std::string_view> segments = split(path.substr(1), '/');
  const bool rest_api = segments.size() > 1 && segments[0] == "api" && segments[1] == "am";
  if (rest_api || contains(own_segments, segments[0])) {
    return rest::refuse_because(rest::context_reserved,
                                fmt::format("The gateway itself answers '/{}'", segments[0]));
  }
  return {};
}

enum class Kind : std::uint8_t { http, websocket };
Kind kind_of(const json::object& document) {
  return text_or(document, "type", "HTTP") == "WS" ? Kind::websocket : Kind::http;
}

Result<json::object> checked_operation(const json::object& from, Kind kind) {
  json::object operation = from;
  std::string verb = text_or(from, "verb", "");
  for (char& c : verb) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const bool known = kind == Kind::websocket ? contains(topic_verbs, verb) : contains(verbs, verb);
  if (!known) {
    return rest::refuse_because(rest::operation_type_invalid,
                                fmt::format("'{}' is not a verb of an operation", verb));
  }
  std::string target = text_or(from, "target", "/*");
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  if (has_one_of(target, " ?#\\\"<>") || target.find("..") != target.npos) {
    return rest::refuse_because(rest::text_malformed,
                                fmt::format("'{}' cannot be the path of an operation", target));
  }
  std::string auth = text_or(from, "authType", "");
  if (auth.empty() || auth == "Any") auth = any_auth;
  if (!model::parse_auth_type(auth)) {
    return rest::refuse_because(rest::text_malformed, fmt::format("'{}' is not an authType", auth));
  }
  operation["verb"] = verb;
  operation["target"] = target;
  operation["authType"] = auth;
  if (text_or(from, "throttlingPolicy", "").empty()) operation["throttlingPolicy"] = "Unlimited";
  if (array_at(from, "scopes") == nullptr) operation["scopes"] = json::array();
  return operation;
}

json::array first_operations(Kind kind) {
  json::array operations;
  const auto add = [&](std::string_view verb) {
    operations.push_back(json::object{{"target", "/*"}, {"verb", verb}});
  };
  if (kind == Kind::websocket) {
    std::for_each(topic_verbs.begin(), topic_verbs.end(), add);
  } else {
    std::for_each(verbs_of_new_api.begin(), verbs_of_new_api.end(), add);
  }
  return operations;
}

Result<json::array> checked_operations(const json::object& document) {
  const json::array* given = array_at(document, "operations");
  const Kind kind = kind_of(document);
  const json::array from = given == nullptr || given->empty() ? first_operations(kind) : *given;
  if (from.size() > operations_max) {
    return rest::refuse_because(rest::text_too_long, "An API has at most 2000 operations");
  }
  json::array operations;
  std::set<std::string> seen;
  for (const json::value& item : from) {
    if (!item.is_object()) continue;
    GH_TRY(operation, checked_operation(item.get_object(), kind));
    std::string key = text_or(operation, "verb", "") + ' ' + text_or(operation, "target", "");
    if (!seen.insert(key).second) {
      return rest::refuse_because(rest::operation_type_invalid,
                                  fmt::format("The operation '{}' stands twice", key));
    }
    operations.push_back(std::move(operation));
  }
  return operations;
}

Result<> check_choices(const json::object& document) {
  for (const std::string& transport : texts_of(document, "transport")) {
    if (transport == "http" || transport == "https") continue;
    return rest::refuse_because(rest::transport_unsupported,
                                fmt::format("'{}' is not a transport", transport));
  }
  const bool needs_roles = text_or(document, "visibility", "") == "RESTRICTED";
  if (needs_roles && texts_of(document, "visibleRoles").empty()) {
    return rest::refuse_because(rest::role_unknown,
                                "Visibility RESTRICTED needs at least one of 'visibleRoles'");
  }
  const bool guarded = text_or(document, "accessControl", "") == "RESTRICTED";
  if (guarded && texts_of(document, "accessControlRoles").empty()) {
    return rest::refuse_because(
        rest::role_unknown, "Access control RESTRICTED needs at least one of 'accessControlRoles'");
  }
  return {};
}

// Every scope of an operation must be one that the API defines.
Result<> check_scopes(const json::object& document) {
  std::set<std::string> defined;
  if (const json::array* scopes = array_at(document, "scopes")) {
    for (const json::value& item : *scopes) {
      const json::object* outer = item.if_object();
      const json::object* scope = outer == nullptr ? nullptr : object_at(*outer, "scope");
      const std::string name = scope == nullptr ? "" : text_or(*scope, "name", "");
      GH_CHECK(check_scope_name(name));
      if (!defined.insert(name).second) {
        return rest::refuse_because(rest::scope_exists,
                                    fmt::format("The scope '{}' stands twice", name));
      }
    }
  }
  for (const json::value& item : document.at("operations").as_array()) {
    for (const std::string& name : texts_of(item.as_object(), "scopes")) {
      if (!defined.contains(name)) {
        return rest::refuse_because(rest::scope_name_invalid,
                                    fmt::format("The API does not define the scope '{}'", name));
      }
    }
  }
  return {};
}

json::object default_cors() {
  json::object cors;
  cors["corsConfigurationEnabled"] = false;
  cors["accessControlAllowOrigins"] = json::array{"*"};
  cors["accessControlAllowCredentials"] = false;
  cors["accessControlAllowHeaders"] = json::array{"authorization", "Access-Control-Allow-Origin",
                                                  "Content-Type",  "SOAPAction",
                                                  "apikey",        "Internal-Key"};
  cors["accessControlAllowMethods"] =
      json::array{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"};
  return cors;
}

void fill(json::object& document, std::string_view name, json::value value) {
  if (!document.contains(name)) document[name] = std::move(value);
}

void fill_defaults(json::object& document) {
  fill(document, "description", "");
  fill(document, "type", "HTTP");
  fill(document, "transport", json::array{"http", "https"});
  for (const char* list : {"tags", "policies", "visibleRoles", "visibleTenants", "categories",
                           "scopes", "additionalProperties", "accessControlRoles",
                           "subscriptionAvailableTenants", "mediationPolicies"}) {
    fill(document, list, json::array());
  }
  fill(document, "authorizationHeader", "Authorization");
  fill(document, "apiKeyHeader", "ApiKey");
  fill(document, "securityScheme", json::array{"oauth2", "oauth_basic_auth_api_key_mandatory"});
  fill(document, "visibility", "PUBLIC");
  fill(document, "accessControl", "NONE");
  fill(document, "subscriptionAvailability", "CURRENT_TENANT");
  fill(document, "endpointImplementationType", "ENDPOINT");
  fill(document, "responseCachingEnabled", false);
  fill(document, "cacheTimeout", 300);
  fill(document, "enableSchemaValidation", false);
  fill(document, "businessInformation", json::object());
  fill(document, "additionalPropertiesMap", json::object());
  fill(document, "keyManagers", json::array{"all"});
  fill(document, "gatewayType", "wso2/synapse");
  fill(document, "gatewayVendor", "wso2");
  fill(document, "corsConfiguration", default_cors());
  json::object& cors = document["corsConfiguration"].as_object();
  for (const char* list :
       {"accessControlAllowOrigins", "accessControlAllowHeaders", "accessControlAllowMethods"}) {
    if (array_at(cors, list) == nullptr) cors[list] = json::array();
  }
}

Result<> need_policy(storage::PolicyStore& policies, model::PolicyLevel level,
                     const std::string& name) {
  GH_TRY(known, policies.has(level, name));
  if (known) return {};
  return rest::refuse_because(
      rest::policy_name_invalid,
      fmt::format("There is no {} policy named '{}'",
                  level == model::PolicyLevel::api ? "advanced" : "subscription", name));
}

}  // namespace

Result<> check_scope_name(const std::string& name) {
  if (!name.empty() && !has_one_of(name, " \"\\") && !name.starts_with("apim:")) return {};
  return rest::refuse_because(rest::scope_name_invalid,
                              fmt::format("'{}' cannot be the name of a scope", name));
}

Result<> check_version(std::string_view version) {
  if (trim(version).empty()) return rest::refuse(rest::api_version_missing);
  if (version.size() > version_length_max) {
    return rest::refuse_because(rest::text_too_long, "'version' is longer than 30 bytes");
  }
  if (has_one_of(version, "~!@#;:%^*()+={}|\\<>\"',&/$[] \t\r\n") || version == "." ||
      version == "..") {
    return rest::refuse(rest::api_version_malformed);
  }
  return {};
}

Result<json::object> checked_api(const json::object& body) {
  json::object document;
  for (const auto& member : body) {
    if (!member.value().is_null()) document[member.key()] = member.value();
  }
  GH_CHECK(check_name(text_or(document, "name", "")));
  const std::string version = text_or(document, "version", "");
  GH_CHECK(check_version(version));
  GH_TRY(context, checked_context(text_or(document, "context", "")));
  GH_CHECK(refuse_own_path(full_context(context, version)));
  document["context"] = context;
  if (document.contains("corsConfiguration") && !document["corsConfiguration"].is_object()) {
    document.erase("corsConfiguration");
  }
  fill_defaults(document);
  GH_TRY(operations, checked_operations(document));
  document["operations"] = std::move(operations);
  GH_CHECK(check_choices(document));
  GH_CHECK(check_scopes(document));
  GH_CHECK(deployed_api(document));
  return document;
}

std::string full_context(std::string_view context, std::string_view version) {
  constexpr std::string_view place = "{version}";
  const std::size_t at = context.find(place);
  if (at == context.npos) return fmt::format("{}/{}", context, version);
  return fmt::format("{}{}{}", context.substr(0, at), version, context.substr(at + place.size()));
}

Result<> check_references(storage::Transaction& transaction, model::TenantNumber tenant,
                          const json::object& document) {
  storage::PolicyStore policies(transaction, tenant);
  for (const std::string& name : texts_of(document, "policies")) {
    GH_CHECK(need_policy(policies, model::PolicyLevel::subscription, name));
  }
  std::set<std::string> advanced;
  const std::string whole = text_or(document, "apiThrottlingPolicy", "");
  if (!whole.empty()) advanced.insert(whole);
  for (const json::value& item : document.at("operations").as_array()) {
    advanced.insert(text_or(item.as_object(), "throttlingPolicy", "Unlimited"));
  }
  for (const std::string& name : advanced) {
    GH_CHECK(need_policy(policies, model::PolicyLevel::api, name));
  }
  return {};
}

}  // namespace gatehouse::publisher
