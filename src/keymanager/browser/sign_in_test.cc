// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/sign_in.h"

#include <gmock/gmock.h>

#include "keymanager/browser/cookies.h"
#include "keymanager/browser/password_change.h"
#include "keymanager/browser/test_browser.h"

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

TEST(SignInPage, AsksForNameAndPasswordAndThenForConsent) {
  const TestClient app = browser_client(shared());
  TestBrowser browser(shared());
  EXPECT_EQ(browser.get(authorize_target(app, {{"scope", "openid profile nonsense"}})), 200);
  for (const char* part : {"<label for=\"username\">", "<label for=\"password\">",
                           "name=\"username\"", "name=\"password\"", "name=\"csrf\"",
                           "method=\"post\"", "action=\"authorize\"", "App &lt;"}) {
    EXPECT_TRUE(browser.shows(part)) << part;
  }
  EXPECT_FALSE(browser.shows("App <"));
  EXPECT_FALSE(browser.shows("<script"));
  EXPECT_THAT(std::string(browser.page.headers.value_or("Content-Security-Policy", "")),
              HasSubstr("form-action 'self' https://app.example;"));
  EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 200);
  for (const char* part : {"name=\"consent\" value=\"approve\"", "name=\"consent\" value=\"deny\"",
                           "<small>openid</small>", "<small>profile</small>"}) {
    EXPECT_TRUE(browser.shows(part)) << part;
  }
  EXPECT_FALSE(browser.shows("nonsense"));
  EXPECT_EQ(browser.submit({{"consent", "approve"}}), 303);
  EXPECT_THAT(browser.location(), StartsWith(fmt::format("{}?code=", app_uri)));
  EXPECT_EQ(browser.answer("state"), "s&1");
  EXPECT_EQ(browser.answer("iss"), "https://localhost:9443/oauth2/token");
}

TEST(SignInPage, SetsCookiesThatOnlyWeRead) {
  TestBrowser browser(shared());
  browser.get(authorize_target(client()));
  const auto check = [&](std::string_view name) {
    for (const auto& [header, value] : browser.page.headers) {
      if (header != "Set-Cookie" || !value.starts_with(name)) continue;
      EXPECT_THAT(value, HasSubstr("; Path=/; Secure; HttpOnly; SameSite=Lax"));
      EXPECT_THAT(value, Not(HasSubstr("Domain")));
      return true;
    }
    return false;
  };
  EXPECT_TRUE(check(form_cookie));
  browser.sign_in("admin", std::string(admin_password));
  EXPECT_TRUE(check(session_cookie));
  EXPECT_TRUE(check(device_cookie));
}

TEST(SignInPage, EscapesWhatTheRequestSays) {
  TestBrowser browser(shared());
  browser.get(authorize_target(client(), {{"login_hint", "\"><script>alert(1)</script>"}}));
  EXPECT_TRUE(browser.shows("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""));
  EXPECT_FALSE(browser.shows("<script>"));
}

TEST(SignInPage, SaysTheSameOfWhoIsUnknownAndWhoIsWrong) {
  shared().add_user("hugo", {"Internal/subscriber"});
  std::set<std::string> answers;
  for (const auto& [name, password] : {std::pair("hugo", "wrong"), std::pair("nobody", "wrong")}) {
    TestBrowser browser(shared());
    browser.get(authorize_target(client()));
    EXPECT_EQ(browser.sign_in(name, password), 401);
    EXPECT_FALSE(browser.cookies.contains(std::string(session_cookie)));
    std::string page = browser.page.body;
    for (const auto& [field, value] : browser.hidden())
      page.replace(page.find(value), value.size(), "");
    page.replace(page.find(name), std::string(name).size(), "NAME");
    answers.insert(page);
  }
  EXPECT_EQ(answers.size(), 1U);
}

TEST(SignInPage, SlowsDownWhoGuesses) {
  TestKeyManager server;
  const TestClient app = browser_client(server);
  for (const std::string name : {"admin", "nobody"}) {
    TestBrowser browser(server);
    browser.get(authorize_target(app));
    for (std::uint32_t i = 0; i <= name_attempts.free; ++i) {
      EXPECT_EQ(browser.sign_in(name, "wrong"), 401) << i;
    }
    // Also the right password waits, and from every address.
    TestBrowser other(server, "192.0.2.77");
    other.get(authorize_target(app));
    EXPECT_EQ(other.sign_in(name, std::string(admin_password)), 429);
    EXPECT_EQ(other.page.headers.value_or("Retry-After", ""), "2");
  }
  server.clock().advance(std::chrono::seconds(3));
  TestBrowser browser(server);
  browser.get(authorize_target(app));
  EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 200);
}

// Whether he exists or not, and neither counts as a wrong try.
TEST(SignInPage, SaysThatPasswordsWait) {
  Options options = quick_options();
  options.hash_turns = {.at_once = 1, .waiting_max = 0};
  TestKeyManager server(options);
  const TestClient app = browser_client(server);
  TestBrowser browser(server);
  const auto sign_in = [&](const std::string& name) {
    browser.get(authorize_target(app));
    return browser.sign_in(name, std::string(admin_password));
  };
  {
    const Result<HashTurns::Turn> taken = server->passwords().turns().take();
    ASSERT_TRUE(taken);
    for (std::uint32_t i = 0; i <= name_attempts.free; ++i) {
      for (const char* name : {"admin", "nobody"}) {
        EXPECT_EQ(sign_in(name), 503) << name;
        EXPECT_EQ(browser.page.headers.value_or("Retry-After", ""), "1");
        EXPECT_TRUE(browser.shows("Please try again in a moment."));
      }
    }
  }
  EXPECT_EQ(sign_in("admin"), 200);
}

TEST(SignInPage, SlowsDownAnAddress) {
  TestKeyManager server;
  const TestClient app = browser_client(server);
  TestBrowser browser(server, "192.0.2.9");
  browser.get(authorize_target(app));
  for (std::uint32_t i = 0; i <= address_attempts.free; ++i) {
    EXPECT_EQ(browser.sign_in("user" + std::to_string(i), "wrong"), 401) << i;
  }
  EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 429);
  TestBrowser other(server, "192.0.2.10");
  other.get(authorize_target(app));
  EXPECT_EQ(other.sign_in("admin", std::string(admin_password)), 200);
}

// A stranger who guesses shuts out strangers, not the owner of the account.
class KnownDevice : public ::testing::Test {
 protected:
  KnownDevice() {
    server_.add_user("anna", {});
    server_.add_user("otto", {});
    EXPECT_EQ(sign_in(own_, "anna", "password-of-anna"), 303);
    own_.cookies.erase(std::string(session_cookie));
  }
  static int sign_in(TestBrowser& browser, const std::string& name, const std::string& password) {
    browser.get("/oauth2/account");
    return browser.sign_in(name, password);
  }
  // Until the name's door is closed and its account is locked.
  void guess(const std::string& name) {
    TestBrowser stranger(server_, "198.51.100.1");
    for (std::uint32_t i = 0; i <= name_attempts.free; ++i) {
      EXPECT_EQ(sign_in(stranger, name, "guess"), 401);
    }
    for (int i = 0; i < 10; ++i) {
      server_.token("grant_type=password&username=" + name + "&password=guess", client_);
    }
  }

  TestKeyManager server_;
  const std::string client_ = server_.client();
  TestBrowser own_{server_, "192.0.2.50"};
};

TEST_F(KnownDevice, SignsInWhateverStrangersTry) {
  guess("anna");
  TestBrowser fresh(server_, "192.0.2.51");
  EXPECT_EQ(sign_in(fresh, "anna", "password-of-anna"), 429);
  EXPECT_EQ(sign_in(own_, "ANNA", "password-of-anna"), 303);
  // That opens the door for nobody else, and not the account behind it.
  EXPECT_EQ(sign_in(fresh, "anna", "password-of-anna"), 429);
  server_.clock().advance(std::chrono::seconds(3));
  EXPECT_EQ(sign_in(fresh, "anna", "password-of-anna"), 401);
}

TEST_F(KnownDevice, NeedsThePasswordAndHasLimitsOfItsOwn) {
  for (std::uint32_t i = 0; i <= name_attempts.free; ++i) {
    EXPECT_EQ(sign_in(own_, "anna", "wrong"), 401);
  }
  EXPECT_EQ(sign_in(own_, "anna", "password-of-anna"), 429);
  // Its wrong tries are not the account's.
  TestBrowser fresh(server_, "192.0.2.51");
  EXPECT_EQ(sign_in(fresh, "anna", "password-of-anna"), 303);
}

TEST_F(KnownDevice, IsKnownForOneUserAlone) {
  guess("otto");
  EXPECT_NE(sign_in(own_, "otto", "password-of-otto"), 303);
  TestBrowser forged(server_, "192.0.2.51");
  for (const std::string text : {"AAAA", "x y", ""}) {
    forged.cookies[std::string(device_cookie)] = text;
    EXPECT_NE(sign_in(forged, "otto", "password-of-otto"), 303);
  }
}

TEST_F(KnownDevice, EndsWithThePasswordAndWithTime) {
  const Directory directory(server_.resources().users);
  PasswordChange change(server_.resources(), directory, server_->passwords());
  ASSERT_TRUE(change.change(*directory.by_name("anna"), "fresh words for anna"));
  guess("anna");
  EXPECT_NE(sign_in(own_, "anna", "fresh words for anna"), 303);
  server_.clock().advance(std::chrono::hours(2));
  EXPECT_EQ(sign_in(own_, "anna", "fresh words for anna"), 303);
  server_.clock().advance(KnownDevices::lifetime);
  guess("anna");
  EXPECT_NE(sign_in(own_, "anna", "fresh words for anna"), 303);
}

struct ForgeryCase {
  const char* name;
  std::function<void(TestBrowser&, Fields&)> spoil;
};

class Forgery : public ::testing::TestWithParam<ForgeryCase> {};

TEST_P(Forgery, OfAPageIsRefused) {
  for (const bool signs_in : {false, true}) {
    TestBrowser browser(shared());
    browser.get(authorize_target(browser_client(shared())));
    if (signs_in) browser.sign_in("admin", std::string(admin_password));
    Fields fields = browser.hidden();
    if (signs_in) {
      fields["consent"] = "approve";
    } else {
      fields["username"] = "admin";
      fields["password"] = admin_password;
    }
    GetParam().spoil(browser, fields);
    EXPECT_EQ(browser.post("/oauth2/authorize", fields), 403) << signs_in;
    EXPECT_EQ(browser.location(), "");
  }
}

void flip(std::string& text) { text[text.size() / 2] = text[text.size() / 2] == 'A' ? 'B' : 'A'; }

INSTANTIATE_TEST_SUITE_P(
    Owasp, Forgery,
    ::testing::Values(
        ForgeryCase{"without_proof", [](TestBrowser&, Fields& fields) { fields.erase("csrf"); }},
        ForgeryCase{"without_memory", [](TestBrowser&, Fields& fields) { fields.erase("memory"); }},
        ForgeryCase{"without_both",
                    [](TestBrowser&, Fields& fields) {
                      fields.erase("memory");
                      fields.erase("csrf");
                    }},
        ForgeryCase{"changed_proof", [](TestBrowser&, Fields& fields) { flip(fields["csrf"]); }},
        ForgeryCase{"changed_memory", [](TestBrowser&, Fields& fields) { flip(fields["memory"]); }},
        ForgeryCase{"swapped",
                    [](TestBrowser&, Fields& fields) { fields["csrf"] = fields["memory"]; }},
        ForgeryCase{"proof_of_another_form",
                    [](TestBrowser& browser, Fields& fields) {
                      browser.get(authorize_target(client(), {{"state", "other"}}));
                      const Fields other = browser.hidden();
                      if (other.contains("csrf")) fields["csrf"] = other.at("csrf");
                      if (!other.contains("csrf")) fields.erase("csrf");
                    }},
        ForgeryCase{"of_another_page",
                    [](TestBrowser& browser, Fields& fields) {
                      browser.get("/oauth2/device");
                      fields["csrf"] = browser.hidden()["csrf"];
                      fields["memory"] = browser.hidden()["memory"];
                    }},
        ForgeryCase{"from_another_browser",
                    [](TestBrowser& browser, Fields&) {
                      TestBrowser other(shared());
                      other.get(authorize_target(client()));
                      browser.cookies[std::string(form_cookie)] =
                          other.cookies[std::string(form_cookie)];
                    }},
        ForgeryCase{
            "without_cookie",
            [](TestBrowser& browser, Fields&) { browser.cookies.erase(std::string(form_cookie)); }},
        ForgeryCase{"too_late",
                    [](TestBrowser&, Fields&) {
                      shared().clock().advance(FormGuard::lifetime + std::chrono::seconds(1));
                    }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ConsentPage, IsAskedOnceForEachScope) {
  TestBrowser browser = signed_on();
  EXPECT_EQ(browser.get(authorize_target(client())), 302);
  EXPECT_NE(browser.answer("code"), "");
  EXPECT_EQ(browser.get(authorize_target(client(), {{"scope", "openid email"}})), 200);
  EXPECT_TRUE(browser.shows("<small>email</small>"));
  browser.submit({{"consent", "approve"}});
  EXPECT_EQ(browser.get(authorize_target(client(), {{"scope", "email"}})), 302);
  EXPECT_EQ(browser.get(authorize_target(client(), {{"prompt", "consent"}})), 200);
  EXPECT_EQ(browser.get(authorize_target(browser_client(shared()), {{"prompt", "none"}})), 302);
  EXPECT_EQ(browser.answer("error"), "consent_required");
}

TEST(ConsentPage, TakesANo) {
  TestBrowser browser(shared());
  browser.get(authorize_target(browser_client(shared())));
  browser.sign_in("admin", std::string(admin_password));
  EXPECT_EQ(browser.submit({{"consent", "deny"}}), 303);
  EXPECT_EQ(browser.answer("error"), "access_denied");
  EXPECT_EQ(browser.answer("state"), "s&1");
}

TEST(ConsentPage, IsNotTakenFromTheNextUser) {
  shared().add_user("olga", {"Internal/subscriber"});
  const TestClient app = browser_client(shared());
  TestBrowser browser(shared());
  browser.get(authorize_target(app));
  browser.sign_in("admin", std::string(admin_password));
  const Fields consent = browser.hidden();
  browser.get(authorize_target(app, {{"prompt", "login"}}));
  browser.sign_in("olga", "password-of-olga");
  Fields fields = consent;
  fields["consent"] = "approve";
  EXPECT_EQ(browser.post("/oauth2/authorize", fields), 200);
  EXPECT_TRUE(browser.shows("name=\"password\""));
}

struct EndCase {
  const char* name;
  std::function<void(TestKeyManager&)> end;
};

class SessionEnd : public ::testing::TestWithParam<EndCase> {};

TEST_P(SessionEnd, IsSeenAtOnce) {
  TestKeyManager server;
  server.add_user("ida", {"Internal/subscriber"});
  const TestClient app = browser_client(server);
  TestBrowser browser(server);
  browser.get(authorize_target(app));
  browser.sign_in("ida", "password-of-ida");
  ASSERT_EQ(browser.submit({{"consent", "approve"}}), 303);
  browser.get(authorize_target(app, {{"prompt", "none"}}));
  ASSERT_NE(browser.answer("code"), "");
  GetParam().end(server);
  browser.get(authorize_target(app, {{"prompt", "none"}}));
  EXPECT_EQ(browser.answer("error"), "login_required");
}

void write_user(TestKeyManager& server,
                const std::function<Result<>(storage::UserStore&, const storage::User&)>& change) {
  GH_ASSERT(server.databases()
                .user_manager()
                .write([&](storage::Transaction& transaction) -> Result<> {
                  storage::UserStore store(transaction, model::first_tenant);
                  GH_TRY(user, store.find_by_name("ida"));
                  return change(store, user);
                })
                .has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SessionEnd,
    ::testing::Values(
        EndCase{"idle",
                [](TestKeyManager& server) { server.clock().advance(std::chrono::minutes(31)); }},
        EndCase{"password_changed",
                [](TestKeyManager& server) {
                  write_user(server, [](storage::UserStore& store, const storage::User& user) {
                    return store.set_password(user.id, "other", {"o1", Instant()});
                  });
                }},
        EndCase{"locked",
                [](TestKeyManager& server) {
                  write_user(server, [](storage::UserStore& store, storage::User user) {
                    user.status = storage::UserStatus::locked;
                    return store.update(user, {"o2", Instant()});
                  });
                }},
        EndCase{"removed",
                [](TestKeyManager& server) {
                  write_user(server, [](storage::UserStore& store, const storage::User& user) {
                    return store.remove(user.id, {"o3", Instant()});
                  });
                }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Session, EndsAtItsAgeHoweverBusyItIs) {
  TestKeyManager server;
  const TestClient app = browser_client(server);
  TestBrowser browser(server);
  browser.get(authorize_target(app));
  browser.sign_in("admin", std::string(admin_password));
  browser.submit({{"consent", "approve"}});
  for (int i = 0; i < 12 * 3 - 1; ++i) {
    server.clock().advance(std::chrono::minutes(20));
    browser.get(authorize_target(app, {{"prompt", "none"}}));
    ASSERT_NE(browser.answer("code"), "") << i;
  }
  server.clock().advance(std::chrono::minutes(20));
  browser.get(authorize_target(app, {{"prompt", "none"}}));
  EXPECT_EQ(browser.answer("error"), "login_required");
  server.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(*server->sweep(), 1);
}

}  // namespace
}  // namespace gatehouse::keymanager
