// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/pushed_requests.h"

#include <gmock/gmock.h>

#include "keymanager/browser/test_browser.h"

namespace gatehouse::keymanager {
namespace {

using Fields = TestBrowser::Fields;

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

std::string push_body(const Fields& more = {}) {
  Fields fields{{"redirect_uri", std::string(app_uri)},
                {"response_type", "code"},
                {"scope", "openid"},
                {"state", "pushed"},
                {"code_challenge", std::string(challenge)},
                {"code_challenge_method", "S256"}};
  for (const auto& [name, value] : more) fields[name] = value;
  std::string body;
  for (const auto& [name, value] : fields) body += name + '=' + percent_encode(value) + '&';
  return body;
}

TEST(PushedRequest, IsUsedOnceByItsClient) {
  TestBrowser browser = signed_on();
  const auto pushed = shared().form("/oauth2/par", push_body(), client().pair());
  ASSERT_EQ(pushed.status, 201) << pushed.response.body;
  EXPECT_EQ(number_or(pushed.body, "expires_in", 0), 90);
  const std::string uri = text_or(pushed.body, "request_uri", "");
  const auto target = [&](const TestClient& app) {
    return "/oauth2/authorize?client_id=" + app.id + "&request_uri=" + percent_encode(uri);
  };
  EXPECT_EQ(browser.get(target(browser_client(shared()))), 400);
  EXPECT_EQ(browser.get(target(client())), 302);
  EXPECT_EQ(browser.answer("state"), "pushed");
  EXPECT_EQ(redeem(browser.answer("code")).status, 200);
  EXPECT_EQ(browser.get(target(client())), 400);
}

TEST(PushedRequest, HoldsForNinetySeconds) {
  TestBrowser browser = signed_on();
  const auto pushed = shared().form("/oauth2/par", push_body(), client().pair());
  shared().clock().advance(std::chrono::seconds(90));
  EXPECT_EQ(browser.get("/oauth2/authorize?client_id=" + client().id +
                        "&request_uri=" + percent_encode(text_or(pushed.body, "request_uri", ""))),
            400);
}

TEST(PushedRequest, IsCheckedBeforehand) {
  struct Row {
    const char* name;
    Fields change;
    int status;
    const char* error;
  };
  const Row rows[] = {
      {"other_redirect", {{"redirect_uri", "https://evil.example/"}}, 400, "invalid_request"},
      {"plain", {{"code_challenge_method", "plain"}}, 400, "invalid_request"},
      {"pushed_twice", {{"request_uri", "urn:x"}}, 400, "invalid_request"},
      {"unknown_type", {{"response_type", "x"}}, 400, "unsupported_response_type"}};
  for (const Row& row : rows) {
    const auto answer = shared().form("/oauth2/par", push_body(row.change), client().pair());
    EXPECT_EQ(answer.status, row.status) << row.name;
    EXPECT_EQ(text_or(answer.body, "error", ""), row.error) << row.name;
  }
  EXPECT_EQ(shared().form("/oauth2/par", push_body()).status, 401);
}

TEST(PushedRequest, CanBeTheOnlyWay) {
  const TestClient app =
      browser_client(shared(), {{"require_pushed_authorization_requests", true}});
  TestBrowser browser(shared());
  browser.get(authorize_target(app));
  EXPECT_EQ(browser.answer("error"), "invalid_request");
}

}  // namespace
}  // namespace gatehouse::keymanager
