// SPDX-License-Identifier: Apache-2.0
#include "keymanager/id_tokens.h"

#include <gmock/gmock.h>

#include "core/text.h"
#include "keymanager/access_claims.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::ElementsAre;

constexpr const char* login =
    "grant_type=password&username=admin&password=admin-password&scope=openid";

jose::Jwt verified(TestKeyManager& server, const std::string& token) {
  const jose::KeySet keys = *jose::KeySet::from_json(server.get("/oauth2/jwks").body);
  const Result<jose::Jwt> jwt = jose::verify(token, keys);
  EXPECT_TRUE(jwt) << (jwt ? "" : jwt.error().detail);
  return jwt ? *jwt : jose::Jwt{};
}

json::object header_of(const std::string& token) {
  return *parse_json_object(*from_base64url(split(token, '.')[0]));
}

TEST(IdToken, SaysWhoLoggedInAndHow) {
  TestKeyManager server;
  const std::string client = server.client();
  const std::string client_id = client.substr(0, client.find(':'));
  const auto answer = server.token(login, client);
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  const std::string token = text_or(answer.body, "id_token", "");
  const jose::Jwt jwt = verified(server, token);
  const std::int64_t now = to_ms(server.clock().now()) / 1000;
  const jose::Algorithm algorithm = jose::Algorithm::es256;
  EXPECT_EQ(header_of(token).at("alg"), "ES256");  // this server has no RS256 key
  EXPECT_EQ(jwt.claims,
            (json::object{{"iss", "https://localhost:9443/oauth2/token"},
                          {"sub", server.user_id("admin")},
                          {"aud", client_id},
                          {"azp", client_id},
                          {"exp", now + 3600},
                          {"iat", now},
                          {"auth_time", now},
                          {"acr", "1"},
                          {"amr", {"pwd"}},
                          {"at_hash",
                           jose::half_hash(algorithm, text_or(answer.body, "access_token", ""))}}));
}

TEST(IdToken, IsMadeForOpenidAndUsersOnly) {
  TestKeyManager server;
  const std::string client = server.client();
  const auto has = [&](const std::string& body) {
    return server.token(body, client).body.contains("id_token");
  };
  EXPECT_TRUE(has(login));
  EXPECT_FALSE(has("grant_type=password&username=admin&password=admin-password"));
  EXPECT_FALSE(has("grant_type=password&username=admin&password=admin-password&scope=profile"));
  EXPECT_FALSE(has("grant_type=client_credentials&scope=openid"));
}

TEST(IdToken, AfterARefreshKeepsTheTimeOfTheLogin) {
  TestKeyManager server;
  const std::string client = server.client();
  const auto first = server.token(login, client);
  const std::int64_t then = to_ms(server.clock().now()) / 1000;
  server.clock().advance(std::chrono::minutes(30));
  const auto second = server.token(
      "grant_type=refresh_token&refresh_token=" + text_or(first.body, "refresh_token", ""), client);
  const jose::Jwt jwt = verified(server, text_or(second.body, "id_token", ""));
  EXPECT_EQ(jwt.claims.at("auth_time").as_int64(), then);
  EXPECT_EQ(jwt.claims.at("iat").as_int64(), then + 1800);
  EXPECT_EQ(text_or(jwt.claims, "at_hash", ""),
            jose::half_hash(jose::Algorithm::es256, text_or(second.body, "access_token", "")));
  EXPECT_FALSE(jwt.claims.contains("nonce"));
}

TEST(IdToken, IsSignedAndLivesAsTheClientRegistered) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  server.describe(client, {{"id_token_signed_response_alg", "EdDSA"},
                           {"access_token_signed_response_alg", "EdDSA"},
                           {"id_token_expiry_time", 60}});
  const auto answer = server.token(login, client);
  const std::string token = text_or(answer.body, "id_token", "");
  const jose::Jwt jwt = verified(server, token);
  EXPECT_EQ(header_of(token).at("alg"), "EdDSA");
  EXPECT_EQ(jwt.claims.at("exp").as_int64() - jwt.claims.at("iat").as_int64(), 60);
  const std::string access = text_or(answer.body, "access_token", "");
  EXPECT_EQ(header_of(access).at("alg"), "EdDSA");
  EXPECT_TRUE(server.validate(access).active);
  EXPECT_EQ(verified(server, access).claims.at("auth_time"), jwt.claims.at("auth_time"));
}

TEST(IdToken, MayBeSignedWithPs256) {
  Options options = quick_options();
  options.signing_algorithms = {jose::Algorithm::ps256};
  TestKeyManager server(options);
  const auto answer = server.token(login, server.client("JWT"));
  for (const char* name : {"id_token", "access_token"}) {
    const std::string token = text_or(answer.body, name, "");
    EXPECT_EQ(header_of(token).at("alg"), "PS256");
    verified(server, token);
  }
  server.restart();
  EXPECT_TRUE(server.validate(text_or(answer.body, "access_token", "")).active);
}

// With what the authorization code grant has beside a login: a nonce, a code and a session.
TEST(IdToken, CarriesNonceCodeAndSession) {
  TestKeyManager server;
  storage::Client client;
  client.client_id = "c";
  TokenAlgorithms algorithms(server.resources(), quick_options().signing_algorithms);
  const IdTokens tokens(server->signing_keys(), algorithms, server.clock(), "https://us");
  const SignOn sign_on{
      .at = server.clock().now(), .acr = "2", .amr = {"pwd", "otp"}, .nonce = "n-0S6_WzA2Mj"};
  const Result<std::string> token = tokens.issue({.client = client,
                                                  .user_id = "u",
                                                  .sign_on = sign_on,
                                                  .session = "s",
                                                  .access_token = "",
                                                  .code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZ"});
  ASSERT_TRUE(token);
  const json::object claims = verified(server, *token).claims;
  EXPECT_EQ(claims.at("nonce"), "n-0S6_WzA2Mj");
  EXPECT_EQ(claims.at("sid"), "s");
  EXPECT_EQ(claims.at("acr"), "2");
  EXPECT_EQ(text_or(claims, "c_hash", ""),
            jose::half_hash(jose::Algorithm::es256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZ"));
  EXPECT_FALSE(claims.contains("at_hash"));
}

// An ID token is signed with the keys of access tokens and must open nothing.
TEST(IdToken, IsNoAccessToken) {
  TestKeyManager server;
  const std::string token = text_or(server.token(login, server.client()).body, "id_token", "");
  EXPECT_FALSE(server.validate(token).active);
  EXPECT_EQ(server.get("/oauth2/userinfo", "Bearer " + token).status, 401);
}

struct ResourceCase {
  const char* name;
  const char* asked;
  const char* error;  // empty: taken
  std::vector<std::string> audiences{};
};

class Resource : public ::testing::TestWithParam<ResourceCase> {};

TEST_P(Resource, BecomesTheAudienceOrIsRefused) {
  static TestKeyManager server;
  for (const char* type : {"JWT", "OAUTH"}) {
    const auto answer = server.token(
        std::string("grant_type=client_credentials") + GetParam().asked, server.client(type));
    EXPECT_EQ(text_or(answer.body, "error", ""), GetParam().error) << answer.response.body;
    if (answer.status != 200) continue;
    EXPECT_EQ(server.validate(text_or(answer.body, "access_token", "")).audiences,
              GetParam().audiences)
        << type;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc8707, Resource,
    ::testing::Values(
        ResourceCase{"none", "", ""},
        ResourceCase{"one",
                     "&resource=https://api.example.com/orders",
                     "",
                     {"https://api.example.com/orders"}},
        ResourceCase{"two",
                     "&resource=https://a.example&resource=urn:b",
                     "",
                     {"https://a.example", "urn:b"}},
        ResourceCase{"the_same_twice", "&resource=urn:b&resource=urn:b", "", {"urn:b"}},
        ResourceCase{
            "with_query", "&resource=https://a.example/?x=1", "", {"https://a.example/?x=1"}},
        ResourceCase{"fragment", "&resource=https://a.example/%23x", "invalid_target"},
        ResourceCase{"relative", "&resource=/orders", "invalid_target"},
        ResourceCase{"no_scheme", "&resource=api.example.com", "invalid_target"},
        ResourceCase{"scheme_alone", "&resource=https:", "invalid_target"},
        ResourceCase{"bad_scheme", "&resource=1a:b", "invalid_target"},
        ResourceCase{"space", "&resource=urn:a+b", "invalid_target"},
        ResourceCase{"one_good_one_bad", "&resource=urn:a&resource=b", "invalid_target"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Resource, OfARefreshIsAmongThoseOfTheGrant) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const std::string both = "&resource=urn:a&resource=urn:b";
  auto answer = server.token(login + both, client);
  const auto refresh = [&](const std::string& more) {
    return server.token("grant_type=refresh_token&refresh_token=" +
                            text_or(answer.body, "refresh_token", "") + more,
                        client);
  };
  const auto audiences = [&] {
    return server.validate(text_or(answer.body, "access_token", "")).audiences;
  };
  EXPECT_THAT(audiences(), ElementsAre("urn:a", "urn:b"));
  answer = refresh("&resource=urn:b");
  EXPECT_THAT(audiences(), ElementsAre("urn:b"));
  answer = refresh("");
  EXPECT_THAT(audiences(), ElementsAre("urn:a", "urn:b"));
  answer = refresh("&resource=urn:c");
  EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_target");
}

}  // namespace
}  // namespace gatehouse::keymanager
