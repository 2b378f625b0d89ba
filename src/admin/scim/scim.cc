// SPDX-License-Identifier: Apache-2.0
#include "admin/scim/scim.h"

#include "core/text.h"
#include "rest/authentication.h"
#include "rest/problem.h"
#include "rest/problems.h"

namespace gatehouse::admin {

namespace {

constexpr std::string_view root = "/scim2";
constexpr std::string_view media_type = "application/scim+json";

int status_of(const Error& error) {
  if (error.detail == "412") return 412;
  if (error.detail == "413") return 413;
  switch (error.code) {
    case ErrorCode::invalid_argument: return 400;
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::exhausted: return 503;
    case ErrorCode::unavailable: return 503;
    default: return 500;
  }
}

// RFC 7644, table 9; our own details are for the log.
std::string_view type_of(const Error& error) {
  constexpr std::array<std::string_view, 8> types{"invalidFilter", "tooMany",       "uniqueness",
                                                  "mutability",    "invalidSyntax", "invalidPath",
                                                  "noTarget",      "invalidValue"};
  const auto found = std::ranges::find(types, error.detail);
  if (found != types.end()) return *found;
  if (error.code == ErrorCode::conflict) return "uniqueness";
  return error.code == ErrorCode::invalid_argument ? "invalidValue" : "";
}

bool has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool shows_password(const http::Request& request) {
  return to_lower(request.headers.value_or("Authorization", "").substr(0, 6)) == "basic ";
}

Result<json::object> body_of(const http::Request& request) {
  const std::string_view type = request.headers.value_or("Content-Type", "");
  const std::string_view plain = trim(type.substr(0, type.find(';')));
  if (!equals_ignoring_case(plain, media_type) &&
      !equals_ignoring_case(plain, "application/json")) {
    return fail(ErrorCode::invalid_argument, "The body is application/scim+json", "invalidSyntax");
  }
  Result<json::object> body = parse_json_object(request.body);
  if (!body) return fail(ErrorCode::invalid_argument, body.error().message, "invalidSyntax");
  return body;
}

}  // namespace

http::Response scim_response(int status, const json::object& body) {
  http::Response response =
      http::make_response(status, std::string(media_type), json::serialize(body));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

http::Response scim_resource(int status, const json::object& resource,
                             const Projection& projection) {
  http::Response response = scim_response(status, project(resource, projection));
  const json::object& meta = resource.at("meta").as_object();
  response.headers.set("ETag", text_or(meta, "version", ""));
  response.headers.set(status == 201 ? "Location" : "Content-Location",
                       text_or(meta, "location", ""));
  return response;
}

http::Response scim_found(const http::Request& request, const json::object& resource,
                          const Projection& projection) {
  http::Response response = scim_resource(200, resource, projection);
  const std::string_view version = response.headers.value_or("ETag", "-");
  for (const std::string_view known : split(request.headers.value_or("If-None-Match", ""), ',')) {
    if (trim(known) != version && trim(known) != "*") continue;
    response.status = 304;
    response.body.clear();
    break;
  }
  return response;
}

http::Response scim_problem(const Error& error) {
  const int status = status_of(error);
  json::object body{{"schemas", json::array{json::value(error_schema)}},
                    {"status", std::to_string(status)},
                    {"detail", error.message}};
  if (const std::string_view type = type_of(error); !type.empty()) body["scimType"] = type;
  http::Response response = scim_response(status, body);
  // What REST clients hear besides: WWW-Authenticate, Retry-After.
  for (const char* name : {"WWW-Authenticate", "Retry-After"}) {
    const std::string value(rest::problem_response(error).headers.value_or(name, ""));
    if (!value.empty()) response.headers.set(name, value);
  }
  return response;
}

Result<> check_version(const http::Request& request, const json::object& resource) {
  const std::string_view wanted = request.headers.value_or("If-Match", "");
  if (wanted.empty() || wanted == "*") return {};
  const std::string version = text_or(resource.at("meta").as_object(), "version", "");
  for (const std::string_view each : split(wanted, ',')) {
    if (trim(each) == version) return {};
  }
  return fail(ErrorCode::conflict, "The resource was changed meanwhile", "412");
}

std::string Scim::Call::query_or(const std::string& name, std::string fallback) const {
  const auto found = query.find(name);
  return found == query.end() ? fallback : found->second;
}

Projection Scim::Call::projection() const {
  return {query_or("attributes", ""), query_or("excludedAttributes", "")};
}

http::Response Scim::handle(const http::Request& request) {
  const Answer made = answer(request);
  return made ? *made : scim_problem(made.error());
}

Scim::Answer Scim::answer(const http::Request& request) {
  const std::string_view path = request.path;
  if (!path.starts_with(root)) return rest::refuse(rest::resource_not_found);
  std::string_view resource = path.substr(root.size());
  if (resource.starts_with("/v2")) resource.remove_prefix(3);
  const std::string base =
      fmt::format("https://{}{}", request.headers.value_or("Host", "localhost:9443"), root);
  if (const auto known = scim_discovery(resource, base)) {
    if (request.method == "GET") return scim_response(200, *known);
    return http::make_response(405, "text/plain", "");
  }
  GH_TRY(call, call_from(request, resource));
  call.base = base;
  std::string_view rest = resource.substr(std::min<std::size_t>(1, resource.size()));
  const std::size_t slash = rest.find('/');
  if (slash != rest.npos) call.id = rest.substr(slash + 1);
  return route(call, rest.substr(0, slash));
}

Result<Scim::Call> Scim::call_from(const http::Request& request, std::string_view resource) const {
  GH_TRY(caller, rest::authenticate(request, key_manager_));
  if (caller.anonymous()) return rest::refuse(rest::credentials_missing);
  // A token that some application holds does not change who its user is: that takes the password.
  const bool oneself = resource == "/Me" && (request.method == "GET" || shows_password(request));
  if (!oneself && !caller.has_scope("apim:admin")) return rest::refuse(rest::scope_missing);
  Call call{request, std::move(caller), "", "", {}, {}};
  GH_TRY(fields, parse_form(request.query));
  for (const auto& [name, value] : fields) call.query[name] = value;
  if (has_body(request.method)) {
    GH_TRY(body, body_of(request));
    call.body = std::move(body);
  }
  return call;
}

Scim::Answer Scim::route(Call& call, std::string_view collection) {
  if (call.id == ".search" && call.request.method == "POST") {
    // RFC 7644, section 3.4.3: the query in a body, because it may hold what is private.
    for (const auto& member : call.body) {
      const json::value& value = member.value();
      if (value.is_string()) call.query[member.key()] = value.get_string();
      if (value.is_int64()) call.query[member.key()] = std::to_string(value.get_int64());
      if (value.is_array()) call.query[member.key()] = join(texts_of(call.body, member.key()), ",");
    }
    call.id.clear();
    if (collection == "Users") return list_users(call);
    if (collection == "Groups") return list_groups(call);
    return rest::refuse(rest::resource_not_found);
  }
  if (collection == "Users") return users(call);
  if (collection == "Groups") return groups(call);
  if (collection == "Me" && call.id.empty()) return me(call);
  if (collection == "Bulk" && call.id.empty()) {
    if (call.request.method == "POST") return bulk(call);
    return http::make_response(405, "text/plain", "");
  }
  return rest::refuse(rest::resource_not_found);
}

}  // namespace gatehouse::admin
