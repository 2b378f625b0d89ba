// SPDX-License-Identifier: Apache-2.0
// The grants by which another token earns one: token exchange, and JWT and SAML bearer.
#include "keymanager/grants/token_exchange.h"

#include <gmock/gmock.h>

#include "jose/test_attacks.h"
#include "keymanager/client_assertion.h"
#include "keymanager/test_key_manager.h"
#include "keymanager/test_proofs.h"
#include "keymanager/test_saml.h"
#include "storage/apis/trusted_issuer_store.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* them = "https://idp.example.com";
constexpr const char* us = "https://localhost:9443/oauth2/token";
constexpr const char* saml_grant = "urn:ietf:params:oauth:grant-type:saml2-bearer";
constexpr const char* bearer_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const jose::PrivateKey& their_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}
const jose::PrivateKey& other_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}

class Assertions : public ::testing::Test {
 protected:
  Assertions() {
    server_.add_user("kim", {"Internal/subscriber"});
    const storage::TrustedIssuer issuer{them, {{"jwks", key_set_of(their_key())}}};
    GH_ASSERT(
        server_.databases()
            .api_manager()
            .write([&](storage::Transaction& transaction) {
              return storage::TrustedIssuerStore(transaction, model::first_tenant).put(issuer);
            })
            .has_value());
  }

  json::object claims() {
    const std::int64_t now = to_ms(server_.clock().now()) / 1000;
    return {{"iss", them},     {"sub", "kim"}, {"aud", us},
            {"exp", now + 60}, {"iat", now},   {"jti", std::to_string(++number_)}};
  }
  static std::string assertion(const json::object& claims,
                               const jose::PrivateKey& key = their_key()) {
    return signed_token(key, {{"typ", "JWT"}}, claims);
  }
  TestKeyManager::Answer bearer(const std::string& assertion, const std::string& more = "") {
    return server_.token(std::string("grant_type=") + percent_encode(bearer_grant) +
                             "&assertion=" + assertion + more,
                         client_);
  }

  TestKeyManager server_;
  std::string client_ =
      server_.client("OAUTH", {"client_credentials", "password", "refresh_token", bearer_grant,
                               saml_grant, std::string(token_exchange_type)});
  int number_ = 0;
};

TEST_F(Assertions, EarnATokenForTheUserWhomTheyName) {
  const auto answer = bearer(assertion(claims()), "&scope=apim:subscribe");
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_FALSE(answer.body.contains("refresh_token"));
  const model::Validation token = server_.validate(text_or(answer.body, "access_token", ""));
  EXPECT_EQ(token.user, "kim");
  EXPECT_THAT(token.scopes, ElementsAre("apim:subscribe"));
}

TEST_F(Assertions, AreRefusedWhenTheyDoNotHold) {
  const std::int64_t now = to_ms(server_.clock().now()) / 1000;
  const auto changed = [&](const char* name, const json::value& value) {
    json::object object = claims();
    object[name] = value;
    return assertion(object);
  };
  const auto without = [&](const char* name) {
    json::object object = claims();
    object.erase(name);
    return assertion(object);
  };
  const struct {
    const char* name;
    std::string assertion;
  } rows[] = {{"another key", assertion(claims(), other_key())},
              {"another issuer", changed("iss", "https://elsewhere")},
              {"no issuer", without("iss")},
              {"another audience", changed("aud", "https://elsewhere")},
              {"no audience", without("aud")},
              {"an unknown user", changed("sub", "nobody")},
              {"no subject", without("sub")},
              {"expired", changed("exp", now - 31)},
              {"no expiry", without("exp")},
              {"lives too long", changed("exp", now + 7200)},
              {"not yet valid", changed("nbf", now + 31)},
              {"not a token", "x"},
              {"not signed", to_base64url(R"({"alg":"none"})") + '.' +
                                 to_base64url(json::serialize(claims())) + '.'}};
  for (const auto& row : rows) {
    const auto answer = bearer(row.assertion);
    EXPECT_EQ(answer.status, 400) << row.name;
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_grant") << row.name;
  }
  EXPECT_EQ(text_or(bearer("").body, "error", ""), "invalid_request");
}

TEST_F(Assertions, EarnNothingWhenSpoiled) {
  json::object said = claims();
  said["nbf"] = said["iat"];
  const jose::HonestToken honest{
      their_key(), {{"typ", "JWT"}, {"kid", their_key().public_key().kid()}}, said};
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    const auto answer = bearer(percent_encode(spoiled.text));
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_grant") << spoiled.name;
  }
  EXPECT_EQ(bearer(jose::honest_text(honest)).status, 200);
}

TEST_F(Assertions, AreTakenOnce) {
  const std::string with_id = assertion(claims());
  EXPECT_EQ(bearer(with_id).status, 200);
  EXPECT_EQ(bearer(with_id).status, 400);
  json::object nameless = claims();
  nameless.erase("jti");
  const std::string without_id = assertion(nameless);
  EXPECT_EQ(bearer(without_id).status, 200);
  EXPECT_EQ(bearer(without_id).status, 400);
}

// The same by SAML: what an assertion must be is in saml_assertion_test.cc.
TEST_F(Assertions, OfSamlEarnATokenOnce) {
  const storage::TrustedIssuer issuer{
      them,
      {{"certificates", {pem_of(certificate_of(their_key(), "idp", server_.clock().now()))}}}};
  GH_ASSERT(server_.databases()
                .api_manager()
                .write([&](storage::Transaction& transaction) {
                  return storage::TrustedIssuerStore(transaction, model::first_tenant).put(issuer);
                })
                .has_value());
  SamlText text;
  text.now = server_.clock().now();
  text.audience = us;
  text.recipient = us;
  const std::string grant = "grant_type=" + percent_encode(saml_grant) + "&assertion=";
  const auto ask = [&](const std::string& xml) {
    return server_.token(grant + to_base64url(xml), client_);
  };
  const auto answer = ask(text.signed_by(their_key()));
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_FALSE(answer.body.contains("refresh_token"));
  EXPECT_EQ(server_.validate(text_or(answer.body, "access_token", "")).user, "kim");
  EXPECT_EQ(text_or(ask(text.signed_by(their_key())).body, "error", ""), "invalid_grant");

  text.id = "_2", text.uri = "#_2", text.subject = "nobody";
  EXPECT_EQ(text_or(ask(text.signed_by(their_key())).body, "error", ""), "invalid_grant");
  text.id = "_3", text.uri = "#_3", text.subject = "kim";
  EXPECT_EQ(text_or(ask(text.signed_by(other_key())).body, "error", ""), "invalid_grant");
  text.not_on_or_after = text.now + std::chrono::hours(2);
  EXPECT_EQ(text_or(ask(text.signed_by(their_key())).body, "error", ""), "invalid_grant");
  text.issuer = "https://elsewhere";
  EXPECT_EQ(text_or(ask(text.signed_by(their_key())).body, "error", ""), "invalid_grant");
  EXPECT_EQ(text_or(ask("x").body, "error", ""), "invalid_grant");
}

class Exchange : public Assertions {
 protected:
  std::string login(const std::string& more = "", const std::string& user = "kim") {
    const auto answer = server_.token(
        "grant_type=password&username=" + user + "&password=password-of-" + user + more, client_);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    return text_or(answer.body, "access_token", "");
  }
  static std::string token_type(const char* type) {
    return percent_encode(std::string("urn:ietf:params:oauth:token-type:") + type);
  }
  TestKeyManager::Answer exchange(const std::string& token, const std::string& more = "",
                                  const char* type = "access_token") {
    return server_.token("grant_type=" + percent_encode(token_exchange_type) + "&subject_token=" +
                             token + "&subject_token_type=" + token_type(type) + more,
                         client_);
  }
  model::Validation validation(const TestKeyManager::Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    return server_.validate(text_or(answer.body, "access_token", ""));
  }
};

TEST_F(Exchange, NarrowsScopesAndAudience) {
  const std::string token = login("&scope=openid+apim:subscribe");
  const auto answer = exchange(token, "&scope=apim:subscribe&resource=urn:a&audience=billing");
  EXPECT_EQ(text_or(answer.body, "issued_token_type", ""),
            "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_FALSE(answer.body.contains("refresh_token"));
  EXPECT_FALSE(answer.body.contains("id_token"));
  const model::Validation made = validation(answer);
  EXPECT_EQ(made.user, "kim");
  EXPECT_THAT(made.scopes, ElementsAre("apim:subscribe"));
  EXPECT_THAT(made.audiences, ElementsAre("urn:a", "billing"));
  EXPECT_THAT(validation(exchange(token)).scopes, ElementsAre("openid", "apim:subscribe"));
  EXPECT_EQ(text_or(exchange(token, "&scope=profile").body, "error", ""), "invalid_scope");

  // What was for two resources becomes for one of them, and for nothing else.
  const std::string bound = login("&resource=urn:a&resource=urn:b");
  EXPECT_THAT(validation(exchange(bound, "&resource=urn:b")).audiences, ElementsAre("urn:b"));
  EXPECT_EQ(text_or(exchange(bound, "&resource=urn:c").body, "error", ""), "invalid_target");
}

TEST_F(Exchange, EndsWithItsSubject) {
  const std::string token = login();
  server_.clock().advance(std::chrono::minutes(50));
  const auto answer = exchange(token);
  EXPECT_EQ(number_or(answer.body, "expires_in", 0), 600);
  const std::string made = text_or(answer.body, "access_token", "");
  EXPECT_TRUE(server_.validate(made).active);
  EXPECT_EQ(server_.form("/oauth2/revoke", "token=" + token, client_).status, 200);
  EXPECT_FALSE(server_.validate(made).active);
  EXPECT_EQ(text_or(exchange(token).body, "error", ""), "invalid_request");
}

TEST_F(Exchange, NamesWhoActs) {
  server_.add_user("leo", {});
  const std::string subject = login();
  const std::string actor = login("", "leo");
  const std::string by = "&actor_token_type=" + token_type("access_token") + "&actor_token=";
  const auto first = exchange(subject, by + actor);
  const std::string leo = server_.user_id("leo");
  EXPECT_EQ(validation(first).actor, (json::object{{"sub", leo}}));
  // The application itself acts next; who acted before stands inside.
  const auto own = server_.token("grant_type=client_credentials", client_);
  const auto second =
      exchange(text_or(first.body, "access_token", ""), by + text_or(own.body, "access_token", ""));
  const std::string client_id = client_.substr(0, client_.find(':'));
  EXPECT_EQ(validation(second).actor, (json::object{{"sub", client_id}, {"act", {{"sub", leo}}}}));
  const auto told = server_.form("/oauth2/introspect",
                                 "token=" + text_or(second.body, "access_token", ""), client_);
  EXPECT_EQ(told.body.at("act"), validation(second).actor);
  EXPECT_EQ(exchange(subject, by + "x").status, 400);
  EXPECT_EQ(exchange(subject, "&actor_token_type=" + token_type("access_token")).status, 400);
}

TEST_F(Exchange, TakesIdTokensOfThisClient) {
  const auto answer = server_.token(
      "grant_type=password&username=kim&password=password-of-kim&scope=openid", client_);
  const std::string id_token = text_or(answer.body, "id_token", "");
  EXPECT_EQ(validation(exchange(id_token, "&scope=apim:subscribe", "id_token")).user, "kim");
  EXPECT_THAT(validation(exchange(id_token, "", "id_token")).scopes, IsEmpty());
  EXPECT_EQ(exchange(id_token, "", "access_token").status, 400);
  EXPECT_EQ(exchange(id_token, "", "jwt").status, 400);
  const std::string mine = client_;
  client_ = server_.client("OAUTH", {std::string(token_exchange_type)});
  EXPECT_EQ(exchange(id_token, "", "id_token").status, 400);
}

TEST_F(Exchange, TakesTokensOfTrustedIssuers) {
  const std::string foreign = assertion(claims());
  EXPECT_EQ(validation(exchange(foreign, "", "jwt")).user, "kim");
  EXPECT_EQ(validation(exchange(foreign, "", "jwt")).user, "kim");
  EXPECT_EQ(exchange(assertion(claims(), other_key()), "", "jwt").status, 400);
  json::object guarded = claims();
  guarded["may_act"] = {{"sub", server_.user_id("admin")}};
  EXPECT_EQ(exchange(assertion(guarded), "", "jwt").status, 400);
  const std::string by = "&actor_token_type=" + token_type("access_token") + "&actor_token=";
  EXPECT_EQ(exchange(assertion(guarded), by + login(), "jwt").status, 400);
  const auto admin =
      server_.token("grant_type=password&username=admin&password=admin-password", client_);
  const auto answer =
      exchange(assertion(guarded), by + text_or(admin.body, "access_token", ""), "jwt");
  EXPECT_EQ(validation(answer).actor, (json::object{{"sub", server_.user_id("admin")}}));
}

// Our own access and ID tokens, and those of another issuer.
TEST_F(Exchange, RefusesWhatIsSpoiled) {
  const jose::PrivateKey& ours = server_->signing_keys().current()->signer();
  const std::string client_id = client_.substr(0, client_.find(':'));
  json::object own = claims();
  own["nbf"] = own["iat"];
  own["iss"] = us;
  own["aud"] = own["client_id"] = client_id;
  own["sub"] = server_.user_id("kim");
  own["family"] = "f";
  json::object foreign = claims();
  foreign["nbf"] = foreign["iat"];
  const struct {
    const char* type;
    jose::HonestToken honest;
  } rows[] = {
      {"access_token", {ours, {{"typ", "at+jwt"}, {"kid", ours.public_key().kid()}}, own}},
      {"id_token", {ours, {{"typ", "JWT"}, {"kid", ours.public_key().kid()}}, own}},
      {"jwt", {their_key(), {{"typ", "JWT"}, {"kid", their_key().public_key().kid()}}, foreign}}};
  for (const auto& row : rows) {
    for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(row.honest)) {
      const auto answer = exchange(percent_encode(spoiled.text), "", row.type);
      EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_request")
          << row.type << ": " << spoiled.name;
    }
    EXPECT_EQ(exchange(jose::honest_text(row.honest), "", row.type).status, 200) << row.type;
  }
}

TEST_F(Exchange, RefusesWhatItCannotTrustOrMake) {
  const std::string token = login();
  EXPECT_EQ(exchange("x").status, 400);
  EXPECT_EQ(exchange(token, "", "saml2").status, 400);
  EXPECT_EQ(exchange(token, "&requested_token_type=" + token_type("jwt")).status, 400);
  EXPECT_EQ(exchange(token, "&requested_token_type=" + token_type("refresh_token")).status, 400);
  // The application's own token stands for nobody.
  const auto own = server_.token("grant_type=client_credentials", client_);
  EXPECT_EQ(exchange(text_or(own.body, "access_token", "")).status, 400);
  // Whoever got a bound token does not hold its key.
  const std::string proof = dpop_proof(other_key(), {.at = server_.clock().now()});
  const auto bound =
      server_.post("/oauth2/token", "grant_type=password&username=kim&password=password-of-kim",
                   {{"DPoP", proof}, {"Authorization", "Basic " + to_base64(client_)}});
  EXPECT_EQ(exchange(text_or(bound.body, "access_token", "")).status, 400);
  server_.set_roles("kim", {});
  EXPECT_EQ(exchange(token).status, 200);
}

TEST_F(Exchange, MakesJwtsForClientsThatHaveThem) {
  const std::string token = login();
  client_ = server_.client("JWT", {std::string(token_exchange_type)});
  const auto answer = exchange(token, "&requested_token_type=" + token_type("jwt"));
  EXPECT_EQ(text_or(answer.body, "issued_token_type", ""), "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(validation(answer).user, "kim");
}

}  // namespace
}  // namespace gatehouse::keymanager
