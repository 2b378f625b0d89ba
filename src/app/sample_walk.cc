// SPDX-License-Identifier: Apache-2.0
#include "app/sample_walk.h"

#include <fmt/format.h>

#include <ostream>

#include "core/text.h"

namespace gatehouse::app {

namespace {

constexpr std::chrono::seconds timeout{10};
constexpr std::string_view apis_path = "/api/am/publisher/v4/apis";
constexpr std::string_view applications_path = "/api/am/devportal/v3/applications";
constexpr std::string_view subscriptions_path = "/api/am/devportal/v3/subscriptions";
constexpr std::string_view menu_path = "/pizzashop/1.0.0/menu";

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

json::object operation(std::string_view verb, std::string_view target) {
  return {{"target", target},
          {"verb", verb},
          {"authType", "Application & Application User"},
          {"throttlingPolicy", "Unlimited"}};
}

json::object pizza_api(const std::string& backend) {
  const json::object endpoint{{"url", backend}};
  return {{"name", "PizzaShop"},
          {"description", "A pizza shop: its menu and your orders."},
          {"context", "/pizzashop"},
          {"version", "1.0.0"},
          {"tags", json::array{"pizza", "sample"}},
          {"policies", json::array{"Unlimited", "Gold"}},
          {"endpointConfig", json::object{{"endpoint_type", "http"},
                                          {"production_endpoints", endpoint},
                                          {"sandbox_endpoints", endpoint}}},
          {"operations", json::array{operation("GET", "/menu"), operation("GET", "/orders"),
                                     operation("POST", "/orders"), operation("GET", "/orders/{id}"),
                                     operation("DELETE", "/orders/{id}")}}};
}

}  // namespace

// One request, and what is printed of it.
struct SampleWalk::Call {
  std::string title;
  std::string method = "GET";
  std::string path;
  std::string body{};
  std::string content_type{};
  std::string authorization{};     // as sent
  std::string shown_credential{};  // as printed: "-u admin:…" or "-H 'Authorization: …'"
  std::string shown_body{};        // printed in place of a body with a password
  bool to_gateway = false;
};

Result<http::Response> SampleWalk::send(const Call& call) {
  const std::string& base = call.to_gateway ? options_.gateway : options_.server;
  out_ << fmt::format("\n{}. {}\n   curl -k {}", ++step_, call.title, call.shown_credential);
  if (call.method != "GET") out_ << " -X " << call.method;
  if (!call.body.empty()) {
    if (!call.content_type.starts_with("application/x-www")) {
      out_ << " -H 'Content-Type: " << call.content_type << "'";
    }
    out_ << " -d " << (call.shown_body.empty() ? shell_quoted(call.body) : call.shown_body);
  }
  out_ << " " << shell_quoted(base + call.path) << "\n" << std::flush;

  http::Request request = http::make_request(call.method, call.path, call.body, call.content_type);
  request.headers.add("Authorization", call.authorization);
  GH_TRY(response, (call.to_gateway ? gateway_ : server_).ask(request, timeout));
  constexpr std::size_t shown_max = 160;
  std::string shown = response.body.substr(0, shown_max);
  if (response.body.size() > shown_max) shown += " …";
  out_ << fmt::format("   → {} {}\n", response.status, shown);
  return response;
}

Result<json::object> SampleWalk::must(const Call& call, int status) {
  GH_TRY(response, send(call));
  if (response.status != status) {
    return fail(ErrorCode::internal,
                fmt::format("Step {} answered {} instead of {}", step_, response.status, status),
                response.body);
  }
  if (response.body.empty() || !response.body.starts_with('{')) return json::object();
  return parse_json_object(response.body);
}

Result<json::object> SampleWalk::rest(std::string title, std::string method, std::string path,
                                      json::value body, int status) {
  return must({.title = std::move(title),
               .method = std::move(method),
               .path = std::move(path),
               .body = body.is_null() ? "" : json::serialize(body),
               .content_type = "application/json",
               .authorization = "Bearer " + access_token_,
               .shown_credential = "-H \"Authorization: Bearer $TOKEN\""},
              status);
}

Result<> SampleWalk::sign_in() {
  const std::string pair = options_.user + ":" + options_.password;
  GH_TRY(client, must({.title = "Register a client for the REST APIs",
                       .method = "POST",
                       .path = "/client-registration/v0.17/register",
                       .body = json::serialize(
                           json::object{{"callbackUrl", "www.google.lk"},
                                        {"clientName", "gatehouse_sample_" + options_.user},
                                        {"owner", options_.user},
                                        {"grantType", "password refresh_token"},
                                        {"saasApp", true}}),
                       .content_type = "application/json",
                       .authorization = "Basic " + to_base64(pair),
                       .shown_credential = "-u " + options_.user + ":\"$PASSWORD\""},
                      200));
  const std::string client_pair =
      text_or(client, "clientId", "") + ":" + text_or(client, "clientSecret", "");
  const std::string scopes =
      "apim:api_view apim:api_create apim:api_publish apim:subscribe apim:app_manage "
      "apim:sub_manage";
  const auto form = [&](std::string_view password) {
    return fmt::format("grant_type=password&username={}&password={}&scope={}",
                       percent_encode(options_.user), password, percent_encode(scopes));
  };
  GH_TRY(token, must({.title = "Get a token for them (the password is yours)",
                      .method = "POST",
                      .path = "/oauth2/token",
                      .body = form(percent_encode(options_.password)),
                      .content_type = "application/x-www-form-urlencoded",
                      .authorization = "Basic " + to_base64(client_pair),
                      .shown_credential = "-u " + client_pair,
                      .shown_body = "\"" + form("$PASSWORD") + "\""},
                     200));
  access_token_ = text_or(token, "access_token", "");
  return {};
}

// The item of this name in a list, or an empty object.
Result<json::object> SampleWalk::find(const std::string& path, const std::string& name) {
  GH_TRY(found, rest("Look whether it is there already", "GET", path, nullptr, 200));
  if (const json::array* list = array_at(found, "list")) {
    for (const json::value& item : *list) {
      if (item.is_object() && text_or(item.get_object(), "name", "") == name)
        return item.get_object();
    }
  }
  return json::object();
}

Result<std::string> SampleWalk::publish() {
  const std::string apis(apis_path);
  GH_TRY(known, find(apis + "?query=name%3APizzaShop&limit=25", "PizzaShop"));
  if (!known.empty()) return text_or(known, "id", "");
  GH_TRY(api, rest("Create the API", "POST", apis, pizza_api(options_.backend), 201));
  std::string id = text_or(api, "id", "");
  GH_TRY(revision, rest("Make a revision of it", "POST", apis + "/" + id + "/revisions",
                        json::object{{"description", "First menu"}}, 201));
  const json::array targets{
      json::object{{"name", "Default"}, {"vhost", "localhost"}, {"displayOnDevportal", true}}};
  GH_TRY(deployed,
         rest("Deploy the revision to the gateway", "POST",
              apis + "/" + id + "/deploy-revision?revisionId=" + text_or(revision, "id", ""),
              targets, 201));
  GH_TRY(published, rest("Publish the API in the developer portal", "POST",
                         apis + "/change-lifecycle?action=Publish&apiId=" + id, nullptr, 200));
  return id;
}

Result<std::string> SampleWalk::application(const std::string& name, const std::string& policy) {
  const std::string applications(applications_path);
  GH_TRY(known, find(applications + "?query=" + name, name));
  if (!known.empty()) return text_or(known, "applicationId", "");
  GH_TRY(made,
         rest("Create an application with the tier " + policy, "POST", applications,
              json::object{{"name", name}, {"throttlingPolicy", policy}, {"tokenType", "OAUTH"}},
              201));
  return text_or(made, "applicationId", "");
}

Result<> SampleWalk::subscribe(const std::string& api, const std::string& application) {
  const std::string subscriptions(subscriptions_path);
  GH_TRY(known, rest("Look at its subscriptions", "GET",
                     subscriptions + "?applicationId=" + application, nullptr, 200));
  if (number_or(known, "count", 0) > 0) return {};
  GH_TRY(made, rest("Subscribe it to the API", "POST", subscriptions,
                    json::object{{"apiId", api},
                                 {"applicationId", application},
                                 {"throttlingPolicy", "Unlimited"}},
                    201));
  return {};
}

Result<std::string> SampleWalk::token(const std::string& application) {
  const std::string base = fmt::format("{}/{}", applications_path, application);
  GH_TRY(known, rest("Look at its keys", "GET", base + "/oauth-keys", nullptr, 200));
  json::object keys;
  if (const json::array* list = array_at(known, "list"); list != nullptr && !list->empty()) {
    keys = list->front().as_object();
    const std::string mapping = text_or(keys, "keyMappingId", "");
    GH_TRY(fresh, rest("Get a fresh consumer secret", "POST",
                       base + "/oauth-keys/" + mapping + "/regenerate-secret", nullptr, 200));
    keys["consumerSecret"] = text_or(fresh, "consumerSecret", "");
  } else {
    GH_TRY(made, rest("Generate its keys", "POST", base + "/generate-keys",
                      json::object{{"keyType", "PRODUCTION"},
                                   {"grantTypesToBeSupported", json::array{"client_credentials"}},
                                   {"validityTime", 3600}},
                      200));
    keys = std::move(made);
  }
  const std::string pair =
      text_or(keys, "consumerKey", "") + ":" + text_or(keys, "consumerSecret", "");
  GH_TRY(token, must({.title = "Get a token for calling APIs",
                      .method = "POST",
                      .path = "/oauth2/token",
                      .body = "grant_type=client_credentials",
                      .content_type = "application/x-www-form-urlencoded",
                      .authorization = "Basic " + to_base64(pair),
                      .shown_credential = "-u " + pair},
                     200));
  return text_or(token, "access_token", "");
}

Result<> SampleWalk::invoke(const std::string& token) {
  GH_TRY(menu, must({.title = "Call the API through the gateway",
                     .path = std::string(menu_path),
                     .authorization = "Bearer " + token,
                     .shown_credential = "-H 'Authorization: Bearer " + token + "'",
                     .to_gateway = true},
                    200));
  if (array_at(menu, "pizzas") == nullptr) {
    return fail(ErrorCode::internal, "The gateway answered something else than the menu");
  }
  return {};
}

Result<> SampleWalk::run() {
  GH_CHECK(sign_in());
  GH_TRY(api, publish());
  GH_TRY(shop, application("PizzaApp", "Unlimited"));
  GH_CHECK(subscribe(api, shop));
  GH_TRY(shop_token, token(shop));
  GH_CHECK(invoke(shop_token));
  GH_TRY(trial, application("PizzaTrial", "10PerMin"));
  GH_CHECK(subscribe(api, trial));
  GH_TRY(trial_token, token(trial));
  out_ << fmt::format(
      "\nThe pizza shop is open. Order from the menu:\n\n"
      "  curl -k -H 'Authorization: Bearer {}' {}{}\n\n"
      "Ten calls a minute are free for PizzaTrial; the eleventh shows 429 and its Retry-After:\n\n"
      "  curl -k -i -H 'Authorization: Bearer {}' '{}{}?[1-11]'\n\n",
      shop_token, options_.gateway, menu_path, trial_token, options_.gateway, menu_path);
  return {};
}

}  // namespace gatehouse::app
