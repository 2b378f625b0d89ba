// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/second_factor.h"
#include "keymanager/browser/test_account_pages.h"

namespace gatehouse::keymanager {
namespace {

using std::chrono::seconds;

class SecondFactorPagesTest : public AccountPagesTest {};

TEST_F(SecondFactorPagesTest, SetUpTheSecondFactorOnlyWithCodeAndPassword) {
  TestBrowser browser = open("second-factor");
  EXPECT_TRUE(browser.shows("<svg class=\"qr\""));
  const std::string secret = secret_of(browser);
  ASSERT_EQ(secret.size(), totp_secret_size);
  EXPECT_EQ(browser.submit({{"code", "000000"}, {"password", "password-of-anna"}}), 400);
  EXPECT_EQ(secret_of(browser), secret);
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}, {"password", "wrong"}}), 400);
  EXPECT_TRUE(signs_in("password-of-anna"));
}

TEST_F(SecondFactorPagesTest, ThePasswordAloneOpensNothingBesideASecondFactor) {
  const std::string client = server_.client();
  const std::string form = "grant_type=password&username=anna&password=password-of-anna";
  const std::string basic = "Basic " + to_base64("anna:password-of-anna");
  const auto status_of_basic = [&] {
    return server_.internal("POST", "authenticate", {{"authorization", basic}}).status;
  };
  EXPECT_EQ(server_.token(form, client).status, 200);
  EXPECT_EQ(status_of_basic(), 200);
  enrol();
  const auto refused = server_.token(form, client);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(text_or(refused.body, "error", ""), "invalid_grant");
  // Also while the pair is remembered.
  EXPECT_EQ(status_of_basic(), 401);
}

// Nobody tells this process that another one has switched it on.
TEST_F(SecondFactorPagesTest, ARememberedPasswordOpensNothingOnceAnotherNodeKnowsASecondFactor) {
  const std::string basic = "Basic " + to_base64("anna:password-of-anna");
  const auto status_of_basic = [&] {
    return server_.internal("POST", "authenticate", {{"authorization", basic}}).status;
  };
  EXPECT_EQ(status_of_basic(), 200);
  const Account anna = *Directory(server_.users()).by_name("anna");
  Attempts attempts(server_.clock(), server_.resources().random);
  SecondFactor elsewhere(server_.resources(), attempts);
  const std::string secret = elsewhere.make_secret();
  ASSERT_TRUE(elsewhere.enrol(anna, secret, code_of(secret)));
  EXPECT_EQ(status_of_basic(), 401);
  ASSERT_TRUE(elsewhere.remove(anna));
  EXPECT_EQ(status_of_basic(), 200);
}

TEST_F(SecondFactorPagesTest, AskForTheSecondFactorAtSignIn) {
  const std::string secret = enrol();
  const TestClient app = browser_client(server_);
  TestBrowser browser(server_);
  browser.get(authorize_target(app));
  EXPECT_EQ(browser.sign_in("anna", "password-of-anna"), 200);
  EXPECT_TRUE(browser.shows("name=\"code\""));
  EXPECT_FALSE(browser.cookies.contains(std::string(session_cookie)));
  // The code that has set it up was seen once already.
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 401);
  server_.clock().advance(seconds(30));
  const std::string code = code_of(secret);
  EXPECT_EQ(browser.submit({{"code", code.substr(0, 3) + " " + code.substr(3)}}), 200);
  EXPECT_TRUE(browser.shows("name=\"consent\" value=\"approve\""));
  EXPECT_EQ(browser.submit({{"consent", "approve"}}), 303);

  TestBrowser replay(server_);
  replay.get(authorize_target(app));
  replay.sign_in("anna", "password-of-anna");
  EXPECT_EQ(replay.submit({{"code", code}}), 401);
}

TEST_F(SecondFactorPagesTest, TellHowTheUserSignedOn) {
  const std::string secret = enrol();
  server_.clock().advance(seconds(30));
  const TestClient app = browser_client(server_);
  TestBrowser browser(server_);
  browser.get(authorize_target(app));
  browser.sign_in("anna", "password-of-anna");
  browser.submit({{"code", code_of(secret)}});
  browser.submit({{"consent", "approve"}});
  const auto rows = server_.databases().api_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT document FROM am_authorization_code WHERE tenant_id = 1");
  });
  ASSERT_EQ(rows->size(), 1U);
  const CodeTerms terms = code_terms_from(*parse_json_object(rows->front().text(0)));
  EXPECT_EQ(terms.sign_on.acr, acr_second_factor);
  EXPECT_EQ(terms.sign_on.amr, (std::vector<std::string>{"pwd", "otp", "mfa"}));
  EXPECT_EQ(terms.sign_on.at, server_.clock().now());
}

TEST_F(SecondFactorPagesTest, StepUpToTheSecondFactorWhenAskedFor) {
  const TestClient app = browser_client(server_);
  TestBrowser browser(server_);
  browser.get(authorize_target(app));
  browser.sign_in("anna", "password-of-anna");
  browser.submit({{"consent", "approve"}});
  // Nobody can give what he does not have; the wish is voluntary.
  EXPECT_EQ(browser.get(authorize_target(app, {{"acr_values", "2"}})), 302);
  enrol();
  EXPECT_EQ(browser.get(authorize_target(app, {{"acr_values", "1"}})), 302);
  EXPECT_EQ(browser.get(authorize_target(app, {{"acr_values", "2"}})), 200);
  EXPECT_TRUE(browser.shows("name=\"password\""));
}

TEST_F(SecondFactorPagesTest, TakeEachRecoveryCodeOnce) {
  std::vector<std::string> codes;
  enrol(&codes);
  ASSERT_EQ(codes.size(), recovery_codes_count);
  const auto enter = [&](const std::string& code) {
    TestBrowser browser(server_);
    browser.get("/oauth2/account");
    browser.sign_in("anna", "password-of-anna");
    return browser.submit({{"code", code}});
  };
  EXPECT_EQ(enter(codes[0]), 303);
  EXPECT_EQ(enter(codes[0]), 401);
  EXPECT_EQ(enter("  " + codes[1] + " "), 303);
  const auto rows = server_.databases().user_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT hash FROM um_recovery_code WHERE tenant_id = 1");
  });
  EXPECT_EQ(rows->size(), recovery_codes_count - 2);
}

TEST_F(SecondFactorPagesTest, SlowDownWhoGuessesCodes) {
  enrol();
  TestBrowser browser(server_);
  browser.get("/oauth2/account");
  browser.sign_in("anna", "password-of-anna");
  for (std::uint32_t i = 0; i <= code_attempts.free; ++i) {
    EXPECT_EQ(browser.submit({{"code", "123456"}}), 401) << i;
  }
  EXPECT_EQ(browser.submit({{"code", "123456"}}), 429);
}

TEST_F(SecondFactorPagesTest, HoldThePasswordForAShortTimeOnly) {
  const std::string secret = enrol();
  TestBrowser browser(server_);
  browser.get("/oauth2/account");
  browser.sign_in("anna", "password-of-anna");
  server_.clock().advance(std::chrono::minutes(5));
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 401);
  EXPECT_TRUE(browser.shows("name=\"username\""));
}

TEST_F(SecondFactorPagesTest, SwitchOffTheSecondFactorWithACode) {
  const std::string secret = enrol();
  server_.clock().advance(seconds(30));
  TestBrowser browser(server_);
  browser.get("/oauth2/second-factor");
  browser.sign_in("anna", "password-of-anna");
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 303);
  EXPECT_EQ(browser.get("/oauth2/second-factor"), 200);
  EXPECT_TRUE(browser.shows("Recovery codes left: 10."));
  EXPECT_EQ(browser.submit({{"code", "000000"}}), 400);
  server_.clock().advance(seconds(30));
  EXPECT_EQ(browser.submit({{"code", code_of(secret)}}), 200);
  EXPECT_TRUE(signs_in("password-of-anna"));
}

TEST_F(SecondFactorPagesTest, KeepTheSecretSealed) {
  const std::string secret = enrol();
  const auto rows = server_.databases().user_manager().read([](storage::Transaction& transaction) {
    return transaction.query("SELECT sealed FROM um_second_factor WHERE tenant_id = 1");
  });
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().bytes(0).find(secret), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::keymanager
