// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/account_pages.h"

#include "keymanager/browser/test_account_pages.h"
#include "storage/outbox.h"

namespace gatehouse::keymanager {
namespace {

using std::chrono::seconds;

TEST_F(AccountPagesTest, ListAndWithdrawConsents) {
  const TestClient app = browser_client(server_);
  TestBrowser browser(server_);
  browser.get(authorize_target(app));
  browser.sign_in("anna", "password-of-anna");
  browser.submit({{"consent", "approve"}});
  const auto tokens = redeem_code(server_, browser.answer("code"), app);
  const std::string token = text_or(tokens.body, "access_token", "");
  ASSERT_TRUE(server_.validate(token).active);

  browser.get("/oauth2/account");
  EXPECT_TRUE(browser.shows("App &lt;"));
  EXPECT_TRUE(browser.shows("name=\"withdraw\" value=\"" + app.id + "\""));
  EXPECT_EQ(browser.submit({{"withdraw", app.id}}), 303);
  EXPECT_FALSE(server_.validate(token).active);
  browser.get("/oauth2/account");
  EXPECT_TRUE(browser.shows("No application may act for you."));
  browser.get(authorize_target(app, {{"prompt", "none"}}));
  EXPECT_EQ(browser.answer("error"), "consent_required");
}

// Withdrawal reaches what is stored nowhere, and nobody else's.
TEST_F(AccountPagesTest, WithdrawalEndsEveryTokenOfTheUserAtTheClient) {
  const TestClient app = browser_client(server_);
  ASSERT_TRUE(
      server_.databases().api_manager().write([&](storage::Transaction& transaction) -> Result<> {
        storage::ClientStore store(transaction);
        GH_TRY(client, store.find(app.id));
        client.token_type = "JWT";
        return store.update(client);
      }));
  const auto tokens_of = [&](const std::string& user, const TestClient& client) {
    TestBrowser browser(server_);
    browser.get(authorize_target(client));
    browser.sign_in(user, "password-of-" + user);
    browser.submit({{"consent", "approve"}});
    return redeem_code(server_, browser.answer("code"), client);
  };
  server_.add_user("bert", {"Internal/subscriber"});
  const TestClient other = browser_client(server_);
  const auto held = tokens_of("anna", app);
  const auto elsewhere = tokens_of("anna", other);
  const auto of_another = tokens_of("bert", app);
  const auto token = [](const auto& answer) { return text_or(answer.body, "access_token", ""); };
  ASSERT_TRUE(token(held).starts_with("eyJ"));
  const auto refreshed = server_.token(
      "grant_type=refresh_token&refresh_token=" + text_or(held.body, "refresh_token", ""),
      app.pair());
  ASSERT_EQ(refreshed.status, 200);

  TestBrowser browser = open("account");
  EXPECT_EQ(browser.submit({{"withdraw", app.id}}), 303);
  EXPECT_FALSE(server_.validate(token(held)).active);
  EXPECT_FALSE(server_.validate(token(refreshed)).active);
  EXPECT_TRUE(server_.validate(token(elsewhere)).active);
  EXPECT_TRUE(server_.validate(token(of_another)).active);
  const auto again = server_.token(
      "grant_type=refresh_token&refresh_token=" + text_or(refreshed.body, "refresh_token", ""),
      app.pair());
  EXPECT_EQ(text_or(again.body, "error", ""), "invalid_grant");
  // What is agreed to afresh holds; a JWT tells the second in which it was issued.
  server_.clock().advance(seconds(1));
  EXPECT_TRUE(server_.validate(token(tokens_of("anna", app))).active);
}

TEST_F(AccountPagesTest, TakeOnlyTheirOwnForms) {
  for (const char* page : {"account", "password", "second-factor", "password-reset"}) {
    TestBrowser browser = open("account");
    EXPECT_EQ(browser.post(std::string("/oauth2/") + page, {{"withdraw", "x"}}), 403) << page;
  }
  TestBrowser browser = open("password");
  TestBrowser::Fields fields = browser.hidden();
  browser.get("/oauth2/account");
  fields["new_password"] = fields["repeat_password"] = "a long password";
  EXPECT_EQ(browser.post("/oauth2/account", fields), 403);
}

struct ChangeCase {
  const char* name;
  const char* present;
  const char* fresh;
  const char* repeated;
  int status;
};

TEST_F(AccountPagesTest, ChangeThePassword) {
  const ChangeCase rows[] = {
      {"wrong_present", "wrong", "a longer password", "a longer password", 401},
      {"not_repeated", "password-of-anna", "a longer password", "another one", 400},
      {"too_short", "password-of-anna", "short", "short", 400},
      {"empty", "password-of-anna", "", "", 400},
      {"good", "password-of-anna", "a longer password", "a longer password", 200}};
  TestBrowser other = open("account");
  TestBrowser browser = open("password");
  for (const ChangeCase& row : rows) {
    browser.get("/oauth2/password");
    EXPECT_EQ(browser.submit({{"password", row.present},
                              {"new_password", row.fresh},
                              {"repeat_password", row.repeated}}),
              row.status)
        << row.name;
  }
  EXPECT_FALSE(signs_in("password-of-anna"));
  EXPECT_TRUE(signs_in("a longer password"));
  // Who has changed it stays signed on; every other browser does not.
  browser.get("/oauth2/account");
  EXPECT_TRUE(browser.shows("Your account"));
  other.get("/oauth2/account");
  EXPECT_TRUE(other.shows("name=\"password\""));
}

TEST_F(AccountPagesTest, SlowDownWhoGuessesThePresentPassword) {
  TestBrowser browser = open("password");
  const TestBrowser::Fields wrong{{"password", "wrong"},
                                  {"new_password", "a longer password"},
                                  {"repeat_password", "a longer password"}};
  for (std::uint32_t i = 0; i <= name_attempts.free; ++i) {
    EXPECT_EQ(browser.submit(wrong), 401) << i;
  }
  EXPECT_EQ(browser.submit(wrong), 429);
}

// Otherwise whoever guesses elsewhere keeps the user from the one thing that stops him.
TEST_F(AccountPagesTest, ChangeThePasswordAtAKnownDeviceWhileTheAccountIsLocked) {
  const auto change_in = [&](TestBrowser& browser, const std::string& from, const std::string& to) {
    browser.get("/oauth2/password");
    return browser.submit({{"password", from}, {"new_password", to}, {"repeat_password", to}});
  };
  TestBrowser known = open("account");
  TestBrowser unknown = open("account");
  unknown.cookies.erase(std::string(device_cookie));
  const std::string client = server_.client();
  for (int i = 0; i < 10; ++i) {
    server_.token("grant_type=password&username=anna&password=wrong", client);
  }
  EXPECT_EQ(change_in(unknown, "password-of-anna", "a longer password"), 401);
  EXPECT_EQ(change_in(known, "wrong", "a longer password"), 401);
  EXPECT_EQ(change_in(known, "password-of-anna", "a longer password"), 200);
}

TEST_F(AccountPagesTest, ResetThePasswordWithATokenOnce) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const std::string earlier = *change.make_reset("anna");
  const std::string token = *change.make_reset("anna");
  TestBrowser session = open("account");
  TestBrowser browser(server_);
  EXPECT_EQ(browser.get("/oauth2/password-reset?token=" + earlier), 400);
  EXPECT_EQ(browser.get("/oauth2/password-reset"), 400);
  EXPECT_EQ(browser.get("/oauth2/password-reset?token=" + token), 200);
  EXPECT_TRUE(browser.shows("<strong>anna</strong>"));
  EXPECT_EQ(browser.submit({{"new_password", "short"}, {"repeat_password", "short"}}), 400);
  const TestBrowser::Fields fresh{{"new_password", "a fresh password"},
                                  {"repeat_password", "a fresh password"}};
  EXPECT_EQ(browser.submit(fresh), 200);
  EXPECT_TRUE(signs_in("a fresh password"));
  session.get("/oauth2/account");
  EXPECT_TRUE(session.shows("name=\"password\""));
  EXPECT_EQ(browser.get("/oauth2/password-reset?token=" + token), 400);
}

// The process may end, or lose the other database, once the password has changed.
TEST_F(AccountPagesTest, ResetTakesBackWhatTheUserHadAlsoAfterACrash) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const std::string link = "/oauth2/password-reset?token=" + *change.make_reset("anna");
  const std::string form = "grant_type=password&username=anna&password=";
  const auto held = server_.token(form + "password-of-anna", server_.client("JWT"));
  const std::string token = text_or(held.body, "access_token", "");
  ASSERT_TRUE(server_.validate(token).active);
  TestBrowser browser(server_);
  browser.get(link);
  server_.apis().away = storage::WatchedDatabase::Away::for_writes;
  EXPECT_EQ(browser.submit(
                {{"new_password", "a fresh password"}, {"repeat_password", "a fresh password"}}),
            200);
  server_.apis().away = storage::WatchedDatabase::Away::no;
  EXPECT_TRUE(server_.validate(token).active);
  ASSERT_TRUE(storage::drain_outbox(server_.users(), server_.apis(), server_.clock()));
  EXPECT_FALSE(server_.validate(token).active);
  server_.clock().advance(seconds(1));
  const auto fresh = server_.token(form + "a+fresh+password", server_.client("JWT"));
  EXPECT_TRUE(server_.validate(text_or(fresh.body, "access_token", "")).active);
}

TEST_F(AccountPagesTest, ResetTakesBackWhatTheUserHadAtOnce) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const std::string client = server_.client();
  const auto held =
      server_.token("grant_type=password&username=anna&password=password-of-anna", client);
  TestBrowser browser(server_);
  browser.get("/oauth2/password-reset?token=" + *change.make_reset("anna"));
  EXPECT_EQ(browser.submit(
                {{"new_password", "a fresh password"}, {"repeat_password", "a fresh password"}}),
            200);
  EXPECT_FALSE(server_.validate(text_or(held.body, "access_token", "")).active);
  const std::string refresh = text_or(held.body, "refresh_token", "");
  EXPECT_EQ(server_.token("grant_type=refresh_token&refresh_token=" + refresh, client).status, 400);
}

TEST_F(AccountPagesTest, ResetSaysWhenItIsOurFaultThatItFails) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  TestBrowser browser(server_);
  browser.get("/oauth2/password-reset?token=" + *change.make_reset("anna"));
  const TestBrowser::Fields fields = browser.hidden();
  const TestBrowser::Fields typed{{"new_password", "a fresh password"},
                                  {"repeat_password", "a fresh password"}};
  for (const auto away :
       {storage::WatchedDatabase::Away::for_writes, storage::WatchedDatabase::Away::altogether}) {
    server_.users().away = away;
    TestBrowser::Fields all = fields;
    all.insert(typed.begin(), typed.end());
    EXPECT_EQ(browser.post("/oauth2/password-reset", all), 503);
  }
  server_.users().away = storage::WatchedDatabase::Away::no;
  browser.get("/oauth2/password-reset?token=" + *change.make_reset("anna"));
  EXPECT_EQ(browser.submit(typed), 200);
}

TEST_F(AccountPagesTest, ResetThePasswordWithinAnHour) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  const std::string token = *change.make_reset("anna");
  EXPECT_FALSE(change.make_reset("nobody"));
  server_.clock().advance(PasswordChange::reset_lifetime);
  TestBrowser browser(server_);
  EXPECT_EQ(browser.get("/oauth2/password-reset?token=" + token), 400);
}

}  // namespace
}  // namespace gatehouse::keymanager
