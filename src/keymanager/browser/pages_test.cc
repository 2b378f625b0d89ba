// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/pages.h"

#include <gmock/gmock.h>

#include "keymanager/browser/cookies.h"
#include "keymanager/browser/test_browser.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::HasSubstr;

Options with_mail() {
  Options options = quick_options();
  options.mail_from = "gatehouse@example.com";
  options.send_mail = [](const mail::Message&, const std::stop_token&) -> Result<> { return {}; };
  return options;
}

TestKeyManager& shared() {
  static TestKeyManager server(with_mail());
  return server;
}

class EveryPage : public ::testing::TestWithParam<const char*> {
 protected:
  static TestBrowser signed_in() {
    TestBrowser browser(shared());
    browser.get("/oauth2/account");
    EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 303);
    return browser;
  }
};

TEST_P(EveryPage, StandsInNoFrameAndLoadsNothing) {
  TestBrowser browser = signed_in();
  for (const bool with_session : {true, false}) {
    if (!with_session) browser.cookies.clear();
    browser.get(GetParam());
    const std::string policy(browser.page.headers.value_or("Content-Security-Policy", ""));
    for (const char* part : {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'",
                             "form-action 'self'"}) {
      EXPECT_THAT(policy, HasSubstr(part)) << with_session;
    }
    EXPECT_EQ(browser.page.headers.value_or("X-Frame-Options", ""), "DENY");
    EXPECT_EQ(browser.page.headers.value_or("Cache-Control", ""), "no-store");
    EXPECT_EQ(browser.page.headers.value_or("Referrer-Policy", ""), "no-referrer");
    EXPECT_EQ(browser.page.headers.value_or("X-Content-Type-Options", ""), "nosniff");
  }
}

// What another site can make a browser send: its cookies, and fields that somebody thought of.
TEST_P(EveryPage, TakesNoFormOfAnotherSite) {
  TestBrowser browser = signed_in();
  browser.get(GetParam());
  const TestBrowser::Fields typed{{"username", "admin"},
                                  {"password", std::string(admin_password)},
                                  {"new_password", "taken over"},
                                  {"repeat_password", "taken over"},
                                  {"withdraw", "x"},
                                  {"code", "000000"},
                                  {"user_code", "AAAA-AAAA"},
                                  {"consent", "approve"}};
  TestBrowser::Fields forged = typed;
  forged["csrf"] = "AAAA";
  forged["memory"] = "AAAA";
  // One that was made for another browser.
  TestBrowser other = signed_in();
  other.get(GetParam());
  TestBrowser::Fields stolen = other.hidden();
  stolen.insert(typed.begin(), typed.end());
  const std::string path = std::string(GetParam()).substr(0, std::string(GetParam()).find('?'));
  for (const TestBrowser::Fields& fields : {typed, forged, stolen}) {
    EXPECT_EQ(browser.post(path, fields), 403);
    EXPECT_EQ(browser.location(), "");
  }
  EXPECT_EQ(browser.get("/oauth2/account"), 200);
  EXPECT_TRUE(browser.shows("Signed in as"));
}

INSTANTIATE_TEST_SUITE_P(Browser, EveryPage,
                         ::testing::Values("/oauth2/account", "/oauth2/password",
                                           "/oauth2/second-factor",
                                           "/oauth2/password-reset?token=x", "/oauth2/device",
                                           "/oauth2/forgotten-password"));

// A session that somebody has planted is none of theirs after a sign-in.
TEST(SessionFixation, ASignInBeginsAnotherSession) {
  TestBrowser attacker(shared());
  attacker.get("/oauth2/account");
  ASSERT_EQ(attacker.sign_in("admin", std::string(admin_password)), 303);
  const std::string planted = attacker.cookies.at(std::string(session_cookie));
  shared().add_user("victim", {});
  TestBrowser victim(shared());
  victim.get("/oauth2/account");
  victim.cookies[std::string(session_cookie)] = planted;
  ASSERT_EQ(victim.sign_in("victim", "password-of-victim"), 303);
  EXPECT_NE(victim.cookies.at(std::string(session_cookie)), planted);
  // What was planted is over, too.
  TestBrowser later(shared());
  later.cookies[std::string(session_cookie)] = planted;
  later.get("/oauth2/account");
  EXPECT_FALSE(later.shows("Signed in as"));
}

}  // namespace
}  // namespace gatehouse::keymanager
