// SPDX-License-Identifier: Apache-2.0
#include "keymanager/public_endpoints.h"

#include <gmock/gmock.h>

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TestKeyManager& shared() {
  static TestKeyManager server;
  return server;
}

struct PoolCase {
  const char* name;
  const char* path;
  const char* body;
  const char* authorization;
  bool logins;
};

// What may hash a password waits where only its like waits.
TEST(PoolOfLogins, GetsWhoMayHaveToProveAPassword) {
  const PoolCase rows[] = {
      {"password_grant", "/oauth2/token", "grant_type=password&username=a&password=b", "", true},
      {"its_alias", "/oauth2endpoints/token", "password=b&grant_type=password", "", true},
      {"encoded_name", "/oauth2/token", "grant_type=password&username=a&pass%77ord=b", "", true},
      {"encoded_value", "/oauth2/token", "grant_type=client_credentials&scope=a%20b", "", false},
      {"introspection_of_user", "/oauth2/introspect", "token=x", "Basic YWRtaW46Yg==", true},
      {"introspection_of_client", "/oauth2/introspect", "token=x",
       "Basic YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTpi", false},
      {"client_credentials", "/oauth2/token", "grant_type=client_credentials", "Basic YTpi", false},
      {"refresh", "/oauth2/token", "grant_type=refresh_token&refresh_token=x", "", false},
      {"login_page", "/oauth2/authorize", "csrf=x&username=a&password=b", "", true},
      {"consent", "/oauth2/authorize", "csrf=x&consent=approve", "", false},
      {"new_password", "/oauth2/password-reset", "csrf=x&new_password=b", "", true},
      {"registration", "/client-registration/v0.17/register", "{}", "Basic YTpi", true},
      {"registration_by_token", "/oauth2/register", "{}", "Bearer x", false}};
  for (const PoolCase& row : rows) {
    http::Request request = http::make_request("POST", row.path, row.body);
    if (*row.authorization != '\0') request.headers.add("Authorization", row.authorization);
    net::Pool* const pool = shared()->public_handler().pool_of(request);
    EXPECT_EQ(pool, row.logins ? &shared().resources().logins : nullptr) << row.name;
  }
}

struct RouteCase {
  const char* method;
  const char* path;
  int status;
  const char* allow = "";
};

// What exists answers something else than 404 and 405; what does not, exactly that.
TEST(Routes, AreKnownByPathAndVerb) {
  const RouteCase rows[] = {{"POST", "/oauth2/token", 400},
                            {"POST", "/oauth2endpoints/token", 400},
                            {"POST", "/oauth2/revoke", 400},
                            {"POST", "/oauth2/introspect", 400},
                            {"GET", "/oauth2/jwks", 200},
                            {"GET", "/oauth2/userinfo", 401},
                            {"POST", "/oauth2/userinfo", 401},
                            {"POST", "/client-registration/v0.17/register", 401},
                            {"GET", "/.well-known/openid-configuration", 200},
                            {"GET", "/.well-known/oauth-authorization-server/oauth2/token", 200},
                            {"GET", "/oauth2/token", 405, "POST"},
                            {"GET", "/oauth2/authorize", 400},
                            {"POST", "/oauth2/authorize", 400},
                            {"POST", "/oauth2/par", 400},
                            {"GET", "/oauth2/par", 405, "POST"},
                            {"POST", "/oauth2/device_authorize", 400},
                            {"GET", "/oauth2/device", 200},
                            {"GET", "/oauth2/account", 200},
                            {"GET", "/oauth2/password", 200},
                            {"GET", "/oauth2/second-factor", 200},
                            {"GET", "/oauth2/password-reset", 400},
                            {"GET", "/oauth2/submit.js", 200},
                            {"GET", "/oidc/logout", 200},
                            {"PUT", "/oidc/logout", 405, "GET, POST"},
                            {"PUT", "/oauth2/userinfo", 405, "GET, POST"},
                            {"DELETE", "/oauth2/jwks", 405, "GET"},
                            {"GET", "/client-registration/v0.17/register", 405, "POST"},
                            {"GET", "/", 404},
                            {"POST", "/oauth2", 404},
                            {"POST", "/oauth2/", 404},
                            {"POST", "/oauth2/token/", 404},
                            {"POST", "/oauth2/Token", 404},
                            {"POST", "/internal/keys/v1/validate", 404},
                            {"POST", "/oauth2/*", 404}};
  for (const RouteCase& row : rows) {
    const http::Response response =
        shared()->public_handler().handle(http::make_request(row.method, row.path));
    EXPECT_EQ(response.status, row.status) << row.method << ' ' << row.path;
    EXPECT_EQ(response.headers.value_or("Allow", ""), row.allow) << row.path;
  }
}

TEST(Routes, OfTheInsideAreNotThoseOfTheOutside) {
  const RouteCase rows[] = {{"GET", "/internal/keys/v1/validate", 405, "POST"},
                            {"PATCH", "/internal/keys/v1/clients/a", 405, "PUT, DELETE"},
                            {"GET", "/internal/keys/v1/clients/a/token", 405, "POST"},
                            {"POST", "/internal/keys/v1/clients/a/b/token", 404},
                            {"POST", "/internal/keys/v1/clients//token", 404},
                            {"POST", "/internal/keys/v1/clients/unknown/token", 404},
                            {"POST", "/internal/keys/v2/validate", 404},
                            {"POST", "/oauth2/token", 404}};
  for (const RouteCase& row : rows) {
    const http::Response response =
        shared()->internal_handler().handle(http::make_request(row.method, row.path));
    EXPECT_EQ(response.status, row.status) << row.method << ' ' << row.path;
    EXPECT_EQ(response.headers.value_or("Allow", ""), row.allow) << row.path;
  }
}

TEST(Discovery, SaysTheSameEverywhereAndFromMemory) {
  const std::string first = shared().get("/.well-known/openid-configuration").response.body;
  for (const char* path : {"/oauth2/token/.well-known/openid-configuration",
                           "/oauth2/oidcdiscovery/.well-known/openid-configuration",
                           "/.well-known/oauth-authorization-server",
                           "/.well-known/oauth-authorization-server/oauth2/token"}) {
    const auto answer = shared()->public_handler().try_answer(http::make_request("GET", path));
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->body, first) << path;
  }
  EXPECT_TRUE(shared()->public_handler().try_answer(http::make_request("GET", "/oauth2/jwks")));
  EXPECT_FALSE(shared()->public_handler().try_answer(http::make_request("POST", "/oauth2/token")));
}

// Every endpoint that the metadata names exists, and every list has the type of the standard.
TEST(Discovery, PromisesOnlyWhatIsThere) {
  const json::object metadata = shared().get("/.well-known/openid-configuration").body;
  EXPECT_EQ(metadata.at("issuer").as_string(), "https://localhost:9443/oauth2/token");
  for (const auto& [name, value] : metadata) {
    if (value.is_array()) {
      for (const json::value& entry : value.get_array()) EXPECT_TRUE(entry.is_string()) << name;
      continue;
    }
    if (value.is_bool()) continue;
    const std::string url(value.as_string());
    ASSERT_TRUE(url.starts_with("https://localhost:9443/")) << name;
    if (name == "issuer") continue;
    const http::Response response =
        shared()->public_handler().handle(http::make_request("OPTIONS", url.substr(22)));
    EXPECT_EQ(response.status, 405) << url;
  }
}

TEST(KeySet, HasNoPrivatePart) {
  const json::object set = shared().get("/oauth2/jwks").body;
  ASSERT_EQ(set.at("keys").as_array().size(), 2U);
  for (const json::value& key : set.at("keys").as_array()) {
    EXPECT_FALSE(key.as_object().contains("d"));
  }
}

TEST(Introspection, TellsClientsAndAdministrators) {
  shared().add_user("judy", {"Internal/subscriber"});
  const std::string client = shared().client();
  const auto issued = shared().token(
      "grant_type=password&username=admin&password=admin-password&scope=apim:admin", client);
  const std::string body = "token=" + text_or(issued.body, "access_token", "");
  for (const std::string& caller : {client, shared().client(), std::string("admin:admin-password"),
                                    std::string("admin@carbon.super:admin-password")}) {
    const auto answer = shared().form("/oauth2/introspect", body, caller);
    ASSERT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_TRUE(flag_or(answer.body, "active", false));
    EXPECT_EQ(text_or(answer.body, "scope", ""), "apim:admin");
    EXPECT_EQ(text_or(answer.body, "username", ""), "admin");
    EXPECT_EQ(text_or(answer.body, "client_id", ""), client.substr(0, client.find(':')));
    EXPECT_EQ(number_or(answer.body, "exp", 0) - number_or(answer.body, "iat", 0), 3600);
  }
  for (const char* caller : {"", "judy:password-of-judy", "admin:wrong", "nobody:x"}) {
    const auto answer = shared().form("/oauth2/introspect", body, caller);
    EXPECT_EQ(answer.status, 401) << caller;
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_client");
  }
  const std::string refresh = "token=" + text_or(issued.body, "refresh_token", "");
  for (const std::string& dead : {refresh, std::string("token=x")}) {
    EXPECT_EQ(shared().form("/oauth2/introspect", dead, client).response.body,
              R"({"active":false})");
  }
  EXPECT_EQ(shared().form("/oauth2/introspect", "", client).status, 400);
}

TEST(UserInfo, IsSignedForTheClientThatWantsIt) {
  TestKeyManager server;
  const std::string client = server.client();
  const std::string id = client.substr(0, client.find(':'));
  server.describe(client, {{"userinfo_signed_response_alg", "EdDSA"}});
  const auto tokens = server.token(
      "grant_type=password&username=admin&password=admin-password&scope=openid", client);
  const auto told =
      server.get("/oauth2/userinfo", "Bearer " + text_or(tokens.body, "access_token", ""));
  ASSERT_EQ(told.status, 200) << told.response.body;
  EXPECT_EQ(told.response.headers.value_or("Content-Type", ""), "application/jwt");
  const Result<jose::Jwt> jwt =
      jose::verify(told.response.body, server->signing_keys().current()->published);
  ASSERT_TRUE(jwt);
  EXPECT_EQ(jose::unverified_key_name(told.response.body)->algorithm, jose::Algorithm::eddsa);
  EXPECT_EQ(text_or(jwt->claims, "sub", ""), server.user_id("admin"));
  EXPECT_EQ(text_or(jwt->claims, "aud", ""), id);
  EXPECT_EQ(text_or(jwt->claims, "iss", ""), "https://localhost:9443/oauth2/token");
}

TEST(UserInfo, NeedsAUsersTokenWithOpenid) {
  const std::string client = shared().client();
  const auto token_of = [&](const std::string& body) {
    return "Bearer " + text_or(shared().token(body, client).body, "access_token", "");
  };
  const std::string login = "grant_type=password&username=admin&password=admin-password";
  const auto full = shared().get("/oauth2/userinfo", token_of(login + "&scope=openid+profile"));
  EXPECT_EQ(full.status, 200);
  EXPECT_EQ(full.body, (json::object{{"sub", shared().user_id("admin")},
                                     {"preferred_username", "admin"},
                                     {"updated_at", to_ms(shared().clock().now()) / 1000}}));

  const auto none = shared().get("/oauth2/userinfo");
  EXPECT_EQ(none.status, 401);
  EXPECT_THAT(std::string(none.response.headers.value_or("WWW-Authenticate", "")),
              Not(HasSubstr("error")));
  const auto wrong = shared().get("/oauth2/userinfo", "Bearer x");
  EXPECT_THAT(std::string(wrong.response.headers.value_or("WWW-Authenticate", "")),
              HasSubstr(R"(error="invalid_token")"));
  EXPECT_EQ(shared().get("/oauth2/userinfo", token_of("grant_type=client_credentials")).status,
            401);
  const auto narrow = shared().get("/oauth2/userinfo", token_of(login));
  EXPECT_EQ(narrow.status, 403);
  EXPECT_EQ(text_or(narrow.body, "error", ""), "insufficient_scope");
}

}  // namespace
}  // namespace gatehouse::keymanager
