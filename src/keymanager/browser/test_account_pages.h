// SPDX-License-Identifier: Apache-2.0
//
// A user, anna, and what she does with the pages of her account; for tests of these pages.
//
// Thread:  one.
#pragma once

#include "keymanager/browser/account_pages.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/test_browser.h"
#include "keymanager/browser/totp.h"

namespace gatehouse::keymanager {

class AccountPagesTest : public ::testing::Test {
 protected:
  AccountPagesTest() { server_.add_user("anna", {"Internal/subscriber"}); }

  // A page of the account, with a session of anna.
  TestBrowser open(const std::string& page, const std::string& password = "password-of-anna") {
    TestBrowser browser(server_);
    EXPECT_EQ(browser.get("/oauth2/" + page), 200);
    EXPECT_EQ(browser.sign_in("anna", password), 303);
    EXPECT_EQ(browser.location(), page);
    EXPECT_EQ(browser.get("/oauth2/" + page), 200);
    return browser;
  }
  bool signs_in(const std::string& password) {
    TestBrowser browser(server_);
    browser.get("/oauth2/account");
    return browser.sign_in("anna", password) == 303;
  }

  // The secret on the page that sets up the second factor.
  static std::string secret_of(const TestBrowser& browser) {
    const std::size_t begin = browser.page.body.find("<code>") + 6;
    const std::string text =
        browser.page.body.substr(begin, browser.page.body.find('<', begin) - begin);
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
      bits = bits << 5U | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
      count += 5;
      if (count < 8) continue;
      count -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
    return bytes;
  }
  std::string code_of(const std::string& secret) {
    return totp_code(secret, totp_step(server_.clock().now()));
  }
  // Sets up the second factor of anna; returns its secret.
  std::string enrol(std::vector<std::string>* recovery = nullptr) {
    TestBrowser browser = open("second-factor");
    std::string secret = secret_of(browser);
    EXPECT_EQ(browser.submit({{"code", code_of(secret)}, {"password", "password-of-anna"}}), 200)
        << browser.page.body;
    EXPECT_TRUE(browser.shows("Recovery codes"));
    if (recovery != nullptr) {
      std::string_view rest = browser.page.body;
      for (std::size_t at = 0; (at = rest.find("<li>")) != std::string_view::npos;) {
        rest.remove_prefix(at + 4);
        recovery->emplace_back(rest.substr(0, rest.find('<')));
      }
    }
    return secret;
  }

  TestKeyManager server_;
};

}  // namespace gatehouse::keymanager
