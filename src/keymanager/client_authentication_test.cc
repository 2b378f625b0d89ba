// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_authentication.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "jose/test_attacks.h"
#include "keymanager/test_key_manager.h"
#include "keymanager/test_proofs.h"

namespace gatehouse::keymanager {
namespace {

constexpr const char* plain_grant = "grant_type=client_credentials";

const jose::PrivateKey& client_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}
const jose::PrivateKey& other_key() {
  static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  return key;
}

TestKeyManager& shared() {
  static TestKeyManager server;
  return server;
}
std::string id_of(const std::string& client) { return client.substr(0, client.find(':')); }

// A client that signs, registered once.
const std::string& signing_client() {
  static const std::string client = [] {
    std::string made = shared().client();
    shared().describe(made, {{"token_endpoint_auth_method", "private_key_jwt"},
                             {"jwks", key_set_of(client_key())}});
    return made;
  }();
  return client;
}

// A good assertion, which each row spoils in one point.
struct Assertion {
  json::object header{{"typ", "JWT"}, {"kid", client_key().public_key().kid()}};
  json::object claims;
  const jose::PrivateKey* key = &client_key();
  std::string more;  // of the form

  Assertion() {
    static int number = 0;
    const std::int64_t now = to_ms(shared().clock().now()) / 1000;
    claims = {{"iss", id_of(signing_client())},
              {"sub", id_of(signing_client())},
              {"aud", "https://localhost:9443/oauth2/token"},
              {"jti", std::to_string(++number)},
              {"iat", now},
              {"exp", now + 60}};
  }
  std::string form() const {
    return std::string(plain_grant) +
           "&client_assertion_type=" + percent_encode(client_assertion_type) +
           "&client_assertion=" + signed_token(*key, header, claims) + more;
  }
};

struct AssertionCase {
  const char* name;
  const char* error;  // empty: taken
  void (*change)(Assertion&);
};

class PrivateKeyJwt : public ::testing::TestWithParam<AssertionCase> {};

TEST_P(PrivateKeyJwt, ProvesTheClientOrIsRefused) {
  Assertion assertion;
  GetParam().change(assertion);
  const auto answer = shared().token(assertion.form(), "");
  EXPECT_EQ(text_or(answer.body, "error", ""), GetParam().error) << answer.response.body;
  const int refused = std::string_view(GetParam().error) == "invalid_client" ? 401 : 400;
  EXPECT_EQ(answer.status, *GetParam().error == '\0' ? 200 : refused);
}

std::int64_t now_s() { return to_ms(shared().clock().now()) / 1000; }

INSTANTIATE_TEST_SUITE_P(
    Rfc7523, PrivateKeyJwt,
    ::testing::Values(
        AssertionCase{"good", "", [](Assertion&) {}},
        AssertionCase{"good_with_client_id", "",
                      [](Assertion& a) { a.more = "&client_id=" + id_of(signing_client()); }},
        AssertionCase{"good_audience_list", "",
                      [](Assertion& a) {
                        a.claims["aud"] = {"https://x", "https://localhost:9443/oauth2/token"};
                      }},
        AssertionCase{"another_client_id", "invalid_client",
                      [](Assertion& a) { a.more = "&client_id=other"; }},
        AssertionCase{"with_a_secret", "invalid_request",
                      [](Assertion& a) { a.more = "&client_secret=x"; }},
        AssertionCase{"strangers_key", "invalid_client",
                      [](Assertion& a) {
                        a.key = &other_key();
                        a.header.erase("kid");
                      }},
        AssertionCase{"strangers_key_in_header", "invalid_client",
                      [](Assertion& a) {
                        a.key = &other_key();
                        a.header["jwk"] = other_key().public_key().to_jwk();
                      }},
        AssertionCase{"audience_other", "invalid_client",
                      [](Assertion& a) { a.claims["aud"] = "https://elsewhere/oauth2/token"; }},
        AssertionCase{"audience_absent", "invalid_client",
                      [](Assertion& a) { a.claims.erase("aud"); }},
        AssertionCase{"issuer_other", "invalid_client",
                      [](Assertion& a) { a.claims["iss"] = "x"; }},
        AssertionCase{"subject_unknown", "invalid_client",
                      [](Assertion& a) { a.claims["sub"] = "x"; }},
        AssertionCase{"subject_absent", "invalid_client",
                      [](Assertion& a) { a.claims.erase("sub"); }},
        AssertionCase{"expired", "invalid_client",
                      [](Assertion& a) { a.claims["exp"] = now_s() - 31; }},
        AssertionCase{"expired_a_moment_ago", "",
                      [](Assertion& a) { a.claims["exp"] = now_s() - 10; }},
        AssertionCase{"no_expiry", "invalid_client", [](Assertion& a) { a.claims.erase("exp"); }},
        AssertionCase{"lives_too_long", "invalid_client",
                      [](Assertion& a) { a.claims["exp"] = now_s() + 7200; }},
        AssertionCase{"not_yet_valid", "invalid_client",
                      [](Assertion& a) { a.claims["nbf"] = now_s() + 31; }},
        AssertionCase{"no_jti", "invalid_client", [](Assertion& a) { a.claims.erase("jti"); }},
        AssertionCase{"two_assertions", "invalid_request",
                      [](Assertion& a) { a.more = "&client_assertion=x"; }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PrivateKeyJwt, ProvesNothingWhenSpoiled) {
  Assertion assertion;
  assertion.claims["nbf"] = now_s();
  const jose::HonestToken honest{client_key(), assertion.header, assertion.claims};
  const auto ask = [](const std::string& text) {
    return shared().token(std::string(plain_grant) +
                              "&client_assertion_type=" + percent_encode(client_assertion_type) +
                              "&client_assertion=" + percent_encode(text),
                          "");
  };
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    const auto answer = ask(spoiled.text);
    EXPECT_EQ(answer.status, 401) << spoiled.name;
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_client") << spoiled.name;
  }
  EXPECT_EQ(ask(jose::honest_text(honest)).status, 200);
}

TEST(PrivateKeyJwt, IsTakenOnce) {
  const Assertion assertion;
  EXPECT_EQ(shared().token(assertion.form(), "").status, 200);
  const auto again = shared().token(assertion.form(), "");
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(text_or(again.body, "error", ""), "invalid_client");
}

TEST(PrivateKeyJwt, WorksAtRevocationAndIntrospectionToo) {
  for (const char* path : {"/oauth2/revoke", "/oauth2/introspect"}) {
    Assertion assertion;
    assertion.claims["aud"] = std::string("https://localhost:9443") + path;
    EXPECT_EQ(shared().form(path, assertion.form() + "&token=x").status, 200) << path;
  }
}

TEST(PrivateKeyJwt, NeedsItsType) {
  const Assertion assertion;
  const std::string token = signed_token(client_key(), assertion.header, assertion.claims);
  for (const std::string type : {"", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}) {
    const auto answer = shared().token(std::string(plain_grant) + "&client_assertion=" + token +
                                           "&client_assertion_type=" + percent_encode(type),
                                       "");
    EXPECT_EQ(text_or(answer.body, "error", ""), "invalid_request") << type;
  }
}

// A client authenticates in the way that it registered and in no other.
TEST(ClientAuthentication, IsThatOfTheRegistration) {
  TestKeyManager& server = shared();
  const std::string secret_client = server.client();
  Assertion assertion;
  assertion.claims["iss"] = assertion.claims["sub"] = id_of(secret_client);
  EXPECT_EQ(server.token(assertion.form(), "").status, 401);
  EXPECT_EQ(server.token(plain_grant, secret_client).status, 200);
  for (const char* method : {"private_key_jwt", "tls_client_auth", "none", "magic"}) {
    server.describe(secret_client, {{"token_endpoint_auth_method", method}});
    EXPECT_EQ(server.token(plain_grant, secret_client).status, 401) << method;
  }
}

TEST(PublicClient, HasNoSecretAndActsForUsersOnly) {
  TestKeyManager& server = shared();
  const std::string client = server.client();
  const std::string login = "grant_type=password&username=admin&password=admin-password&client_id=";
  EXPECT_EQ(server.token(login + id_of(client), "").status, 401);
  server.describe(client, {{"token_endpoint_auth_method", "none"}});
  const auto answer = server.token(login + id_of(client), "");
  EXPECT_EQ(answer.status, 200) << answer.response.body;
  const auto own = server.token(std::string(plain_grant) + "&client_id=" + id_of(client), "");
  EXPECT_EQ(text_or(own.body, "error", ""), "unauthorized_client");
  const std::string token = text_or(answer.body, "access_token", "");
  const std::string question = "token=" + token + "&client_id=" + id_of(client);
  EXPECT_EQ(server.form("/oauth2/introspect", question).status, 401);
  EXPECT_EQ(server.form("/oauth2/revoke", question).status, 200);
  EXPECT_FALSE(server.validate(token).active);
}

TEST(SelfSignedCertificate, IsTheOneThatTheClientRegistered) {
  TestKeyManager& server = shared();
  const std::string client = server.client();
  const std::string own = self_signed_certificate("client", server.clock().now());
  const std::string other = self_signed_certificate("client", server.clock().now());
  json::object jwk = client_key().public_key().to_jwk();
  jwk["x5c"] = {to_base64(own)};
  server.describe(client, {{"token_endpoint_auth_method", "self_signed_tls_client_auth"},
                           {"jwks", {{"keys", {jwk}}}}});
  const std::string form = std::string(plain_grant) + "&client_id=" + id_of(client);
  EXPECT_EQ(server.post("/oauth2/token", form, {}, own).status, 200);
  EXPECT_EQ(server.post("/oauth2/token", form, {}, other).status, 401);
  EXPECT_EQ(server.post("/oauth2/token", form, {}, "").status, 401);
  EXPECT_EQ(server.post("/oauth2/token", form, {}, own.substr(1)).status, 401);
}

TEST(Certificate, OfATrustedAuthorityNamesTheClient) {
  const std::string file = "client-authorities.pem";
  const Instant start(std::chrono::seconds(1'795'000'000));
  const std::string own = self_signed_certificate("client-7", start);
  std::ofstream(file) << pem_of(own);
  Options options = quick_options();
  options.client_authorities = file;
  TestKeyManager server(options);
  std::filesystem::remove(file);
  const std::string client = server.client();
  const std::string form = std::string(plain_grant) + "&client_id=" + id_of(client);
  const auto status = [&](const json::object& metadata, const std::string& certificate) {
    server.describe(client, metadata);
    return server.post("/oauth2/token", form, {}, certificate).status;
  };
  const json::object registered{{"token_endpoint_auth_method", "tls_client_auth"},
                                {"tls_client_auth_subject_dn", "CN=client-7"}};
  EXPECT_EQ(status(registered, own), 200);
  EXPECT_EQ(status(registered, self_signed_certificate("client-7", start)), 401);
  EXPECT_EQ(status({{"tls_client_auth_subject_dn", "CN=client-8"}}, own), 401);
  EXPECT_EQ(status({{"tls_client_auth_subject_dn", "CN=client-7"},
                    {"tls_client_auth_san_dns", "client-7"}},
                   own),
            401);
  EXPECT_EQ(status({{"tls_client_auth_san_dns", ""}}, own), 200);
  server.clock().advance(std::chrono::hours(25));
  EXPECT_EQ(status({}, own), 401);  // it has expired
}

TEST(Certificate, FileMustBeThere) {
  FakeClock clock{Instant(std::chrono::seconds(1))};
  ClientCertificates certificates(clock);
  EXPECT_FALSE(certificates.trust("nowhere.pem"));
  EXPECT_FALSE(certificates.trusts_somebody());
}

}  // namespace
}  // namespace gatehouse::keymanager
