// SPDX-License-Identifier: Apache-2.0
//
// What tests of the REST APIs need: a key manager that knows a few users, calls through a router,
// and bodies compared with files.
//
//   TestKeyManager key_manager;                       // users admin, creator, publisher, ...
//   Router router({...}, key_manager);
//   const TestAnswer answer = ask(router, "creator", "POST /api/…/apis", R"({"name":…})");
//
// Users have the password of their name. Scopes follow roles as in a new server.
//
// Thread:  one.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/text.h"
#include "http/client.h"
#include "rest/router.h"

namespace gatehouse::rest {

class TestKeyManager final : public http::Client {
 public:
  struct User {
    std::string id;
    std::vector<std::string> roles;
  };
  struct Client {
    json::object settings;
    std::string secret;
  };

  TestKeyManager() {
    add_user("admin", {"admin", "Internal/creator", "Internal/publisher", "Internal/subscriber"});
    add_user("creator", {"Internal/creator"});
    add_user("publisher", {"Internal/publisher"});
    add_user("subscriber", {"Internal/subscriber"});
    add_user("other", {"Internal/subscriber"});
  }

  void add_user(const std::string& name, std::vector<std::string> roles) {
    users_[name] = {"user-" + name, std::move(roles)};
  }

  std::map<std::string, Client>& clients() { return clients_; }
  // Domains of other tenants than the first.
  std::map<std::string, model::TenantNumber, std::less<>> tenants;
  // Ids of users of whom the portals have told something.
  std::vector<std::string> changed_users;
  // Clients at other key managers, and what is handed in with each wish.
  std::map<std::string, Client> provider_clients_made;
  std::vector<std::string> registrations;
  // While set, other key managers do not answer, or cannot do it.
  bool providers_away = false;
  bool providers_cannot = false;
  bool providers_give_new_secrets = false;  // with each change
  // While set, nobody answers but to say who a caller is.
  bool away = false;

  Result<http::Response> ask(const http::Request& request, std::chrono::milliseconds) override {
    const json::object body = parse_json_object(request.body).value_or(json::object());
    std::string_view path = request.target;
    path.remove_prefix(std::string_view("/internal/keys/v1").size());
    if (path == "/authenticate") return authenticate(text_or(body, "authorization", ""));
    if (away) return fail(ErrorCode::unavailable, "Nobody answers");
    if (path == "/check-password") return check_password(body);
    if (path == "/user-changed" || path == "/revoke-user") {
      changed_users.push_back(text_or(body, "user_id", ""));
      return status(204);
    }
    if (path == "/provider-keys") return provider_keys(text_or(body, "value", ""));
    if (path == "/provider-metadata") {
      return this->body(200, {{"issuer", "https://idp"}, {"jwks_uri", "https://idp/jwks"}});
    }
    if (path.starts_with("/provider-clients")) {
      return provider_clients(path.substr(std::string_view("/provider-clients").size()), body);
    }
    if (path == "/tenant-changed") return status(204);
    if (path == "/tenant") {
      const std::string domain = text_or(body, "domain", "");
      const auto tenant = tenants.find(domain);
      if (tenant == tenants.end()) return status(404);
      return this->body(200, {{"tenant", tenant->second}, {"tenant_domain", domain}});
    }
    return clients(request.method, path.substr(std::string_view("/clients").size()), body);
  }

  net::Task<Result<http::Response>> send(const http::Request&, std::chrono::milliseconds) override {
    assertion_failed("portals block", __FILE__, __LINE__);
  }

 private:
  static http::Response status(int number) {
    http::Response response;
    response.status = number;
    return response;
  }
  static http::Response body(int number, const json::object& object) {
    return http::make_response(number, "application/json", json::serialize(object));
  }

  std::vector<std::string> scopes_of(const std::vector<std::string>& roles) const {
    static const std::map<std::string, std::vector<std::string>> table{
        {"Internal/creator",
         {"apim:api_view", "apim:api_create", "apim:api_delete", "apim:tier_view"}},
        {"Internal/publisher",
         {"apim:api_view", "apim:api_publish", "apim:subscription_block",
          "apim:subscription_manage"}},
        {"Internal/subscriber",
         {"apim:subscribe", "apim:app_manage", "apim:sub_manage", "apim:api_key"}},
        {"admin",
         {"apim:admin", "apim:tier_manage", "apim:api_manage", "apim:shared_scope_manage"}}};
    std::set<std::string> scopes;
    for (const std::string& role : roles) {
      const auto found = table.find(role);
      if (found != table.end()) scopes.insert(found->second.begin(), found->second.end());
    }
    return {scopes.begin(), scopes.end()};
  }

  http::Response authenticate(std::string_view authorization) const {
    const auto pair = from_base64(authorization.substr(authorization.find(' ') + 1));
    const std::string name = pair ? pair->substr(0, pair->find(':')) : "";
    const auto user = users_.find(name);
    if (user == users_.end() || *pair != name + ":" + name) {
      return body(401, {{"code", 900901}, {"description", "The credentials do not hold"}});
    }
    json::object answer;
    answer["tenant"] = 1;
    answer["tenant_domain"] = "carbon.super";
    answer["user_id"] = user->second.id;
    answer["user"] = name;
    answer["roles"] = to_json(user->second.roles);
    answer["scopes"] = to_json(scopes_of(user->second.roles));
    return body(200, answer);
  }

  http::Response check_password(const json::object& asked) const {
    const auto user = users_.find(text_or(asked, "password", ""));
    const bool right = user != users_.end() && user->second.id == text_or(asked, "user_id", "");
    return body(200, {{"right", right}});
  }

  // By the address: "silent" does not answer, "inside" may not be asked, "broken" has no keys.
  static http::Response provider_keys(const std::string& url) {
    const auto says = [&](std::string_view word) { return url.find(word) != std::string::npos; };
    if (says("silent")) return body(503, {{"code", 503}});
    if (says("inside")) return body(403, {{"code", 403}, {"description", "not allowed"}});
    if (says("broken")) return body(400, {{"code", 400}, {"description", "no keys"}});
    return body(200, {{"key_set", json::object{{"keys", json::array{url}}}}});
  }

  http::Response provider_clients(std::string_view action, const json::object& body) {
    if (providers_away) return this->body(503, {{"code", 503}, {"description", "silent"}});
    if (providers_cannot) return this->body(400, {{"code", 901405}, {"description", "cannot"}});
    registrations.push_back(text_or(body, "registration", ""));
    std::string id = text_or(body, "client_id", "");
    if (action == "/remove") {
      provider_clients_made.erase(id);
      return status(204);
    }
    if (action.empty()) id = "elsewhere-" + std::to_string(++made_);
    const bool new_secret = action != "/update" || providers_give_new_secrets;
    if (new_secret) provider_clients_made[id].secret = "secret-" + std::to_string(++made_);
    provider_clients_made[id].settings = body;
    return this->body(action.empty() ? 201 : 200,
                      {{"client_id", id},
                       {"client_secret", new_secret ? provider_clients_made[id].secret : ""},
                       {"registration", "sealed-" + std::to_string(registrations.size())}});
  }

  http::Response clients(const std::string& method, std::string_view path,
                         const json::object& settings) {
    if (path.empty()) {
      const std::string id = "client-" + std::to_string(++made_);
      clients_[id] = {settings, "secret-" + std::to_string(made_)};
      return body(201, {{"client_id", id}, {"client_secret", clients_[id].secret}});
    }
    const std::string_view rest = path.substr(1);
    const std::string id(rest.substr(0, rest.find('/')));
    const std::string_view action =
        rest.find('/') == rest.npos ? "" : rest.substr(rest.find('/') + 1);
    const auto client = clients_.find(id);
    if (client == clients_.end()) return body(404, {{"code", 900404}});
    if (method == "DELETE") {
      clients_.erase(client);
      return status(204);
    }
    if (method == "PUT") {
      client->second.settings = settings;
      return body(200, {});
    }
    if (action == "regenerate-secret") {
      client->second.secret = "secret-" + std::to_string(++made_);
      return body(200, {{"client_secret", client->second.secret}});
    }
    return body(200, {{"access_token", "token-of-" + id},
                      {"scope", "default"},
                      {"expires_in", number_or(settings, "seconds", 3600)}});
  }

  std::map<std::string, User> users_;
  std::map<std::string, Client> clients_;
  int made_ = 0;
};

struct TestAnswer {
  int status = 0;
  http::Headers headers;
  json::value body;
  std::string text;

  const json::object& object() const {
    if (!body.is_object()) assertion_failed(("no object: " + text).c_str(), __FILE__, __LINE__);
    return body.get_object();
  }
  std::string field(std::string_view name) const { return text_or(object(), name, ""); }
  std::int64_t code() const { return number_or(object(), "code", 0); }
  const json::array& list() const {
    const json::array* found = body.is_array() ? &body.get_array() : array_at(object(), "list");
    if (found == nullptr) assertion_failed(("no list: " + text).c_str(), __FILE__, __LINE__);
    return *found;
  }
};

// `call` is "GET /api/am/…?query"; `user` may be empty: anonymous.
inline TestAnswer ask(http::Handler& handler, const std::string& user, const std::string& call,
                      const std::string& body = "", const std::string& type = "application/json") {
  const std::size_t space = call.find(' ');
  http::Request request = http::make_request(call.substr(0, space), call.substr(space + 1), body,
                                             body.empty() ? "" : type);
  const std::size_t mark = request.target.find('?');
  request.path = percent_decode(request.target.substr(0, mark)).value_or("");
  if (mark != std::string::npos) request.query = request.target.substr(mark + 1);
  if (!user.empty()) {
    request.headers.set("Authorization", "Basic " + to_base64(user + ":" + user));
  }
  const http::Response response = handler.handle(request);
  TestAnswer answer{response.status, response.headers, nullptr, response.body};
  if (!response.body.empty()) {
    answer.body = parse_json(response.body).value_or(json::value(response.body));
  }
  return answer;
}

// JSON as people read it: one member to a line.
inline std::string pretty(const json::value& value, const std::string& indent = "") {
  const std::string deeper = indent + "  ";
  std::string text;
  const auto close = [&](char begin, char end) {
    return text.empty() ? std::string{begin, end} : begin + ("\n" + text) + "\n" + indent + end;
  };
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      text += (text.empty() ? "" : ",\n") + deeper + json::serialize(json::value(member.key())) +
              ": " + pretty(member.value(), deeper);
    }
    return close('{', '}');
  }
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      text += (text.empty() ? "" : ",\n") + deeper + pretty(item, deeper);
    }
    return close('[', ']');
  }
  return json::serialize(value);
}

// What differs between a body and the file tests/golden/rest/<name>.json: nothing, or both as text.
// With GATEHOUSE_WRITE_GOLDEN set, the file is written instead.
inline std::string differs_from_golden(const std::filesystem::path& source, std::string_view name,
                                       const json::value& body) {
  const std::filesystem::path file =
      source / "tests" / "golden" / "rest" / (std::string(name) + ".json");
  if (std::getenv("GATEHOUSE_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << pretty(body) << "\n";
    return "";
  }
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto golden = parse_json(text);
  if (golden && *golden == body) return "";
  return "golden " + file.string() + ":\n" + text + "\nbut the body is:\n" + pretty(body) + "\n";
}

}  // namespace gatehouse::rest
