// SPDX-License-Identifier: Apache-2.0
#include "keymanager/dynamic_registration_endpoint.h"

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

class DynamicRegistration : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    json::object body;
    http::Response response;
    std::string text(std::string_view name) const { return text_or(body, name, ""); }
  };

  Answer ask(const std::string& method, const std::string& path, const json::object& body,
             const std::string& authorization) {
    http::Request request =
        http::make_request(method, path, json::serialize(body), "application/json");
    if (!authorization.empty()) request.headers.add("Authorization", authorization);
    http::Response response = server_->public_handler().handle(request);
    Answer answer{response.status, {}, response};
    if (auto object = parse_json_object(response.body)) answer.body = *std::move(object);
    return answer;
  }
  static std::string basic(const std::string& pair) { return "Basic " + to_base64(pair); }
  std::string admin() { return basic("admin:" + std::string(admin_password)); }
  Answer create(const json::object& body) { return ask("POST", "/oauth2/register", body, admin()); }
  static json::object shop() {
    return {{"client_name", "Shop"},
            {"redirect_uris", {"https://shop.example/back"}},
            {"grant_types", {"authorization_code", "client_credentials"}},
            {"contacts", {"ann@example.org"}},
            {"tos_uri", "https://shop.example/tos"},
            {"favourite_colour", "green"}};
  }
  static std::string path_of(const Answer& created) {
    const std::string uri = created.text("registration_client_uri");
    return uri.substr(uri.find("/oauth2/"));
  }
  static std::string own(const Answer& created) {
    return "Bearer " + created.text("registration_access_token");
  }

  TestKeyManager server_;
};

TEST_F(DynamicRegistration, GivesAClientThatWorks) {
  const Answer made = create(shop());
  ASSERT_EQ(made.status, 201) << made.response.body;
  EXPECT_EQ(made.response.headers.value_or("Cache-Control", ""), "no-store");
  EXPECT_EQ(number_or(made.body, "client_secret_expires_at", -1), 0);
  EXPECT_GT(number_or(made.body, "client_id_issued_at", 0), 0);
  EXPECT_EQ(texts_of(made.body, "contacts"), std::vector<std::string>{"ann@example.org"});
  EXPECT_FALSE(made.body.contains("favourite_colour"));
  EXPECT_FALSE(made.body.contains("registration_token_hash"));
  const std::string pair = made.text("client_id") + ":" + made.text("client_secret");
  EXPECT_EQ(server_.token("grant_type=client_credentials", pair).status, 200);
}

// Every member that the standards name comes back as it was sent.
TEST_F(DynamicRegistration, KeepsAllThatItTakes) {
  const auto key = jose::PrivateKey::generate(jose::Algorithm::es256);
  const json::object sent{{"redirect_uris", {"https://shop.example/back"}},
                          {"token_endpoint_auth_method", "private_key_jwt"},
                          {"token_endpoint_auth_signing_alg", "ES256"},
                          {"grant_types", {"authorization_code", "refresh_token"}},
                          {"response_types", {"code"}},
                          {"client_name", "Shop"},
                          {"client_name#fr", "Boutique"},
                          {"client_uri", "https://shop.example/"},
                          {"logo_uri", "https://shop.example/logo.png"},
                          {"scope", "openid email"},
                          {"contacts", {"ann@example.org"}},
                          {"tos_uri", "https://shop.example/tos"},
                          {"policy_uri", "https://shop.example/privacy"},
                          {"jwks", json::object{{"keys", json::array{key->public_key().to_jwk()}}}},
                          {"software_id", "4NRB1-0XZABZI9E6-5SM3R"},
                          {"software_version", "2.1"},
                          {"application_type", "web"},
                          {"subject_type", "public"},
                          {"id_token_signed_response_alg", "ES256"},
                          {"userinfo_signed_response_alg", "EdDSA"},
                          {"access_token_signed_response_alg", "ES256"},
                          {"default_max_age", 60},
                          {"require_auth_time", true},
                          {"default_acr_values", {"2"}},
                          {"initiate_login_uri", "https://shop.example/login"},
                          {"post_logout_redirect_uris", {"https://shop.example/bye"}},
                          {"tls_client_certificate_bound_access_tokens", false},
                          {"require_pushed_authorization_requests", true},
                          {"dpop_bound_access_tokens", true}};
  const Answer made = create(sent);
  ASSERT_EQ(made.status, 201) << made.response.body;
  const Answer read = ask("GET", path_of(made), {}, own(made));
  // RFC 7592: what is sent again is what there is.
  json::object again = sent;
  again["client_id"] = made.text("client_id");
  const Answer replaced = ask("PUT", path_of(made), again, own(made));
  ASSERT_EQ(replaced.status, 200) << replaced.response.body;
  for (const Answer* answer : {&made, &read, &replaced}) {
    for (const auto& [name, value] : sent) EXPECT_EQ(answer->body.at(name), value) << name;
  }
  // What is left out is gone.
  again.erase("default_max_age");
  EXPECT_FALSE(ask("PUT", path_of(made), again, own(made)).body.contains("default_max_age"));
  again["id_token_encrypted_response_alg"] = "RSA-OAEP";
  EXPECT_EQ(ask("PUT", path_of(made), again, own(made)).text("error"), "invalid_client_metadata");
}

TEST_F(DynamicRegistration, OffersTheAlgorithmsThatTheServerHas) {
  for (const char* algorithm : {"ES256", "EdDSA", "RS256", "PS256", "HS256", "none"}) {
    json::object wanted = shop();
    wanted["id_token_signed_response_alg"] = algorithm;
    const bool there = std::string_view(algorithm).starts_with("E");  // quick_options
    EXPECT_EQ(create(wanted).status, there ? 201 : 400) << algorithm;
  }
}

TEST_F(DynamicRegistration, GivesAPublicClientNoSecret) {
  const Answer made =
      create({{"redirect_uris", {"com.example.app:/cb"}}, {"token_endpoint_auth_method", "none"}});
  ASSERT_EQ(made.status, 201) << made.response.body;
  EXPECT_FALSE(made.body.contains("client_secret"));
  EXPECT_FALSE(made.body.contains("client_secret_expires_at"));
  EXPECT_EQ(server_.internal("GET", "clients/" + made.text("client_id") + "/secrets", {})
                .body.at("list")
                .as_array()
                .size(),
            0U);
  EXPECT_EQ(server_.internal("POST", "clients/" + made.text("client_id") + "/secrets", {}).status,
            409);
}

TEST_F(DynamicRegistration, IsForAdministrators) {
  server_.add_user("susan", {"Internal/subscriber"});
  const std::string client = server_.client("OAUTH", {"password"});
  const auto token = [&](const std::string& user, const std::string& password,
                         const std::string& scope) {
    return "Bearer " + text_or(server_
                                   .token("grant_type=password&username=" + user +
                                              "&password=" + password + "&scope=" + scope,
                                          client)
                                   .body,
                               "access_token", "");
  };
  struct Case {
    std::string authorization;
    int status;
    const char* error;
  };
  const std::string secret(admin_password);
  const Case cases[] = {
      {"", 401, "invalid_token"},
      {basic("admin:wrong"), 401, "invalid_token"},
      {"Bearer x", 401, "invalid_token"},
      {"Digest x", 401, "invalid_token"},
      {basic("susan:password-of-susan"), 403, "insufficient_scope"},
      {token("susan", "password-of-susan", "apim:admin"), 403, "insufficient_scope"},
      {token("admin", secret, "apim:subscribe"), 403, "insufficient_scope"},
      {token("admin", secret, "apim:admin"), 201, ""},
      {admin(), 201, ""}};
  for (const Case& row : cases) {
    const Answer answer = ask("POST", "/oauth2/register", shop(), row.authorization);
    EXPECT_EQ(answer.status, row.status) << row.authorization << answer.response.body;
    EXPECT_EQ(answer.text("error"), row.error) << row.authorization;
  }
}

TEST_F(DynamicRegistration, LetsAClientReadAndChangeItself) {
  const Answer made = create(shop());
  const std::string path = path_of(made);
  const Answer read = ask("GET", path, {}, own(made));
  ASSERT_EQ(read.status, 200) << read.response.body;
  EXPECT_EQ(read.text("client_name"), "Shop");
  EXPECT_EQ(read.text("registration_access_token"), made.text("registration_access_token"));
  EXPECT_FALSE(read.body.contains("client_secret"));

  json::object changed{{"client_id", made.text("client_id")},
                       {"client_name", "Bakery"},
                       {"redirect_uris", {"https://bakery.example/"}},
                       {"client_secret", made.text("client_secret")}};
  const Answer updated = ask("PUT", path, changed, own(made));
  ASSERT_EQ(updated.status, 200) << updated.response.body;
  EXPECT_EQ(updated.text("client_name"), "Bakery");
  EXPECT_EQ(texts_of(updated.body, "redirect_uris"),
            std::vector<std::string>{"https://bakery.example/"});
  // What was left out is gone.
  EXPECT_FALSE(updated.body.contains("contacts"));
  EXPECT_EQ(texts_of(updated.body, "grant_types"), std::vector<std::string>{"authorization_code"});
  EXPECT_EQ(ask("GET", path, {}, own(made)).text("client_name"), "Bakery");
}

TEST_F(DynamicRegistration, RefusesAChangeThatIsNotTheClientsToMake) {
  const Answer made = create(shop());
  const auto change = [&](const json::object& over) {
    json::object body = shop();
    body["client_id"] = made.text("client_id");
    for (const auto& member : over) body[member.key()] = member.value();
    return ask("PUT", path_of(made), body, own(made));
  };
  EXPECT_EQ(change({}).status, 200);
  const json::object wrong[] = {
      {{"client_id", "another"}},
      {{"client_secret", "wrong"}},
      {{"registration_access_token", "mine"}},
      {{"registration_client_uri", "https://a.example/"}},
      {{"client_id_issued_at", 7}},
      {{"client_secret_expires_at", 7}},
      {{"token_endpoint_auth_method", "none"}, {"grant_types", {"authorization_code"}}}};
  for (const json::object& over : wrong) {
    const Answer answer = change(over);
    EXPECT_EQ(answer.status, 400) << json::serialize(over);
    EXPECT_EQ(answer.text("error"), "invalid_client_metadata") << json::serialize(over);
  }
  EXPECT_EQ(change({{"redirect_uris", {"http://a.example/"}}}).text("error"),
            "invalid_redirect_uri");
}

TEST_F(DynamicRegistration, TellsNobodyElseOfAClient) {
  const Answer one = create(shop());
  const Answer two = create(shop());
  for (const std::string& authorization :
       {std::string(), admin(), own(two), std::string("Bearer x")}) {
    const Answer answer = ask("GET", path_of(one), {}, authorization);
    EXPECT_EQ(answer.status, 401) << authorization;
    EXPECT_EQ(answer.text("error"), "invalid_token");
  }
  EXPECT_EQ(ask("GET", "/oauth2/register/nobody", {}, own(one)).status, 401);
  // A client of the portal has no such token.
  const std::string portal = server_.client();
  const std::string id = portal.substr(0, portal.find(':'));
  EXPECT_EQ(ask("GET", "/oauth2/register/" + id, {}, "Bearer ").status, 401);
}

TEST_F(DynamicRegistration, RemovesAClientWithItsTokens) {
  const Answer made = create(shop());
  const std::string pair = made.text("client_id") + ":" + made.text("client_secret");
  const std::string token =
      text_or(server_.token("grant_type=client_credentials", pair).body, "access_token", "");
  EXPECT_TRUE(server_.validate(token).active);
  EXPECT_EQ(ask("DELETE", path_of(made), {}, own(made)).status, 204);
  EXPECT_FALSE(server_.validate(token).active);
  EXPECT_EQ(ask("GET", path_of(made), {}, own(made)).status, 401);
  EXPECT_EQ(server_.token("grant_type=client_credentials", pair).status, 401);
}

}  // namespace
}  // namespace gatehouse::keymanager
