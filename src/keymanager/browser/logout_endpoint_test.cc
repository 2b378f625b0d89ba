// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/logout_endpoint.h"

#include <gmock/gmock.h>

#include "jose/test_attacks.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/test_browser.h"

namespace gatehouse::keymanager {
namespace {

constexpr std::string_view after_uri = "https://app.example/bye";

class LogoutTest : public ::testing::Test {
 protected:
  static TestKeyManager& server() {
    static TestKeyManager made;
    return made;
  }

  bool is_signed_on() {
    browser_.get(authorize_target(app_, {{"prompt", "none"}}));
    return browser_.answer("error") != "login_required";
  }

  std::string hint(std::string_view subject, std::string_view audience,
                   std::string_view issuer = "https://localhost:9443/oauth2/token") {
    const json::object claims{
        {"iss", issuer}, {"sub", subject}, {"aud", audience}, {"exp", 1}, {"iat", 1}};
    return *jose::sign(server()->signing_keys().current()->signer(), "JWT", claims);
  }

  const TestClient app_ = browser_client(
      server(), {{"post_logout_redirect_uris", {after_uri, "https://app.example/bye?x=1"}}});
  TestBrowser browser_ = signed_on_browser(server(), app_);
};

TEST_F(LogoutTest, AsksFirstWithoutAHint) {
  EXPECT_EQ(browser_.get("/oidc/logout"), 200);
  EXPECT_TRUE(browser_.shows("name=\"logout\" value=\"yes\""));
  EXPECT_TRUE(is_signed_on());
  browser_.get("/oidc/logout");
  EXPECT_EQ(browser_.submit({{"logout", "no"}}), 200);
  EXPECT_TRUE(is_signed_on());
  browser_.get("/oidc/logout");
  EXPECT_EQ(browser_.submit({{"logout", "yes"}}), 200);
  EXPECT_FALSE(browser_.cookies.contains(std::string(session_cookie)));
  EXPECT_FALSE(is_signed_on());
}

TEST_F(LogoutTest, EndsTheSessionAndNotOnlyTheCookie) {
  const std::string session = browser_.cookies[std::string(session_cookie)];
  browser_.get("/oidc/logout");
  browser_.submit({{"logout", "yes"}});
  browser_.cookies[std::string(session_cookie)] = session;
  EXPECT_FALSE(is_signed_on());
}

TEST_F(LogoutTest, GoesBackToTheClientWithAHint) {
  const std::string target =
      fmt::format("/oidc/logout?id_token_hint={}&post_logout_redirect_uri={}&state=a%26b",
                  hint(server().user_id("admin"), app_.id), percent_encode(after_uri));
  EXPECT_EQ(browser_.get(target), 302);
  EXPECT_EQ(browser_.location(), std::string(after_uri) + "?state=a%26b");
  EXPECT_FALSE(is_signed_on());
}

TEST_F(LogoutTest, AsksWhenTheHintIsOfSomebodyElse) {
  for (const std::string& text :
       {hint("somebody", app_.id), std::string("x"),
        hint(server().user_id("admin"), app_.id, "https://evil.example")}) {
    EXPECT_EQ(browser_.get("/oidc/logout?id_token_hint=" + text), 200);
    EXPECT_TRUE(browser_.shows("Sign out?"));
    EXPECT_TRUE(is_signed_on());
  }
}

TEST_F(LogoutTest, AsksWhenTheHintIsSpoiled) {
  const jose::PrivateKey& ours = server()->signing_keys().current()->signer();
  const json::object claims{{"iss", "https://localhost:9443/oauth2/token"},
                            {"sub", server().user_id("admin")},
                            {"aud", app_.id},
                            {"exp", 1},
                            {"iat", 1}};
  jose::HonestToken honest{
      ours, {{"typ", "JWT"}, {"kid", ours.public_key().kid()}}, claims, /*times=*/{}};
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    EXPECT_EQ(browser_.get("/oidc/logout?id_token_hint=" + percent_encode(spoiled.text)), 200);
    EXPECT_TRUE(browser_.shows("Sign out?")) << spoiled.name;
  }
  EXPECT_TRUE(is_signed_on());
  // An access token is signed with the same keys, and no ID token.
  honest.header["typ"] = "at+jwt";
  browser_.get("/oidc/logout?id_token_hint=" + jose::honest_text(honest));
  EXPECT_TRUE(is_signed_on());
  // Neither is what userinfo signs, which has no end.
  honest.header["typ"] = "JWT";
  honest.claims.erase("exp");
  browser_.get("/oidc/logout?id_token_hint=" + jose::honest_text(honest));
  EXPECT_TRUE(is_signed_on());
  honest.claims["exp"] = 1;
  browser_.get("/oidc/logout?id_token_hint=" + jose::honest_text(honest));
  EXPECT_FALSE(is_signed_on());
}

TEST_F(LogoutTest, TakesAFormOfAClientAndGoesOnAfterAYes) {
  EXPECT_EQ(browser_.post("/oidc/logout", {{"client_id", app_.id},
                                           {"post_logout_redirect_uri", std::string(after_uri)},
                                           {"state", "s"}}),
            200);
  EXPECT_EQ(browser_.submit({{"logout", "yes"}}), 303);
  EXPECT_EQ(browser_.location(), std::string(after_uri) + "?state=s");
}

TEST_F(LogoutTest, LeadsNowhereElse) {
  const std::string good = hint(server().user_id("admin"), app_.id);
  for (const char* uri : {"https://evil.example/", "https://app.example/bye/", "javascript:x",
                          "https://app.example/cb", "https://app.example/bye?x=2"}) {
    EXPECT_EQ(browser_.get(fmt::format("/oidc/logout?id_token_hint={}&post_logout_redirect_uri={}",
                                       good, percent_encode(uri))),
              400)
        << uri;
    EXPECT_EQ(browser_.location(), "");
  }
  const std::string uri = percent_encode(after_uri);
  // Nobody says which client it is, or two say different ones.
  EXPECT_EQ(browser_.get("/oidc/logout?post_logout_redirect_uri=" + uri), 400);
  EXPECT_EQ(
      browser_.get(fmt::format(
          "/oidc/logout?id_token_hint={}&client_id=other&post_logout_redirect_uri={}", good, uri)),
      400);
}

TEST_F(LogoutTest, TakesOnlyItsOwnForms) {
  EXPECT_EQ(browser_.post("/oidc/logout", {{"logout", "yes"}}), 403);
  EXPECT_TRUE(is_signed_on());
}

}  // namespace
}  // namespace gatehouse::keymanager
