// SPDX-License-Identifier: Apache-2.0
#include "keymanager/possession.h"

#include <gmock/gmock.h>

#include "jose/test_attacks.h"
#include "keymanager/test_key_manager.h"
#include "keymanager/test_proofs.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::HasSubstr;
using Fields = TestKeyManager::Fields;

constexpr const char* login =
    "grant_type=password&username=admin&password=admin-password&scope=openid";

const jose::PrivateKey& key() {
  static const jose::PrivateKey made = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return made;
}
const jose::PrivateKey& other_key() {
  static const jose::PrivateKey made = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return made;
}

class Dpop : public ::testing::Test {
 protected:
  std::string proof(const jose::PrivateKey& by, ProofRequest request = {}) {
    request.jti = std::to_string(++number_);
    request.at = server_.clock().now();
    return dpop_proof(by, request);
  }
  Fields with(const std::string& basic, const std::string& proof) {
    Fields fields{{"DPoP", proof}};
    if (!basic.empty()) fields.emplace_back("Authorization", "Basic " + to_base64(basic));
    return fields;
  }
  TestKeyManager::Answer token(const std::string& form, const std::string& basic,
                               const jose::PrivateKey& by) {
    return server_.post("/oauth2/token", form, with(basic, proof(by)));
  }
  TestKeyManager::Answer user_info(const std::string& authorization, const std::string& proof) {
    http::Request request = http::make_request("GET", "/oauth2/userinfo");
    request.headers.add("Authorization", authorization);
    if (!proof.empty()) request.headers.add("DPoP", proof);
    http::Response response = server_->public_handler().handle(request);
    return {response.status, *parse_json_object(response.body), response};
  }
  ProofRequest for_user_info(const std::string& token) {
    return {
        .method = "GET", .url = "https://localhost:9443/oauth2/userinfo", .access_token = token};
  }

  TestKeyManager server_;
  std::string client_ = server_.client();
  int number_ = 0;
};

TEST_F(Dpop, BindsTheTokenToTheKey) {
  for (const char* type : {"OAUTH", "JWT"}) {
    const std::string client = server_.client(type);
    const auto answer = token(login, client, key());
    ASSERT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_EQ(text_or(answer.body, "token_type", ""), "DPoP");
    const std::string access = text_or(answer.body, "access_token", "");
    const std::string thumbprint = key().public_key().thumbprint();
    EXPECT_EQ(server_.validate(access).key_thumbprint, thumbprint);
    const auto told = server_.form("/oauth2/introspect", "token=" + access, client);
    EXPECT_EQ(text_or(told.body, "token_type", ""), "DPoP");
    EXPECT_EQ(told.body.at("cnf"), (json::object{{"jkt", thumbprint}}));
  }
}

TEST_F(Dpop, IsShownAtUserInfo) {
  const std::string access = text_or(token(login, client_, key()).body, "access_token", "");
  const ProofRequest good = for_user_info(access);
  EXPECT_EQ(user_info("DPoP " + access, proof(key(), good)).status, 200);

  const auto as_bearer = user_info("Bearer " + access, "");
  EXPECT_EQ(as_bearer.status, 401);
  EXPECT_EQ(text_or(as_bearer.body, "error", ""), "invalid_token");
  EXPECT_EQ(user_info("Bearer " + access, proof(key(), good)).status, 401);
  EXPECT_EQ(user_info("DPoP " + access, "").status, 401);
  EXPECT_EQ(user_info("DPoP " + access, proof(other_key(), good)).status, 401);

  const auto without_token =
      user_info("DPoP " + access, proof(key(), {.method = "GET", .url = good.url}));
  EXPECT_EQ(without_token.status, 401);
  EXPECT_EQ(text_or(without_token.body, "error", ""), "invalid_dpop_proof");
  EXPECT_THAT(
      std::string(without_token.response.headers.value_or("WWW-Authenticate", "")),
      HasSubstr(
          R"(DPoP realm="gatehouse", algs="RS256 PS256 ES256 EdDSA", error="invalid_dpop_proof")"));

  // A token without a key gains nothing by a proof.
  const std::string plain = text_or(server_.token(login, client_).body, "access_token", "");
  EXPECT_EQ(user_info("DPoP " + plain, proof(key(), for_user_info(plain))).status, 401);
  EXPECT_EQ(user_info("Bearer " + plain, "").status, 200);
}

TEST_F(Dpop, ProofIsTakenOnceAndForThisEndpoint) {
  const Fields once = with(client_, proof(key()));
  EXPECT_EQ(server_.post("/oauth2/token", login, once).status, 200);
  const auto again = server_.post("/oauth2/token", login, once);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(text_or(again.body, "error", ""), "invalid_dpop_proof");
  Fields twice = with(client_, proof(key()));
  twice.emplace_back("DPoP", proof(key()));
  EXPECT_EQ(server_.post("/oauth2/token", login, twice).status, 400);
  const Fields elsewhere =
      with(client_, proof(key(), {.url = "https://localhost:9443/oauth2/introspect"}));
  EXPECT_EQ(server_.post("/oauth2/token", login, elsewhere).status, 400);
  const Fields old = with(client_, proof(key()));
  server_.clock().advance(std::chrono::seconds(61));
  EXPECT_EQ(server_.post("/oauth2/token", login, old).status, 400);
}

TEST_F(Dpop, ProofHoldsForNothingWhenSpoiled) {
  const jose::HonestToken honest{key(),
                                 {{"typ", "dpop+jwt"}, {"jwk", key().public_key().to_jwk()}},
                                 {{"jti", "spoiled"},
                                  {"htm", "POST"},
                                  {"htu", "https://localhost:9443/oauth2/token"},
                                  {"iat", to_ms(server_.clock().now()) / 1000}},
                                 {"iat"}};
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    const auto answer = server_.post("/oauth2/token", login, with(client_, spoiled.text));
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_dpop_proof") << spoiled.name;
  }
  const auto answer =
      server_.post("/oauth2/token", login, with(client_, jose::honest_text(honest)));
  EXPECT_EQ(text_or(answer.body, "token_type", ""), "DPoP");
}

TEST_F(Dpop, RefreshOfAPublicClientNeedsTheSameKey) {
  server_.describe(client_, {{"token_endpoint_auth_method", "none"}});
  const std::string id = "&client_id=" + client_.substr(0, client_.find(':'));
  const auto first = token(login + id, "", key());
  ASSERT_EQ(first.status, 200) << first.response.body;
  const std::string refresh =
      "grant_type=refresh_token&refresh_token=" + text_or(first.body, "refresh_token", "") + id;
  EXPECT_EQ(text_or(token(refresh, "", other_key()).body, "error", ""), "invalid_grant");
  EXPECT_EQ(text_or(server_.token(refresh, "").body, "error", ""), "invalid_grant");
  const auto second = token(refresh, "", key());
  EXPECT_EQ(second.status, 200) << second.response.body;
  EXPECT_EQ(text_or(second.body, "token_type", ""), "DPoP");
}

TEST_F(Dpop, RefreshOfAConfidentialClientMayChangeTheKey) {
  const auto first = token(login, client_, key());
  const auto second =
      token("grant_type=refresh_token&refresh_token=" + text_or(first.body, "refresh_token", ""),
            client_, other_key());
  EXPECT_EQ(second.status, 200) << second.response.body;
  EXPECT_EQ(server_.validate(text_or(second.body, "access_token", "")).key_thumbprint,
            other_key().public_key().thumbprint());
}

TEST_F(Dpop, IsWantedFromClientsThatRegisteredIt) {
  server_.describe(client_, {{"dpop_bound_access_tokens", true}});
  EXPECT_EQ(text_or(server_.token(login, client_).body, "error", ""), "invalid_dpop_proof");
  EXPECT_EQ(token(login, client_, key()).status, 200);
}

// The REST APIs see the header alone, so a bound token must not pass for a bearer's.
TEST_F(Dpop, TokenOpensNoRestApi) {
  const auto authenticate = [&](const std::string& token) {
    return server_.internal("POST", "authenticate", {{"authorization", "Bearer " + token}});
  };
  const std::string bound = text_or(token(login, client_, key()).body, "access_token", "");
  EXPECT_EQ(number_or(authenticate(bound).body, "code", 0), 900901);
  const auto asked_for = [&](const std::string& resource) {
    const auto answer = server_.token(std::string(login) + "&resource=" + resource, client_);
    return authenticate(text_or(answer.body, "access_token", "")).status;
  };
  EXPECT_EQ(asked_for("https://localhost:9443"), 200);
  EXPECT_EQ(asked_for("https://localhost:9443/api/am/publisher"), 200);
  EXPECT_EQ(asked_for("https://localhost:94433"), 401);
  EXPECT_EQ(asked_for("urn:other"), 401);
}

TEST(DpopNonces, AreWantedWhenConfigured) {
  Options options = quick_options();
  options.dpop_nonce = DpopNonce::required;
  TestKeyManager server(options);
  const std::string client = server.client();
  int number = 0;
  const auto ask = [&](const std::string& nonce) {
    const std::string proof = dpop_proof(
        key(), {.jti = std::to_string(++number), .at = server.clock().now(), .nonce = nonce});
    return server.post("/oauth2/token", login,
                       {{"DPoP", proof}, {"Authorization", "Basic " + to_base64(client)}});
  };
  const auto refused = ask("");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(text_or(refused.body, "error", ""), "use_dpop_nonce");
  const std::string nonce(refused.response.headers.value_or("DPoP-Nonce", ""));
  ASSERT_FALSE(nonce.empty());
  const auto taken = ask(nonce);
  EXPECT_EQ(taken.status, 200) << taken.response.body;
  EXPECT_FALSE(taken.response.headers.value_or("DPoP-Nonce", "").empty());
  for (const std::string& wrong : {std::string("x"), nonce.substr(1), nonce + "A"}) {
    EXPECT_EQ(text_or(ask(wrong).body, "error", ""), "use_dpop_nonce") << wrong;
  }
  server.clock().advance(std::chrono::minutes(6));
  EXPECT_EQ(text_or(ask(nonce).body, "error", ""), "use_dpop_nonce");
}

TEST(CertificateBoundToken, NeedsItsCertificate) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  server.describe(client, {{"tls_client_certificate_bound_access_tokens", true}});
  const Fields basic{{"Authorization", "Basic " + to_base64(client)}};
  const std::string own = self_signed_certificate("client", server.clock().now());
  EXPECT_EQ(server.post("/oauth2/token", login, basic).status, 400);
  const auto answer = server.post("/oauth2/token", login, basic, own);
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_EQ(text_or(answer.body, "token_type", ""), "Bearer");
  const std::string access = text_or(answer.body, "access_token", "");
  const std::string thumbprint = to_base64url(to_bytes(sha256(own)));
  EXPECT_EQ(server.validate(access).certificate_thumbprint, thumbprint);
  const auto told = server.form("/oauth2/introspect", "token=" + access, client);
  EXPECT_EQ(told.body.at("cnf"), (json::object{{"x5t#S256", thumbprint}}));
  const Fields bearer{{"Authorization", "Bearer " + access}};
  EXPECT_EQ(server.post("/oauth2/userinfo", "", bearer, own).status, 200);
  EXPECT_EQ(server.post("/oauth2/userinfo", "", bearer).status, 401);
  const std::string other = self_signed_certificate("client", server.clock().now());
  EXPECT_EQ(server.post("/oauth2/userinfo", "", bearer, other).status, 401);
}

}  // namespace
}  // namespace gatehouse::keymanager
