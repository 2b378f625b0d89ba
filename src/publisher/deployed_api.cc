// SPDX-License-Identifier: Apache-2.0
#include "publisher/deployed_api.h"

#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::publisher {

namespace {

constexpr std::int64_t timeout_ms_max = 600'000;
constexpr std::size_t endpoints_max = 64;

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// Numbers of endpoint configurations are often written as text.
std::int64_t number_in(const json::object& object, std::string_view name, std::int64_t fallback) {
  const auto text = parse_number(text_or(object, name, ""));
  if (text && *text <= INT32_MAX) return static_cast<std::int64_t>(*text);
  return number_or(object, name, fallback);
}

// A WebSocket begins as HTTP: ws and wss are names for the same two ways to connect.
std::string as_http(std::string url) {
  const std::string scheme = to_lower(url.substr(0, url.find("://")));
  if (scheme == "ws") return url.replace(0, scheme.size(), "http");
  if (scheme == "wss") return url.replace(0, scheme.size(), "https");
  return url;
}

Result<> add_endpoint(const json::object& endpoint, model::DeployedEndpoints& to,
                      const model::DeployedApi& api) {
  std::string url = text_or(endpoint, "url", "");
  if (url.empty() || url == "default") return {};
  if (api.websocket) url = as_http(std::move(url));
  GH_CHECK(check_endpoint_url(url));
  if (to.urls.size() == endpoints_max) {
    return rest::refuse_because(rest::endpoint_config_invalid, "An API has at most 64 endpoints");
  }
  to.urls.push_back(url);
  if (const json::object* config = object_at(endpoint, "config"); config && to.urls.size() == 1) {
    const std::int64_t timeout = number_in(*config, "actionDuration", to.timeout_ms);
    to.timeout_ms = std::clamp<std::int64_t>(timeout, 1, timeout_ms_max);
  }
  return {};
}

// One endpoint, or a list of them.
Result<> add_endpoints(const json::object& config, std::string_view name,
                       model::DeployedEndpoints& to, const model::DeployedApi& api) {
  if (const json::object* one = object_at(config, name)) return add_endpoint(*one, to, api);
  const json::array* list = array_at(config, name);
  if (list == nullptr) return {};
  for (const json::value& item : *list) {
    if (item.is_object()) GH_CHECK(add_endpoint(item.get_object(), to, api));
  }
  return {};
}

Result<> read_endpoints(const json::object& document, model::DeployedApi& api) {
  const json::object* config = object_at(document, "endpointConfig");
  if (config == nullptr) return {};
  GH_CHECK(add_endpoints(*config, "production_endpoints", api.production, api));
  GH_CHECK(add_endpoints(*config, "sandbox_endpoints", api.sandbox, api));
  if (text_or(*config, "endpoint_type", "") != "failover") return {};
  GH_CHECK(add_endpoints(*config, "production_failovers", api.production, api));
  return add_endpoints(*config, "sandbox_failovers", api.sandbox, api);
}

Result<model::DeployedOperation> operation_from(const json::object& from) {
  model::DeployedOperation operation;
  operation.verb = text_or(from, "verb", "");
  operation.target = text_or(from, "target", "/*");
  const std::string auth = text_or(from, "authType", "Any");
  if (auth != "Any") {
    GH_TRY(type, model::parse_auth_type(auth));
    operation.auth = type;
  }
  operation.policy = text_or(from, "throttlingPolicy", "Unlimited");
  operation.scopes = texts_of(from, "scopes");
  return operation;
}

// One handshake opens both directions of a topic, so both must ask for the same.
Result<> add_topic(model::DeployedOperation operation, model::DeployedApi& api) {
  operation.verb = "GET";
  for (const model::DeployedOperation& known : api.operations) {
    if (known.target != operation.target) continue;
    if (known.auth == operation.auth && known.policy == operation.policy &&
        known.scopes == operation.scopes) {
      return {};
    }
    return rest::refuse_because(
        rest::operation_type_invalid,
        fmt::format("SUBSCRIBE and PUBLISH of '{}' differ in authType, throttlingPolicy or scopes",
                    operation.target));
  }
  api.operations.push_back(std::move(operation));
  return {};
}

// Calls per second; a longer unit is spread evenly, and at least one call passes.
std::optional<std::int64_t> per_second(const json::object& limits, std::string_view name,
                                       std::string_view unit_name) {
  const std::int64_t count = number_in(limits, name, 0);
  if (count <= 0) return std::nullopt;
  const std::string unit = text_or(limits, unit_name, "SECOND");
  const std::int64_t seconds = unit == "MINUTE" ? 60 : unit == "HOUR" ? 3'600 : 1;
  return std::max<std::int64_t>(1, count / seconds);
}

model::CorsPolicy cors_from(const json::object& document) {
  model::CorsPolicy cors;
  const json::object* from = object_at(document, "corsConfiguration");
  if (from == nullptr) return cors;
  cors.enabled = flag_or(*from, "corsConfigurationEnabled", false);
  cors.allow_credentials = flag_or(*from, "accessControlAllowCredentials", false);
  cors.origins = texts_of(*from, "accessControlAllowOrigins");
  cors.headers = texts_of(*from, "accessControlAllowHeaders");
  cors.methods = texts_of(*from, "accessControlAllowMethods");
  return cors;
}

}  // namespace

Result<> check_endpoint_url(std::string_view url) {
  const auto refuse = [&] {
    return rest::refuse_because(rest::endpoint_url_invalid,
                                fmt::format("'{}' is not an http or https URL", url));
  };
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == url.npos) return refuse();
  const std::string scheme = to_lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return refuse();
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  // A user name in a URL misleads whoever reads it, and a credential does not belong there.
  if (authority.empty() || authority.find('@') != authority.npos) return refuse();
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; };
  if (!std::all_of(url.begin(), url.end(), printable)) return refuse();

  std::string_view port;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  if (colon != authority.npos) {
    port = authority.substr(colon + 1);
    const auto number = parse_number(port);
    if (!number || *number == 0 || *number > 65'535) return refuse();
  }
  const std::string host = to_lower(authority.substr(0, colon));
  if (host.empty()) return refuse();
  if (host.starts_with("169.254.") || host.starts_with("[fe80:")) {
    return rest::refuse_because(rest::endpoint_url_invalid,
                                fmt::format("'{}' is a link-local address", url));
  }
  return {};
}

Result<model::DeployedApi> deployed_api(const json::object& document) {
  model::DeployedApi api;
  api.websocket = text_or(document, "type", "HTTP") == "WS";
  api.provider = text_or(document, "provider", "");
  api.name = text_or(document, "name", "");
  api.version = text_or(document, "version", "");
  api.context = text_or(document, "context", "");
  const std::vector<std::string> transports = texts_of(document, "transport");
  api.http = transports.empty() || contains(transports, "http");
  api.https = transports.empty() || contains(transports, "https");
  api.security_schemes = texts_of(document, "securityScheme");
  if (api.security_schemes.empty()) api.security_schemes.emplace_back("oauth2");
  api.key_managers = texts_of(document, "keyManagers");
  if (contains(api.key_managers, "all")) api.key_managers.clear();
  const std::string authorization = text_or(document, "authorizationHeader", "");
  if (!authorization.empty()) api.authorization_header = authorization;
  const std::string api_key = text_or(document, "apiKeyHeader", "");
  if (!api_key.empty()) api.api_key_header = api_key;
  api.api_policy = text_or(document, "apiThrottlingPolicy", "");

  GH_CHECK(read_endpoints(document, api));
  if (const json::array* operations = array_at(document, "operations")) {
    for (const json::value& item : *operations) {
      if (!item.is_object()) continue;
      GH_TRY(operation, operation_from(item.get_object()));
      if (api.websocket) {
        GH_CHECK(add_topic(std::move(operation), api));
      } else {
        api.operations.push_back(std::move(operation));
      }
    }
  }
  if (const json::object* limits = object_at(document, "maxTps")) {
    api.production_tps_max = per_second(*limits, "production", "productionTimeUnit");
    api.sandbox_tps_max = per_second(*limits, "sandbox", "sandboxTimeUnit");
  }
  api.cors = cors_from(document);
  return api;
}

}  // namespace gatehouse::publisher
