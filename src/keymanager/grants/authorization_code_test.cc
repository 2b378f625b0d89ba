// SPDX-License-Identifier: Apache-2.0
#include "keymanager/grants/authorization_code.h"

#include <gmock/gmock.h>

#include "core/digest.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/test_browser.h"
#include "keymanager/test_proofs.h"

namespace gatehouse::keymanager {
namespace {

using Fields = TestBrowser::Fields;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TestKeyManager& shared() {
  static TestKeyManager server;
  return server;
}

const TestClient& client() {
  static const TestClient made = browser_client(shared());
  return made;
}

TestBrowser signed_on() { return signed_on_browser(shared(), client()); }

TestKeyManager::Answer redeem(const std::string& code, const TestClient& app = client()) {
  return redeem_code(shared(), code, app);
}

std::string fresh_code(const Fields& more = {}) {
  TestBrowser browser = signed_on();
  browser.get(authorize_target(client(), more));
  return browser.answer("code");
}

TEST(Code, GivesTokensOfTheUser) {
  const auto tokens = redeem(fresh_code());
  ASSERT_EQ(tokens.status, 200) << tokens.response.body;
  EXPECT_EQ(text_or(tokens.body, "scope", ""), "openid");
  EXPECT_THAT(text_or(tokens.body, "refresh_token", ""), StartsWith("gatr_"));
  const model::Validation validation = shared().validate(text_or(tokens.body, "access_token", ""));
  EXPECT_TRUE(validation.active);
  EXPECT_EQ(validation.user_id, shared().user_id("admin"));
}

TEST(Code, GivesAnIdTokenOfTheSignOn) {
  const std::string code = fresh_code({{"nonce", "n-1"}});
  const auto tokens = redeem(code);
  const auto id_token = jose::verify(text_or(tokens.body, "id_token", ""),
                                     shared()->signing_keys().current()->published);
  ASSERT_TRUE(id_token) << tokens.response.body;
  EXPECT_EQ(text_or(id_token->claims, "sub", ""), shared().user_id("admin"));
  EXPECT_EQ(text_or(id_token->claims, "aud", ""), client().id);
  EXPECT_EQ(text_or(id_token->claims, "nonce", ""), "n-1");
  EXPECT_EQ(text_or(id_token->claims, "acr", ""), acr_password);
  EXPECT_EQ(texts_of(id_token->claims, "amr"), std::vector<std::string>{"pwd"});
  EXPECT_EQ(text_or(id_token->claims, "c_hash", ""),
            to_base64url(to_bytes(sha256(code)).substr(0, 16)));
}

// OpenID Connect Front- and Back-Channel Logout name a session so, and RP-initiated logout may.
TEST(Code, NamesTheSessionInEachIdToken) {
  TestBrowser browser = signed_on();
  const auto session_of = [](const TestKeyManager::Answer& tokens) {
    const auto claims = jose::unverified_claims(text_or(tokens.body, "id_token", ""));
    return claims ? text_or(*claims, "sid", "") : "none: " + tokens.response.body;
  };
  const auto sign_on_again = [](TestBrowser& at) {
    at.get(authorize_target(client()));
    return redeem(at.answer("code"));
  };
  const auto tokens = sign_on_again(browser);
  const std::string session = session_of(tokens);
  EXPECT_EQ(session.size(), 22U);
  EXPECT_EQ(session_of(sign_on_again(browser)), session);
  const auto refreshed = shared().token(
      "grant_type=refresh_token&refresh_token=" + text_or(tokens.body, "refresh_token", ""),
      client().pair());
  EXPECT_EQ(session_of(refreshed), session);
  // The name is not made of the cookie in a way that shows anything of it.
  const std::string cookie = browser.cookies[std::string(session_cookie)];
  EXPECT_EQ(session, Sessions::id_of(cookie));
  EXPECT_EQ(cookie.find(session), std::string::npos);
  EXPECT_NE(to_base64url(to_bytes(sha256(cookie))).substr(0, 22), session);

  TestBrowser another = signed_on();
  EXPECT_NE(session_of(sign_on_again(another)), session);
  // Without a browser there is no session.
  const auto direct = shared().token(
      "grant_type=password&username=admin&password=admin-password&scope=openid", client().pair());
  EXPECT_EQ(session_of(direct), "");
}

TEST(Code, BoundToAKeyNeedsItsProof) {
  const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
  const std::string code = fresh_code({{"dpop_jkt", key.public_key().thumbprint()}});
  const auto without = redeem(code);
  EXPECT_EQ(without.status, 400);
  EXPECT_EQ(text_or(without.body, "error", ""), "invalid_grant");
  const std::string body =
      fmt::format("grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}", code,
                  percent_encode(app_uri), verifier);
  const auto with = shared().post("/oauth2/token", body,
                                  {{"Authorization", "Basic " + to_base64(client().pair())},
                                   {"DPoP", dpop_proof(key, {.at = shared().clock().now()})}});
  ASSERT_EQ(with.status, 200) << with.response.body;
  EXPECT_EQ(text_or(with.body, "token_type", ""), "DPoP");
}

TEST(Code, IsWorthNothingTwiceAndTakesBackWhatItGave) {
  const std::string code = fresh_code();
  const auto first = redeem(code);
  ASSERT_EQ(first.status, 200);
  const auto second = redeem(code);
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(text_or(second.body, "error", ""), "invalid_grant");
  EXPECT_FALSE(shared().validate(text_or(first.body, "access_token", "")).active);
  const auto refreshed = shared().token(
      "grant_type=refresh_token&refresh_token=" + text_or(first.body, "refresh_token", ""),
      client().pair());
  EXPECT_EQ(text_or(refreshed.body, "error", ""), "invalid_grant");
}

TEST(Code, TakesBackAlsoWhenItsReplayComesLate) {
  const std::string code = fresh_code();
  const auto first = redeem(code);
  shared().clock().advance(std::chrono::minutes(30));
  ASSERT_TRUE(shared()->sweep());
  EXPECT_EQ(redeem(code).status, 400);
  EXPECT_FALSE(shared().validate(text_or(first.body, "access_token", "")).active);
}

TEST(Code, HoldsForAMinute) {
  std::string code = fresh_code();
  shared().clock().advance(std::chrono::seconds(59));
  EXPECT_EQ(redeem(code).status, 200);
  code = fresh_code();
  shared().clock().advance(std::chrono::seconds(60));
  EXPECT_EQ(redeem(code).status, 400);
}

TEST(Code, IsNotInTheDatabaseAsItIs) {
  const std::string code = fresh_code();
  const auto rows = shared().databases().api_manager().read([](storage::Transaction& transaction) {
    return transaction.query(
        "SELECT hash, document FROM am_authorization_code WHERE tenant_id = 1");
  });
  ASSERT_TRUE(rows);
  for (const storage::Row& row : *rows) {
    EXPECT_THAT(row.bytes(0), Not(HasSubstr(code)));
    EXPECT_THAT(row.text(1), Not(HasSubstr(code)));
  }
}

struct RedeemCase {
  const char* name;
  const char* body;  // $C: a code, $R: the redirect URI, $V: the verifier
};

class CodeProofs : public ::testing::TestWithParam<RedeemCase> {};

TEST_P(CodeProofs, AreAsked) {
  const std::string code = fresh_code();
  std::string body = std::string("grant_type=authorization_code&") + GetParam().body;
  for (const auto& [name, value] : {std::pair<std::string, std::string>("$C", code),
                                    {"$R", percent_encode(app_uri)},
                                    {"$V", std::string(verifier)}}) {
    if (const std::size_t at = body.find(name); at != std::string::npos) {
      body.replace(at, 2, value);
    }
  }
  const auto answer = shared().token(body, client().pair());
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(text_or(answer.body, "error", ""), StartsWith("invalid_"));
  // A wrong proof spoils nothing.
  EXPECT_EQ(redeem(code).status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9700, CodeProofs,
    ::testing::Values(RedeemCase{"no_code", "redirect_uri=$R&code_verifier=$V"},
                      RedeemCase{"wrong_code", "code=x&redirect_uri=$R&code_verifier=$V"},
                      RedeemCase{"no_redirect", "code=$C&code_verifier=$V"},
                      RedeemCase{"other_redirect",
                                 "code=$C&redirect_uri=https://app.example/&code_verifier=$V"},
                      RedeemCase{"no_verifier", "code=$C&redirect_uri=$R"},
                      RedeemCase{"wrong_verifier", "code=$C&redirect_uri=$R&code_verifier=$Va"},
                      RedeemCase{"challenge_as_verifier",
                                 "code=$C&redirect_uri=$R"
                                 "&code_verifier=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Code, IsItsClientsOwn) {
  const std::string code = fresh_code();
  EXPECT_EQ(redeem(code, browser_client(shared())).status, 400);
  EXPECT_EQ(redeem(code).status, 200);
}

TEST(Code, AskedForWithoutAChallengeTakesNoVerifier) {
  EXPECT_EQ(redeem(fresh_code({{"code_challenge", ""}, {"code_challenge_method", ""}})).status,
            400);
}

TEST(Code, OfAPublicClientNeedsItsVerifierAlone) {
  const TestClient app =
      browser_client(shared(), {{"token_endpoint_auth_method", "none"}}, {"http://127.0.0.1/cb"});
  TestBrowser browser(shared());
  const std::string uri = "http://127.0.0.1:51004/cb";
  browser.get(authorize_target(app, {{"redirect_uri", uri}}));
  browser.sign_in("admin", std::string(admin_password));
  browser.submit({{"consent", "approve"}});
  EXPECT_THAT(browser.location(), StartsWith(uri + "?code="));
  const std::string body =
      fmt::format("grant_type=authorization_code&client_id={}&code={}&redirect_uri={}", app.id,
                  browser.answer("code"), percent_encode(uri));
  EXPECT_EQ(shared().token(body, "").status, 400);
  const auto tokens = shared().token(body + "&code_verifier=" + std::string(verifier), "");
  EXPECT_EQ(tokens.status, 200) << tokens.response.body;
  // What needs a proof of who the client is stays closed to it.
  EXPECT_EQ(shared().token("grant_type=client_credentials&client_id=" + app.id, "").status, 400);
  EXPECT_EQ(shared()
                .form("/oauth2/introspect",
                      "client_id=" + app.id + "&token=" + text_or(tokens.body, "access_token", ""))
                .status,
            401);
  // A client with a secret cannot pass for one without.
  EXPECT_EQ(shared().token("grant_type=client_credentials&client_id=" + client().id, "").status,
            401);
}

}  // namespace
}  // namespace gatehouse::keymanager
