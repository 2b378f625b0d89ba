// SPDX-License-Identifier: Apache-2.0
#include "publisher/definition.h"

#include <array>

#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::publisher {

namespace {

constexpr std::array<std::string_view, 7> verbs{"get",   "post", "put",    "delete",
                                                "patch", "head", "options"};
constexpr std::string_view security_scheme = "default";

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return result;
}

json::object skeleton(const json::object& api) {
  json::object info;
  info["title"] = text_or(api, "name", "");
  info["version"] = text_or(api, "version", "");
  const std::string description = text_or(api, "description", "");
  if (!description.empty()) info["description"] = description;
  json::object definition;
  definition["openapi"] = "3.0.1";
  definition["info"] = std::move(info);
  definition["servers"] = json::array{json::object{{"url", "/"}}};
  definition["security"] = json::array{json::object{{security_scheme, json::array()}}};
  return definition;
}

// "/orders/{id}" has the parameter "id".
json::array path_parameters(std::string_view target) {
  json::array parameters;
  std::size_t open = target.find('{');
  while (open != target.npos) {
    const std::size_t close = target.find('}', open);
    if (close == target.npos) break;
    json::object parameter;
    parameter["name"] = target.substr(open + 1, close - open - 1);
    parameter["in"] = "path";
    parameter["required"] = true;
    parameter["schema"] = json::object{{"type", "string"}};
    parameters.push_back(std::move(parameter));
    open = target.find('{', close);
  }
  return parameters;
}

// What the definition said of this path beside its operations: shared parameters, a summary.
json::object path_item(const json::object& definition, std::string_view target) {
  json::object item;
  const json::object* paths = object_at(definition, "paths");
  const json::object* path = paths == nullptr ? nullptr : object_at(*paths, target);
  if (path == nullptr) return item;
  for (const auto& member : *path) {
    if (std::find(verbs.begin(), verbs.end(), member.key()) == verbs.end()) {
      item[member.key()] = member.value();
    }
  }
  return item;
}

// What the definition said of this operation, or a first version of it.
json::object described(const json::object& definition, std::string_view target,
                       std::string_view verb) {
  if (const json::object* paths = object_at(definition, "paths")) {
    if (const json::object* path = object_at(*paths, target)) {
      if (const json::object* operation = object_at(*path, verb)) return *operation;
    }
  }
  json::object operation;
  json::array parameters = path_parameters(target);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  operation["responses"] = json::object{{"200", json::object{{"description", "OK"}}}};
  return operation;
}

json::object scheme_of(const json::object& api) {
  json::object names;
  json::object bindings;
  if (const json::array* scopes = array_at(api, "scopes")) {
    for (const json::value& item : *scopes) {
      const json::object* outer = item.if_object();
      const json::object* scope = outer == nullptr ? nullptr : object_at(*outer, "scope");
      if (scope == nullptr) continue;
      const std::string name = text_or(*scope, "name", "");
      names[name] = text_or(*scope, "description", "");
      bindings[name] = join(texts_of(*scope, "bindings"), ",");
    }
  }
  json::object flow;
  flow["authorizationUrl"] = "/authorize";
  flow["scopes"] = std::move(names);
  flow["x-scopes-bindings"] = std::move(bindings);
  json::object scheme;
  scheme["type"] = "oauth2";
  scheme["flows"] = json::object{{"implicit", std::move(flow)}};
  return scheme;
}

std::vector<std::string> scopes_of(const json::object& operation) {
  const json::array* requirements = array_at(operation, "security");
  if (requirements == nullptr) return {};
  for (const json::value& item : *requirements) {
    const json::object* requirement = item.if_object();
    if (requirement != nullptr && requirement->contains(security_scheme)) {
      return texts_of(*requirement, security_scheme);
    }
  }
  return {};
}

const json::object* find_operation(const json::array& operations, std::string_view target,
                                   std::string_view verb) {
  for (const json::value& item : operations) {
    const json::object* operation = item.if_object();
    if (operation != nullptr && text_or(*operation, "target", "") == target &&
        text_or(*operation, "verb", "") == verb) {
      return operation;
    }
  }
  return nullptr;
}

json::object operation_of(const json::object& from, std::string_view target, std::string_view verb,
                          const json::array& known) {
  const json::object* before = find_operation(known, target, verb);
  json::object operation = before == nullptr ? json::object() : *before;
  operation["target"] = target;
  operation["verb"] = verb;
  const std::string auth = text_or(from, "x-auth-type", text_or(operation, "authType", "Any"));
  operation["authType"] = auth == "Any" ? "Application & Application User" : auth;
  operation["throttlingPolicy"] =
      text_or(from, "x-throttling-tier", text_or(operation, "throttlingPolicy", "Unlimited"));
  operation["scopes"] = to_json(scopes_of(from));
  return operation;
}

std::vector<std::string> directions_of(const json::array& known, std::string_view target) {
  const std::vector<std::string> both{"SUBSCRIBE", "PUBLISH"};
  std::vector<std::string> directions;
  for (const std::string& direction : both) {
    if (find_operation(known, target, direction) != nullptr) directions.push_back(direction);
  }
  return directions.empty() ? both : directions;
}

}  // namespace

json::object with_operations(json::object definition, const json::object& api) {
  json::object result = skeleton(api);
  for (const auto& member : definition) result[member.key()] = member.value();
  json::object paths;
  const json::array* operations = array_at(api, "operations");
  for (const json::value& item : operations == nullptr ? json::array() : *operations) {
    if (!item.is_object()) continue;
    const json::object& from = item.get_object();
    const std::string target = text_or(from, "target", "");
    std::string verb = to_lower(text_or(from, "verb", ""));
    // Both directions of a topic are opened by one handshake.
    if (verb == "subscribe" || verb == "publish") verb = "get";
    json::object operation = described(definition, target, verb);
    operation["security"] =
        json::array{json::object{{security_scheme, to_json(texts_of(from, "scopes"))}}};
    operation["x-auth-type"] = text_or(from, "authType", "");
    operation["x-throttling-tier"] = text_or(from, "throttlingPolicy", "");
    json::value& path = paths[target];
    if (!path.is_object()) path = path_item(definition, target);
    path.get_object()[verb] = std::move(operation);
  }
  result["paths"] = std::move(paths);
  json::value& components = result["components"];
  if (!components.is_object()) components = json::object();
  json::value& schemes = components.get_object()["securitySchemes"];
  if (!schemes.is_object()) schemes = json::object();
  schemes.get_object()[security_scheme] = scheme_of(api);
  return result;
}

Result<json::object> parse_definition(std::string_view text) {
  auto definition = parse_json_object(text);
  if (!definition) {
    return rest::refuse_because(rest::openapi_malformed,
                                "The definition is not JSON: " + definition.error().message);
  }
  if (!text_or(*definition, "openapi", "").starts_with("3.")) {
    return rest::refuse_because(rest::openapi_malformed, "'openapi' must be 3.x");
  }
  if (object_at(*definition, "info") == nullptr || object_at(*definition, "paths") == nullptr) {
    return rest::refuse_because(rest::openapi_malformed, "'info' and 'paths' must be objects");
  }
  // Addresses are the gateway's matter: what a definition says of servers would be untrue here.
  (*definition)["servers"] = json::array{json::object{{"url", "/"}}};
  return definition;
}

json::array operations_of(const json::object& definition, const json::object& api) {
  const json::array* kept = array_at(api, "operations");
  const json::array known = kept == nullptr ? json::array() : *kept;
  const bool is_websocket = text_or(api, "type", "") == "WS";
  json::array operations;
  const json::object* paths = object_at(definition, "paths");
  if (paths == nullptr) return operations;
  for (const auto& path : *paths) {
    const json::object* methods = path.value().if_object();
    if (methods == nullptr) continue;
    for (const std::string_view verb : verbs) {
      const json::object* operation = object_at(*methods, verb);
      if (operation == nullptr) continue;
      const std::vector<std::string> meant = is_websocket && verb == "get"
                                                 ? directions_of(known, path.key())
                                                 : std::vector{upper(verb)};
      for (const std::string& each : meant) {
        operations.push_back(operation_of(*operation, path.key(), each, known));
      }
    }
  }
  return operations;
}

}  // namespace gatehouse::publisher
