// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/forgotten_password.h"

#include <gmock/gmock.h>

#include <condition_variable>

#include "keymanager/browser/test_browser.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::keymanager {
namespace {

// Takes mails, and waits for as many as are expected.
class Mailbox {
 public:
  Options options() {
    Options options = quick_options();
    options.mail_from = "gatehouse@example.com";
    options.send_mail = [this](const mail::Message& message, const std::stop_token&) -> Result<> {
      const std::lock_guard lock(mutex_);
      mails_.push_back(message);
      come_.notify_all();
      return {};
    };
    return options;
  }
  std::vector<mail::Message> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    come_.wait(lock, [&] { return mails_.size() >= count; });
    return mails_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable come_;
  std::vector<mail::Message> mails_;
};

class ForgottenPasswordTest : public ::testing::Test {
 protected:
  ForgottenPasswordTest() {
    server_.add_user("anna", {"Internal/subscriber"});
    server_.add_user("mute", {});
    set_email("anna", "anna@example.com");
  }

  void set_email(const std::string& name, const std::string& email) {
    ASSERT_TRUE(server_.databases().user_manager().write(
        [&](storage::Transaction& transaction) -> Result<> {
          storage::UserStore users(transaction, 1);
          GH_TRY(user, users.find_by_name(name));
          user.email = email;
          return users.update(user, {"", {}});
        }));
  }
  // The status, after a mail for `name` was asked for from `address`.
  int ask(const std::string& name, const std::string& address = "192.0.2.1") {
    TestBrowser browser(server_, address);
    EXPECT_EQ(browser.get("/oauth2/forgotten-password"), 200);
    const int status = browser.submit({{"username", name}});
    answer_ = browser.page.body;
    return status;
  }
  static std::string path_of_link(const mail::Message& message) {
    const std::size_t begin = message.text.find("/oauth2/password-reset?token=");
    return message.text.substr(begin, message.text.find('\n', begin) - begin);
  }
  bool signs_in(const std::string& password) {
    TestBrowser browser(server_);
    browser.get("/oauth2/account");
    return browser.sign_in("anna", password) == 303;
  }

  Mailbox mailbox_;
  TestKeyManager server_{mailbox_.options()};
  std::string answer_;
};

TEST_F(ForgottenPasswordTest, ALinkComesByMailAndHoldsOnce) {
  EXPECT_EQ(ask("Anna"), 200);
  const mail::Message mail = mailbox_.wait(1).front();
  EXPECT_EQ(mail.to, "anna@example.com");
  EXPECT_EQ(mail.from, "gatehouse@example.com");
  EXPECT_THAT(mail.text, ::testing::HasSubstr("https://localhost:9443/oauth2/password-reset"));
  TestBrowser browser(server_);
  ASSERT_EQ(browser.get(path_of_link(mail)), 200);
  ASSERT_EQ(browser.submit({{"new_password", "fresh words for anna"},
                            {"repeat_password", "fresh words for anna"}}),
            200);
  EXPECT_TRUE(signs_in("fresh words for anna"));
  EXPECT_FALSE(signs_in("password-of-anna"));
  EXPECT_EQ(browser.get(path_of_link(mail)), 400);
}

TEST_F(ForgottenPasswordTest, ALinkEndsTheTokensThatThePasswordGave) {
  const std::string client = server_.client();
  const auto tokens =
      server_.token("grant_type=password&username=anna&password=password-of-anna", client);
  ASSERT_EQ(tokens.status, 200);
  const std::string refresh = text_or(tokens.body, "refresh_token", "");
  ask("anna");
  TestBrowser browser(server_);
  browser.get(path_of_link(mailbox_.wait(1).front()));
  browser.submit(
      {{"new_password", "fresh words for anna"}, {"repeat_password", "fresh words for anna"}});
  EXPECT_EQ(server_.token("grant_type=refresh_token&refresh_token=" + refresh, client).status, 400);
}

TEST_F(ForgottenPasswordTest, NobodyLearnsWhoHasAnAccount) {
  ASSERT_TRUE(
      server_.databases().user_manager().write([](storage::Transaction& transaction) -> Result<> {
        storage::UserStore users(transaction, 1);
        return users.insert({.id = "elsewhere", .name = "elsewhere", .email = "e@example.com"});
      }));
  EXPECT_EQ(ask("nobody"), 200);
  const std::string unknown = answer_.substr(answer_.find("<main"));
  for (const char* name : {"mute", "elsewhere", "*", "anna\r\nBcc: x@example.com", "anna"}) {
    EXPECT_EQ(ask(name), 200);
    EXPECT_EQ(answer_.substr(answer_.find("<main")), unknown) << name;
  }
  // Only the last one has a mail, and it is the first that comes.
  EXPECT_EQ(mailbox_.wait(1).front().to, "anna@example.com");
}

TEST_F(ForgottenPasswordTest, AnAddressThatIsNoneGetsNothing) {
  set_email("mute", "mute@example.com\r\nBcc: all@example.com");
  EXPECT_EQ(ask("mute"), 200);
  EXPECT_EQ(ask("anna"), 200);
  EXPECT_EQ(mailbox_.wait(1).front().to, "anna@example.com");
}

TEST_F(ForgottenPasswordTest, WhoAsksOftenWaits) {
  for (const char* name : {"anna", "nobody"}) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(ask(name, "192.0.2.7"), 200) << name;
    // However the name is written.
    EXPECT_EQ(ask(name, "192.0.2.8"), 429) << name;
    EXPECT_EQ(ask(std::string(name) + "@carbon.super", "192.0.2.8"), 429) << name;
    server_.clock().advance(std::chrono::minutes(1));
    EXPECT_EQ(ask(name, "192.0.2.7"), 200) << name;
    EXPECT_EQ(ask(name, "192.0.2.7"), 429) << name;
  }
  for (int i = 0; i < 21; ++i) ask("user" + std::to_string(i), "192.0.2.9");
  EXPECT_EQ(ask("one more", "192.0.2.9"), 429);
}

TEST_F(ForgottenPasswordTest, AFormOfAnotherSiteIsRefused) {
  TestBrowser browser(server_);
  browser.get("/oauth2/forgotten-password");
  EXPECT_EQ(browser.post("/oauth2/forgotten-password", {{"username", "anna"}}), 403);
}

TEST(ForgottenPassword, IsNotThereWithoutAMailServer) {
  TestKeyManager server;
  TestBrowser browser(server);
  EXPECT_EQ(browser.get("/oauth2/forgotten-password"), 400);
  browser.get("/oauth2/account");
  EXPECT_FALSE(browser.shows("forgotten-password"));
}

TEST_F(ForgottenPasswordTest, AdministratorsAskForLinks) {
  const json::object user{{"tenant", 1}, {"user_id", server_.user_id("anna")}};
  const auto link = server_.internal("POST", "password-reset", user);
  ASSERT_EQ(link.status, 201);
  TestBrowser browser(server_);
  const std::string url = text_or(link.body, "link", "");
  EXPECT_EQ(browser.get(url.substr(url.find("/oauth2"))), 200);
  json::object mailed = user;
  mailed["mail"] = true;
  const auto sent = server_.internal("POST", "password-reset", mailed);
  EXPECT_EQ(sent.status, 201);
  EXPECT_FALSE(sent.body.contains("link"));
  EXPECT_EQ(mailbox_.wait(1).front().to, "anna@example.com");
  mailed["user_id"] = server_.user_id("mute");
  EXPECT_EQ(server_.internal("POST", "password-reset", mailed).status, 400);
  EXPECT_EQ(server_.internal("POST", "password-reset", {{"tenant", 2}, {"user_id", "x"}}).status,
            404);
}

TEST_F(ForgottenPasswordTest, APasswordOfADirectoryIsNotSetHere) {
  ASSERT_TRUE(
      server_.databases().user_manager().write([](storage::Transaction& transaction) -> Result<> {
        storage::UserStore users(transaction, 1);
        GH_CHECK(users.insert({.id = "there", .name = "there", .email = "t@example.com"}));
        return storage::UserStoreSettings(transaction, 1).link({"store", "1"}, "there");
      }));
  EXPECT_EQ(
      server_.internal("POST", "password-reset", {{"tenant", 1}, {"user_id", "there"}}).status,
      409);
}

}  // namespace
}  // namespace gatehouse::keymanager
