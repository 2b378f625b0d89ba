// SPDX-License-Identifier: Apache-2.0
#include "rest/router.h"

#include <fmt/format.h>

#include <optional>

#include "core/digest.h"
#include "core/text.h"
#include "rest/authentication.h"
#include "rest/input.h"
#include "rest/media_type.h"
#include "rest/problems.h"
#include "rest/route_tree.h"
#include "schema/openapi.h"
#include "storage/database.h"

namespace gatehouse::rest {

struct Route {
  const schema::Operation* operation = nullptr;
  Handle handle;
};

struct Router::State {
  State(RouterOptions given, http::Client& client)
      : options(std::move(given)),
        key_manager(client),
        document(schema::Document::parse(options.openapi_json)) {}

  RouterOptions options;
  http::Client& key_manager;
  Result<schema::Document> document;
  std::vector<std::unique_ptr<Route>> routes;
  std::vector<std::string> strangers;  // handlers without an operation
  RouteTree tree;

  // Parameters and body; an answer when they are wrong.
  std::optional<http::Response> read(const schema::Operation& operation, Call& call) const;
  http::Response answer(const Route& route, const Call& call, const std::string& base) const;
};

namespace {

std::string_view path_of(const http::Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

// The base path that begins `path`, or null; what follows it goes to `resource`.
const std::string* base_of(const std::vector<std::string>& bases, std::string_view path,
                           std::string_view& resource) {
  for (const std::string& base : bases) {
    if (!path.starts_with(base)) continue;
    resource = path.substr(base.size());
    if (resource.empty() || resource.starts_with('/')) return &base;
  }
  return nullptr;
}

http::Response refused(std::string message, int status) {
  return problem_response(fail(ErrorCode::invalid_argument, std::move(message)).value(), status);
}

http::Response not_found() { return problem_response(refuse(resource_not_found).value()); }

http::Response wrong_method(const RouteTree::Methods& methods, std::string_view method) {
  std::vector<std::string> allowed;
  for (const auto& entry : methods) allowed.push_back(entry.first);
  if (methods.contains("GET") && !methods.contains("HEAD")) allowed.emplace_back("HEAD");
  allowed.emplace_back("OPTIONS");
  http::Response response;
  if (method == "OPTIONS") {
    response.status = 204;
  } else {
    response = refused("The resource has no such method", 405);
  }
  response.headers.set("Allow", join(allowed, ", "));
  return response;
}

// A resource that is read answers HEAD too; the server leaves the body out.
const RouteTree::Target* target_for(const RouteTree::Methods& methods, std::string_view method) {
  auto found = methods.find(method);
  if (found == methods.end() && method == "HEAD") found = methods.find(std::string_view("GET"));
  return found == methods.end() ? nullptr : &found->second;
}

Result<> authorize(const schema::Operation& operation, const Caller& caller) {
  if (operation.anonymous) return {};
  if (caller.anonymous()) return refuse(credentials_missing);
  const bool allowed = operation.scopes.empty() ||
                       std::any_of(operation.scopes.begin(), operation.scopes.end(),
                                   [&](const auto& scope) { return caller.has_scope(scope); });
  if (allowed) return {};
  return refuse_because(scope_missing,
                        "One of these scopes is needed: " + join(operation.scopes, " "));
}

bool is_acceptable(const schema::Operation& operation, const http::Request& request) {
  const std::string_view accept = request.headers.value_or("Accept", "");
  bool any = false;
  for (const schema::Answer& answer : operation.answers) {
    if (answer.status < 200 || answer.status > 299) continue;
    for (const std::string& media_type : answer.media_types) {
      if (accepts(accept, media_type)) return true;
      any = true;
    }
  }
  return !any;
}

http::Response response_from(Reply reply, const std::string& base) {
  http::Response response;
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  if (reply.bytes) {
    response.body = *std::move(reply.bytes);
  } else if (reply.status != 204 && !reply.body.is_null()) {
    response.headers.set("Content-Type", "application/json");
    response.body = json::serialize(reply.body);
  }
  const std::string_view location = response.headers.value_or("Location", "");
  if (location.starts_with('/') && !location.starts_with(base)) {
    response.headers.set("Location", base + std::string(location));
  }
  if (response.headers.find("Cache-Control") == nullptr) {
    response.headers.set("Cache-Control", "no-store");
  }
  return response;
}

// RFC 9110, section 13.1.2: the client's copy is still right.
void answer_if_changed(const schema::Operation& operation, const http::Request& request,
                       http::Response& response) {
  if (operation.method != "GET" || response.status != 200 || !operation.answers_with(304)) return;
  const std::string tag = '"' + sha256_hex(response.body).substr(0, 32) + '"';
  response.headers.set("ETag", tag);
  for (const std::string_view known : split(request.headers.value_or("If-None-Match", ""), ',')) {
    if (trim(known) != tag && trim(known) != "*") continue;
    response.status = 304;
    response.body.clear();
    response.headers.remove("Content-Type");
    return;
  }
}

}  // namespace

std::optional<http::Response> Router::State::read(const schema::Operation& operation,
                                                  Call& call) const {
  if (const Result<> done = read_parameters(*document, operation, call); !done) {
    return problem_response(done.error());
  }
  if (operation.bodies.empty()) return std::nullopt;
  if (call.request.body.empty()) {
    if (!operation.body_required) return std::nullopt;
    return refused("/: a body is required", 400);
  }
  const schema::Body* body = body_for(operation, call.request.headers.value_or("Content-Type", ""));
  if (body == nullptr) {
    return refused("The body has a type that is not taken", 415);
  }
  if (const Result<> done = read_body(*document, *body, call); !done) {
    return problem_response(done.error());
  }
  return std::nullopt;
}

http::Response Router::State::answer(const Route& route, const Call& call,
                                     const std::string& base) const {
  GH_ASSERT(route.handle);
  storage::Database::take_change_number();  // one that an earlier request left behind
  Result<Reply> reply = route.handle(call);
  const std::uint64_t change = storage::Database::take_change_number();
  const bool reads = route.operation->method == "GET" || route.operation->method == "HEAD";
  if (options.after_write && (change != 0 || !reads)) options.after_write(change);

  http::Response response =
      reply ? response_from(*std::move(reply), base) : problem_response(reply.error());
  answer_if_changed(*route.operation, call.request, response);
  if (change != 0) response.headers.set("Gatehouse-Change", fmt::format("{}", change));
  return response;
}

Router::Router(RouterOptions options, http::Client& key_manager)
    : state_(std::make_unique<State>(std::move(options), key_manager)) {
  if (!state_->document) return;
  for (const schema::Operation& operation : state_->document->operations()) {
    state_->routes.push_back(std::make_unique<Route>(Route{&operation, nullptr}));
    state_->tree.add(operation.path, operation.method, state_->routes.back().get());
  }
}

Router::~Router() = default;

void Router::bind(std::string operation_id, Handle handle) {
  const auto found =
      std::find_if(state_->routes.begin(), state_->routes.end(),
                   [&](const auto& route) { return route->operation->id == operation_id; });
  if (found == state_->routes.end()) {
    state_->strangers.push_back(std::move(operation_id));
  } else {
    (*found)->handle = std::move(handle);
  }
}

Result<> Router::check() const {
  if (!state_->document) return tl::unexpected<Error>(state_->document.error());
  std::vector<std::string> idle;
  for (const auto& route : state_->routes) {
    if (!route->handle) idle.push_back(route->operation->id);
  }
  if (idle.empty() && state_->strangers.empty()) return {};
  return fail(ErrorCode::internal,
              fmt::format("{}: operations without handler: [{}]; handlers without operation: [{}]",
                          state_->options.base_paths.front(), join(idle, " "),
                          join(state_->strangers, " ")));
}

http::Response Router::handle(const http::Request& request) {
  if (!state_->document) return problem_response(state_->document.error(), 500);
  std::string_view resource;
  const std::string* base = base_of(state_->options.base_paths, path_of(request), resource);
  if (base == nullptr) return not_found();
  if (resource == "/openapi.yaml") {
    return http::make_response(200, "application/yaml", std::string(state_->options.openapi_yaml));
  }
  std::vector<std::string> values;
  const RouteTree::Methods* methods = state_->tree.find(resource, values);
  if (methods == nullptr) return not_found();
  const RouteTree::Target* target = target_for(*methods, request.method);
  if (target == nullptr) return wrong_method(*methods, request.method);
  const schema::Operation& operation = *target->route->operation;

  const Result<Caller> caller = authenticate(request, state_->key_manager);
  if (!caller) return problem_response(caller.error());
  if (const Result<> allowed = authorize(operation, *caller); !allowed) {
    return problem_response(allowed.error());
  }
  if (!is_acceptable(operation, request)) {
    return refused("There is no such representation", 406);
  }
  Call call{*caller, request, {}, {}, nullptr, {}, std::string(resource)};
  for (std::size_t i = 0; i < values.size(); ++i) call.path[target->names[i]] = values[i];
  if (std::optional<http::Response> refused = state_->read(operation, call)) {
    return *std::move(refused);
  }
  return state_->answer(*target->route, call, *base);
}

}  // namespace gatehouse::rest
