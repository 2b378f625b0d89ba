// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/fresh_password.h"

#include "keymanager/browser/test_account_pages.h"

namespace gatehouse::keymanager {
namespace {

using std::chrono::seconds;

// An administrator has given anna a password for the first time.
class FirstPasswordTest : public AccountPagesTest {
 protected:
  FirstPasswordTest() {
    const std::string id = server_.user_id("anna");
    EXPECT_TRUE(server_.users().write([&](storage::Transaction& transaction) {
      return storage::UserStore(transaction, model::first_tenant)
          .set_password_holds(id, storage::PasswordHolds::until_login);
    }));
  }

  static TestBrowser::Fields typed(const std::string& password) {
    return {{"new_password", password}, {"repeat_password", password}};
  }
  bool asks_for_another(const TestBrowser& browser) {
    return browser.page.status == 200 && browser.shows("name=\"new_password\"") &&
           !browser.cookies.contains(std::string(session_cookie));
  }

  // Returns its secret.
  std::string set_up_second_factor() {
    Attempts attempts(server_.clock(), server_.resources().random);
    SecondFactor factor(server_.resources(), attempts);
    std::string secret = factor.make_secret();
    EXPECT_TRUE(factor.enrol(anna(), secret, code_of(secret)));
    server_.clock().advance(seconds(30));
    return secret;
  }
  Account anna() { return *Directory(server_.users()).by_name("anna"); }

  const std::string given_ = "password-of-anna";
};

TEST_F(FirstPasswordTest, OpensNothingButThePageForAnotherOne) {
  const std::string client = server_.client();
  const auto grant = [&](const std::string& password) {
    return server_.token("grant_type=password&username=anna&password=" + password, client);
  };
  const auto basic = [&](const std::string& password) {
    const std::string text = "Basic " + to_base64("anna:" + password);
    return server_.internal("POST", "authenticate", {{"authorization", text}});
  };
  EXPECT_EQ(grant(given_).status, 400);
  EXPECT_EQ(text_or(grant(given_).body, "error", ""), "invalid_grant");
  EXPECT_NE(text_or(grant(given_).body, "error_description", ""),
            text_or(grant("wrong").body, "error_description", ""));
  EXPECT_EQ(basic(given_).status, 401);
  EXPECT_EQ(basic(given_).response.body, basic("wrong").response.body);

  const TestClient app = browser_client(server_);
  TestBrowser browser(server_);
  browser.get(authorize_target(app));
  EXPECT_EQ(browser.sign_in("anna", "wrong"), 401);
  EXPECT_FALSE(browser.shows("name=\"new_password\""));
  browser.sign_in("anna", given_);
  EXPECT_TRUE(asks_for_another(browser));
  struct Case {
    const char* name;
    TestBrowser::Fields fields;
  };
  for (const Case& row :
       {Case{"too_short", typed("short")}, Case{"the_present_one", typed(given_)},
        Case{"the_name", typed("anna")},
        Case{"not_repeated", {{"new_password", "a longer password"}, {"repeat_password", "other"}}},
        Case{"nothing", {}}}) {
    EXPECT_EQ(browser.submit(row.fields), 400) << row.name;
    EXPECT_TRUE(browser.shows("name=\"new_password\"")) << row.name;
  }
  // The page that asked goes on.
  EXPECT_EQ(browser.submit(typed("a longer password")), 200) << browser.page.body;
  EXPECT_TRUE(browser.shows("name=\"consent\" value=\"approve\""));
  EXPECT_EQ(browser.submit({{"consent", "approve"}}), 303);
  EXPECT_EQ(redeem_code(server_, browser.answer("code"), app).status, 200);
  EXPECT_EQ(grant("a+longer+password").status, 200);
  EXPECT_FALSE(signs_in(given_));
  EXPECT_TRUE(signs_in("a longer password"));
}

TEST_F(FirstPasswordTest, IsRefusedAlsoWhileThePairIsRemembered) {
  const std::string id = server_.user_id("anna");
  const auto set = [&](storage::PasswordHolds holds) {
    return server_.users().write([&](storage::Transaction& transaction) {
      return storage::UserStore(transaction, model::first_tenant).set_password_holds(id, holds);
    });
  };
  const auto basic = [&] {
    const std::string text = "Basic " + to_base64("anna:" + given_);
    return server_.internal("POST", "authenticate", {{"authorization", text}}).status;
  };
  ASSERT_TRUE(set(storage::PasswordHolds::until_changed));
  EXPECT_EQ(basic(), 200);
  ASSERT_TRUE(set(storage::PasswordHolds::until_login));
  EXPECT_EQ(basic(), 401);
}

TEST_F(FirstPasswordTest, IsProvedForAShortTimeAndOnce) {
  const auto ask = [&](const std::string& password) {
    TestBrowser browser(server_);
    browser.get("/oauth2/account");
    browser.sign_in("anna", password);
    EXPECT_TRUE(asks_for_another(browser));
    return browser;
  };
  TestBrowser late = ask(given_);
  server_.clock().advance(std::chrono::minutes(10));
  EXPECT_EQ(late.submit(typed("short")), 400);
  server_.clock().advance(std::chrono::minutes(5));
  EXPECT_EQ(late.submit(typed("a longer password")), 401);

  TestBrowser first = ask(given_);
  TestBrowser second = ask(given_);
  EXPECT_EQ(first.submit(typed("a longer password")), 303);
  // What was proved with the password before says nothing of the next one.
  EXPECT_EQ(second.submit(typed("of somebody else")), 401);
  EXPECT_TRUE(signs_in("a longer password"));
}

TEST_F(FirstPasswordTest, ComesAfterTheSecondFactor) {
  const std::string secret = set_up_second_factor();
  TestBrowser browser(server_);
  browser.get("/oauth2/account");
  browser.sign_in("anna", given_);
  EXPECT_FALSE(browser.shows("name=\"new_password\""));
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 200);
  EXPECT_TRUE(asks_for_another(browser));
  EXPECT_EQ(browser.submit(typed("a longer password")), 303);
  const auto rows = server_.databases().api_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT acr FROM am_session WHERE tenant_id = 1");
  });
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().text(0), acr_second_factor);
}

// The page for the code stands on one password and one moment.
TEST_F(FirstPasswordTest, ACodeIsTakenForThePasswordThatWasProvedAndForAShortTime) {
  const std::string secret = set_up_second_factor();
  const auto ask = [&] {
    TestBrowser browser(server_);
    browser.get("/oauth2/account");
    browser.sign_in("anna", given_);
    EXPECT_TRUE(browser.shows("name=\"code\""));
    return browser;
  };
  TestBrowser late = ask();
  server_.clock().advance(std::chrono::minutes(3));
  EXPECT_EQ(late.submit({{"code", "wrong"}}), 401);
  server_.clock().advance(std::chrono::minutes(3));
  EXPECT_EQ(late.submit({{"code", code_of(secret)}}), 401);
  EXPECT_FALSE(late.shows("name=\"code\""));

  TestBrowser browser = ask();
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  ASSERT_TRUE(change.change(anna(), "a longer password"));
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 401);
  EXPECT_FALSE(browser.shows("name=\"code\""));
}

TEST_F(FirstPasswordTest, ASecondFactorThatIsSetUpMeanwhileIsAskedFor) {
  TestBrowser browser(server_);
  browser.get("/oauth2/account");
  browser.sign_in("anna", given_);
  EXPECT_TRUE(asks_for_another(browser));
  set_up_second_factor();
  EXPECT_EQ(browser.submit(typed("a longer password")), 401);
  EXPECT_TRUE(server_->passwords().matches(given_, anna().user.password).value());
}

TEST_F(FirstPasswordTest, IsReplacedByOneOfTwoAtOnce) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const Account before = anna();
  EXPECT_TRUE(change.change(before, "a longer password"));
  EXPECT_EQ(change.change(before, "of somebody else").error().code, ErrorCode::conflict);
}

TEST_F(FirstPasswordTest, IsReplacedByALinkToo) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const std::string link = "/oauth2/password-reset?token=" + *change.make_reset("anna");
  TestBrowser browser(server_);
  browser.get(link);
  EXPECT_EQ(browser.submit(typed(given_)), 400);
  EXPECT_EQ(browser.submit(typed("a longer password")), 200);
  EXPECT_TRUE(signs_in("a longer password"));
}

}  // namespace
}  // namespace gatehouse::keymanager
