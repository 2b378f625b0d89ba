// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/devices.h"

#include <gmock/gmock.h>

#include "keymanager/browser/test_browser.h"
#include "keymanager/grants/device_code.h"

namespace gatehouse::keymanager {
namespace {

using std::chrono::seconds;
using ::testing::MatchesRegex;

class DevicesTest : public ::testing::Test {
 protected:
  static TestKeyManager& server() {
    static TestKeyManager made;
    return made;
  }

  DevicesTest() {
    const auto begun = server().form("/oauth2/device_authorize", "scope=openid", app_.pair());
    EXPECT_EQ(begun.status, 200) << begun.response.body;
    device_code_ = text_or(begun.body, "device_code", "");
    user_code_ = text_or(begun.body, "user_code", "");
    complete_ = text_or(begun.body, "verification_uri_complete", "");
    EXPECT_EQ(text_or(begun.body, "verification_uri", ""), "https://localhost:9443/oauth2/device");
    EXPECT_EQ(number_or(begun.body, "expires_in", 0), 600);
    EXPECT_EQ(number_or(begun.body, "interval", 0), 5);
  }

  TestKeyManager::Answer poll(const TestClient& app) {
    return server().token(
        "grant_type=" + percent_encode(device_grant_type) + "&device_code=" + device_code_,
        app.pair());
  }
  std::string poll_error() { return text_or(poll(app_).body, "error", ""); }

  // The user types the code and signs on; the page then asks for consent.
  void reach_consent(TestBrowser& browser) {
    EXPECT_EQ(browser.get("/oauth2/device"), 200);
    EXPECT_TRUE(browser.shows("<label for=\"user_code\">"));
    EXPECT_EQ(browser.submit({{"user_code", user_code_}}), 200);
    EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 200);
    EXPECT_TRUE(browser.shows("name=\"consent\" value=\"approve\""));
    EXPECT_TRUE(browser.shows(user_code_));
  }

  const TestClient app_ = browser_client(server());
  std::string device_code_;
  std::string user_code_;
  std::string complete_;
};

TEST_F(DevicesTest, HaveACodeThatIsEasyToType) {
  EXPECT_THAT(user_code_, MatchesRegex("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}"));
  EXPECT_EQ(complete_, "https://localhost:9443/oauth2/device?user_code=" + user_code_);
  TestBrowser browser(server());
  browser.get("/oauth2/device?user_code=" + user_code_);
  EXPECT_TRUE(browser.shows("value=\"" + user_code_ + "\""));
  browser.get("/oauth2/device?user_code=%22%3E%3Cb%3E");
  EXPECT_FALSE(browser.shows("<b>"));
}

TEST_F(DevicesTest, GetTokensOnceTheUserAgrees) {
  EXPECT_EQ(poll_error(), "authorization_pending");
  TestBrowser browser(server());
  reach_consent(browser);
  EXPECT_EQ(browser.submit({{"consent", "approve"}}), 200);
  EXPECT_TRUE(browser.shows("Your device is connected"));
  const auto tokens = poll(app_);
  ASSERT_EQ(tokens.status, 200) << tokens.response.body;
  EXPECT_EQ(text_or(tokens.body, "scope", ""), "openid");
  const std::string token = text_or(tokens.body, "access_token", "");
  EXPECT_EQ(server().validate(token).user_id, server().user_id("admin"));
  const auto id_token = jose::verify(text_or(tokens.body, "id_token", ""),
                                     server()->signing_keys().current()->published);
  ASSERT_TRUE(id_token) << tokens.response.body;
  EXPECT_EQ(text_or(id_token->claims, "aud", ""), app_.id);
  // The code is used up, and a second use takes the tokens back.
  EXPECT_EQ(poll_error(), "invalid_grant");
  EXPECT_FALSE(server().validate(token).active);
}

TEST_F(DevicesTest, AreTypedInAnyCaseWithoutHyphen) {
  std::string typed = to_lower(user_code_);
  typed.erase(4, 1);
  TestBrowser browser(server());
  browser.get("/oauth2/device");
  EXPECT_EQ(browser.submit({{"user_code", " " + typed + " "}}), 200);
  EXPECT_TRUE(browser.shows("name=\"password\""));
}

TEST_F(DevicesTest, StayOutWhenTheUserSaysNo) {
  TestBrowser browser(server());
  reach_consent(browser);
  browser.submit({{"consent", "deny"}});
  EXPECT_EQ(poll_error(), "access_denied");
}

TEST_F(DevicesTest, AreDecidedOnce) {
  TestBrowser browser(server());
  reach_consent(browser);
  const TestBrowser::Fields form = browser.hidden();
  browser.submit({{"consent", "deny"}});
  TestBrowser::Fields again = form;
  again["consent"] = "approve";
  EXPECT_EQ(browser.post("/oauth2/device", again), 400);
  EXPECT_EQ(poll_error(), "access_denied");
}

TEST_F(DevicesTest, AskNoFasterThanTheyAreTold) {
  EXPECT_EQ(poll_error(), "authorization_pending");
  server().clock().advance(seconds(4));
  EXPECT_EQ(poll_error(), "slow_down");
  server().clock().advance(seconds(6));
  EXPECT_EQ(poll_error(), "slow_down");  // ten seconds now
  server().clock().advance(seconds(15));
  EXPECT_EQ(poll_error(), "authorization_pending");
}

TEST_F(DevicesTest, WaitForTenMinutes) {
  server().clock().advance(seconds(600));
  EXPECT_EQ(poll_error(), "expired_token");
  TestBrowser browser(server());
  browser.get("/oauth2/device");
  EXPECT_EQ(browser.submit({{"user_code", user_code_}}), 400);
}

TEST_F(DevicesTest, BelongToTheirClient) {
  EXPECT_EQ(text_or(poll(browser_client(server())).body, "error", ""), "invalid_grant");
  EXPECT_EQ(server().form("/oauth2/device_authorize", "", "").status, 401);
  const TestClient other = browser_client(server(), {}, {std::string(app_uri)}, {"password"});
  const auto refused = server().form("/oauth2/device_authorize", "", other.pair());
  EXPECT_EQ(text_or(refused.body, "error", ""), "unauthorized_client");
}

TEST_F(DevicesTest, AreNotFoundByGuessing) {
  TestBrowser browser(server(), "192.0.2.200");
  browser.get("/oauth2/device");
  for (int i = 0; i < 11; ++i) EXPECT_EQ(browser.submit({{"user_code", "BBBB-BBBB"}}), 400) << i;
  EXPECT_EQ(browser.submit({{"user_code", user_code_}}), 429);
  EXPECT_NE(browser.page.headers.value_or("Retry-After", ""), "");
  TestBrowser other(server(), "192.0.2.201");
  other.get("/oauth2/device");
  EXPECT_EQ(other.submit({{"user_code", user_code_}}), 200);
}

TEST_F(DevicesTest, TakeOnlyOurOwnForms) {
  TestBrowser browser(server());
  browser.get("/oauth2/device");
  EXPECT_EQ(browser.post("/oauth2/device", {{"user_code", user_code_}}), 403);
}

}  // namespace
}  // namespace gatehouse::keymanager
