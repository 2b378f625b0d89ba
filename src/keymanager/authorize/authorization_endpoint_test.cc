// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/authorization_endpoint.h"

#include <gmock/gmock.h>

#include "jose/test_attacks.h"
#include "keymanager/browser/cookies.h"
#include "keymanager/browser/test_browser.h"

namespace gatehouse::keymanager {
namespace {

using Fields = TestBrowser::Fields;
using ::testing::HasSubstr;
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

TestKeyManager::Answer redeem(const std::string& code, const TestClient& app = client()) {
  return redeem_code(shared(), code, app);
}

Options options_with_implicit() {
  Options options = quick_options();
  options.implicit_tenants = {"carbon.super"};
  return options;
}

struct RequestCase {
  const char* name;
  Fields change;
  const char* error;  // that the client gets; empty: a page, and nothing is sent
};

class AuthorizationRequests : public ::testing::TestWithParam<RequestCase> {};

TEST_P(AuthorizationRequests, AreRefusedWhereItBelongs) {
  const RequestCase& row = GetParam();
  TestBrowser browser(shared());
  browser.get(authorize_target(client(), row.change));
  if (*row.error == '\0') {
    EXPECT_EQ(browser.page.status, 400);
    EXPECT_EQ(browser.location(), "");
    EXPECT_THAT(browser.page.body, HasSubstr("Something is wrong"));
    return;
  }
  EXPECT_EQ(browser.page.status, 302) << browser.page.body;
  EXPECT_THAT(browser.location(), StartsWith(app_uri));
  EXPECT_EQ(browser.answer("error"), row.error) << browser.location();
  EXPECT_EQ(browser.answer("state"), row.change.contains("state") ? "" : "s&1");
  EXPECT_EQ(browser.answer("iss"), "https://localhost:9443/oauth2/token");
  EXPECT_EQ(browser.answer("code"), "");
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6749, AuthorizationRequests,
    ::testing::Values(
        RequestCase{"no_client", {{"client_id", ""}}, ""},
        RequestCase{"unknown_client", {{"client_id", "nobody"}}, ""},
        RequestCase{"other_redirect", {{"redirect_uri", "https://evil.example/cb"}}, ""},
        RequestCase{"longer_redirect", {{"redirect_uri", "https://app.example/cb/x"}}, ""},
        RequestCase{"redirect_with_fragment", {{"redirect_uri", "https://app.example/cb#x"}}, ""},
        RequestCase{
            "unknown_pushed_request", {{"request_uri", "urn:ietf:params:oauth:request_uri:x"}}, ""},
        RequestCase{"no_type", {{"response_type", ""}}, "invalid_request"},
        RequestCase{"unknown_type", {{"response_type", "magic"}}, "unsupported_response_type"},
        RequestCase{
            "token", {{"response_type", "token"}, {"response_mode", "query"}}, "invalid_request"},
        RequestCase{"hybrid",
                    {{"response_type", "code id_token"}, {"response_mode", "query"}},
                    "invalid_request"},
        RequestCase{"type_in_capitals",
                    {{"response_type", "CODE"}, {"state", ""}},
                    "unsupported_response_type"},
        RequestCase{"plain", {{"code_challenge_method", "plain"}}, "invalid_request"},
        RequestCase{"method_left_out", {{"code_challenge_method", ""}}, "invalid_request"},
        RequestCase{"challenge_left_out", {{"code_challenge", ""}}, "invalid_request"},
        RequestCase{"challenge_short", {{"code_challenge", "abc"}}, "invalid_request"},
        RequestCase{"unknown_mode", {{"response_mode", "web_message"}}, "invalid_request"},
        RequestCase{"unknown_prompt", {{"prompt", "create"}}, "invalid_request"},
        RequestCase{"none_with_login", {{"prompt", "none login"}}, "invalid_request"},
        RequestCase{"max_age_of_text", {{"max_age", "soon"}}, "invalid_request"},
        RequestCase{"max_age_negative", {{"max_age", "-1"}}, "invalid_request"},
        RequestCase{"request_object", {{"request", "e30.e30."}}, "request_not_supported"},
        RequestCase{"request_address",
                    {{"request_uri", "https://a.example/r"}},
                    "request_uri_not_supported"},
        RequestCase{"registration", {{"registration", "{}"}}, "registration_not_supported"},
        RequestCase{"scope_with_quote", {{"scope", "a\"b"}}, "invalid_scope"},
        RequestCase{"silent_without_session", {{"prompt", "none"}}, "login_required"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(AuthorizationRequest, NamesEachParameterOnce) {
  TestBrowser browser(shared());
  browser.get(authorize_target(client()) + "&client_id=" + client().id);
  EXPECT_EQ(browser.page.status, 400);
  EXPECT_EQ(browser.location(), "");
}

TEST(AuthorizationRequest, OfTokensIsRefusedInTheFragment) {
  TestBrowser browser(shared());
  for (const char* type : {"token", "id_token", "code id_token", "id_token token"}) {
    browser.get(authorize_target(client(), {{"response_type", type}, {"nonce", "n"}}));
    EXPECT_THAT(browser.location(), StartsWith(fmt::format("{}#", app_uri)));
    EXPECT_EQ(browser.answer("error"), "unsupported_response_type") << type;
  }
}

TEST(AuthorizationRequest, NeedsTheGrantOfItsClient) {
  const TestClient other = browser_client(shared(), {}, {std::string(app_uri)}, {"password"});
  TestBrowser browser(shared());
  browser.get(authorize_target(other));
  EXPECT_EQ(browser.answer("error"), "unauthorized_client");
}

TEST(AuthorizationRequest, MayLeaveOutTheOnlyRedirectUri) {
  TestBrowser browser = signed_on();
  browser.get(authorize_target(client(), {{"redirect_uri", ""}}));
  EXPECT_THAT(browser.location(), StartsWith(app_uri));
  const auto tokens =
      shared().token(fmt::format("grant_type=authorization_code&code={}&code_verifier={}",
                                 browser.answer("code"), verifier),
                     client().pair());
  EXPECT_EQ(tokens.status, 200) << tokens.response.body;
  const TestClient two =
      browser_client(shared(), {}, {std::string(app_uri), "https://app.example/two"});
  browser.get(authorize_target(two, {{"redirect_uri", ""}}));
  EXPECT_EQ(browser.page.status, 400);
}

TEST(AuthorizationRequest, NeedsAProofKeyFromWhoHasNoSecret) {
  struct Row {
    const char* name;
    json::object document;
    bool needed;
  };
  const Row rows[] = {{"confidential", {}, false},
                      {"public", {{"token_endpoint_auth_method", "none"}}, true},
                      {"bypass", {{"bypassClientCredentials", "true"}}, true},
                      {"mandatory", {{"additionalProperties", {{"pkceMandatory", true}}}}, true}};
  for (const Row& row : rows) {
    TestBrowser browser(shared());
    browser.get(authorize_target(browser_client(shared(), row.document),
                                 {{"code_challenge", ""}, {"code_challenge_method", ""}}));
    EXPECT_EQ(browser.answer("error"), row.needed ? "invalid_request" : "") << row.name;
    EXPECT_EQ(browser.page.status, row.needed ? 302 : 200) << row.name;
  }
}

TEST(AuthorizationRequest, MayComeAsAForm) {
  TestBrowser browser(shared());
  const int status = browser.post("/oauth2/authorize", {{"client_id", client().id},
                                                        {"redirect_uri", std::string(app_uri)},
                                                        {"response_type", "code"}});
  EXPECT_EQ(status, 200);
  EXPECT_TRUE(browser.shows("name=\"username\""));
}

TEST(Prompt, OfLoginAsksAgainAndRotatesTheSession) {
  TestBrowser browser = signed_on();
  const std::string before = browser.cookies[std::string(session_cookie)];
  EXPECT_EQ(browser.get(authorize_target(client(), {{"prompt", "login"}})), 200);
  EXPECT_EQ(browser.sign_in("admin", std::string(admin_password)), 303);
  EXPECT_NE(browser.answer("code"), "");
  const std::string after = browser.cookies[std::string(session_cookie)];
  EXPECT_NE(before, after);
  browser.cookies[std::string(session_cookie)] = before;
  browser.get(authorize_target(client(), {{"prompt", "none"}}));
  EXPECT_EQ(browser.answer("error"), "login_required");
}

TEST(Prompt, OfSelectAccountOffersTheOneThereIs) {
  TestBrowser browser = signed_on();
  EXPECT_EQ(browser.get(authorize_target(client(), {{"prompt", "select_account"}})), 200);
  EXPECT_TRUE(browser.shows("Continue as admin"));
  EXPECT_EQ(browser.submit({{"account", "continue"}}), 303);
  EXPECT_NE(browser.answer("code"), "");
  browser.get(authorize_target(client(), {{"prompt", "select_account"}}));
  EXPECT_EQ(browser.submit({{"account", "other"}}), 200);
  EXPECT_TRUE(browser.shows("name=\"password\""));
}

TEST(MaxAge, AsksAgainWhenTheSignOnIsOlder) {
  TestBrowser browser = signed_on();
  shared().clock().advance(std::chrono::seconds(10));
  EXPECT_EQ(browser.get(authorize_target(client(), {{"max_age", "11"}})), 302);
  EXPECT_EQ(browser.get(authorize_target(client(), {{"max_age", "10"}})), 200);
  EXPECT_EQ(browser.get(authorize_target(client(), {{"max_age", "0"}})), 200);
  browser.get(authorize_target(client(), {{"max_age", "5"}, {"prompt", "none"}}));
  EXPECT_EQ(browser.answer("error"), "login_required");
}

TEST(IdTokenHint, MustBeOfTheUserWhoIsThere) {
  TestBrowser browser = signed_on();
  for (const char* hint : {"x", "e30.e30.e30"}) {
    browser.get(authorize_target(client(), {{"id_token_hint", hint}, {"prompt", "none"}}));
    EXPECT_EQ(browser.answer("error"), "login_required") << hint;
  }
}

TEST(IdTokenHint, IsWorthNothingWhenSpoiled) {
  TestBrowser browser = signed_on();
  const auto error_of = [&](const std::string& hint) {
    browser.get(authorize_target(client(), {{"id_token_hint", hint}, {"prompt", "none"}}));
    return browser.answer("error");
  };
  const jose::PrivateKey& ours = shared()->signing_keys().current()->signer();
  jose::HonestToken honest{ours,
                           {{"typ", "JWT"}, {"kid", ours.public_key().kid()}},
                           {{"iss", "https://localhost:9443/oauth2/token"},
                            {"sub", shared().user_id("admin")},
                            {"aud", client().id},
                            {"exp", 1},
                            {"iat", 1}},
                           /*times=*/{}};
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    EXPECT_EQ(error_of(spoiled.text), "login_required") << spoiled.name;
  }
  EXPECT_EQ(error_of(jose::honest_text(honest)), "");
  honest.header["typ"] = "at+jwt";
  EXPECT_EQ(error_of(jose::honest_text(honest)), "login_required");
}

TEST(ResponseMode, OfAFragment) {
  TestBrowser browser = signed_on();
  browser.get(authorize_target(client(), {{"response_mode", "fragment"}}));
  EXPECT_THAT(browser.location(), StartsWith(fmt::format("{}#code=", app_uri)));
}

TEST(ResponseMode, OfAForm) {
  TestBrowser browser = signed_on();
  EXPECT_EQ(browser.get(
                authorize_target(client(), {{"response_mode", "form_post"}, {"state", "\"><b>"}})),
            200);
  EXPECT_TRUE(browser.shows("<form method=\"post\" action=\"https://app.example/cb\">"));
  EXPECT_FALSE(browser.shows("<b>"));
  const Fields fields = browser.hidden();
  EXPECT_EQ(fields.at("state"), "\"><b>");
  EXPECT_EQ(fields.at("iss"), "https://localhost:9443/oauth2/token");
  EXPECT_EQ(redeem(fields.at("code")).status, 200);
}

TEST(ResponseMode, KeepsTheQueryOfTheRedirectUri) {
  const std::string uri = "https://app.example/cb?tenant=1";
  const TestClient app = browser_client(shared(), {}, {uri});
  TestBrowser browser(shared());
  browser.get(authorize_target(app, {{"redirect_uri", uri}, {"prompt", "none"}}));
  EXPECT_THAT(browser.location(), StartsWith(uri + "&error=login_required"));
}

TEST(ImplicitGrant, GivesWhatTheResponseTypeNames) {
  TestKeyManager server(options_with_implicit());
  const TestClient app = browser_client(server);
  TestBrowser browser = signed_on_browser(server, app);
  browser.get(authorize_target(app, {{"response_type", "id_token"}, {"nonce", "n"}}));
  EXPECT_EQ(browser.answer("access_token"), "");
  EXPECT_TRUE(
      jose::verify(browser.answer("id_token"), server->signing_keys().current()->published));
  browser.get(authorize_target(app, {{"response_type", "id_token token"}, {"nonce", "n"}}));
  EXPECT_NE(browser.answer("id_token"), "");
  EXPECT_TRUE(server.validate(browser.answer("access_token")).active);
}

TEST(ImplicitGrant, IsThereOnlyForATenantThatWantsIt) {
  TestKeyManager server(options_with_implicit());
  const TestClient app = browser_client(server);
  TestBrowser browser(server);
  browser.get(authorize_target(app, {{"response_type", "token"}}));
  browser.sign_in("admin", std::string(admin_password));
  browser.submit({{"consent", "approve"}});
  EXPECT_THAT(browser.location(), StartsWith(fmt::format("{}#access_token=", app_uri)));
  EXPECT_EQ(browser.answer("token_type"), "Bearer");
  EXPECT_TRUE(server.validate(browser.answer("access_token")).active);
  const TestClient without =
      browser_client(server, {}, {std::string(app_uri)}, {"authorization_code"});
  browser.get(authorize_target(without, {{"response_type", "token"}}));
  EXPECT_EQ(browser.answer("error"), "unauthorized_client");
}

TEST(ImplicitGrant, OfAnotherTenantOpensNothingHere) {
  for (const std::vector<std::string>& tenants :
       {std::vector<std::string>{}, std::vector<std::string>{"b.example"}}) {
    Options options = quick_options();
    options.implicit_tenants = tenants;
    TestKeyManager server(options);
    const TestClient app = browser_client(server);
    TestBrowser browser(server);
    for (const char* type : {"token", "id_token", "id_token token"}) {
      browser.get(authorize_target(app, {{"response_type", type}, {"nonce", "n"}}));
      EXPECT_EQ(browser.answer("error"), "unsupported_response_type") << type;
    }
    // Pushed beforehand it is refused all the same.
    const auto pushed = server.form(
        "/oauth2/par", "response_type=token&scope=openid&redirect_uri=" + percent_encode(app_uri),
        app.pair());
    browser.get("/oauth2/authorize?client_id=" + app.id +
                "&request_uri=" + percent_encode(text_or(pushed.body, "request_uri", "")));
    EXPECT_EQ(browser.answer("error"), "unsupported_response_type");
  }
}

TEST(RegisteredMetadata, IsKeptToByTheAuthorizationEndpoint) {
  TestKeyManager& server = shared();
  const TestClient app = browser_client(server, {{"default_max_age", 60},
                                                 {"scope", "openid email"},
                                                 {"client_uri", "https://app.example/about"},
                                                 {"policy_uri", "https://app.example/privacy?a&b"},
                                                 {"tos_uri", "javascript:open"}});
  TestBrowser browser(server);
  browser.get(authorize_target(app, {{"scope", "openid profile email"}}));
  browser.sign_in("admin", std::string(admin_password));
  EXPECT_TRUE(browser.shows("href=\"https://app.example/about\""));
  EXPECT_TRUE(browser.shows("href=\"https://app.example/privacy?a&amp;b\""));
  EXPECT_FALSE(browser.shows("javascript:open"));
  // It does not get what it did not register for.
  EXPECT_TRUE(browser.shows("See your e-mail address"));
  EXPECT_FALSE(browser.shows("See your user name and profile"));
  browser.submit({{"consent", "approve"}});
  const auto tokens = redeem(browser.answer("code"), app);
  EXPECT_EQ(text_or(tokens.body, "scope", ""), "openid email");
  // A sign-on that is older than the client wants is not enough, unless the request says otherwise.
  const std::string silent = authorize_target(app, {{"prompt", "none"}});
  browser.get(silent);
  EXPECT_NE(browser.answer("code"), "");
  server.clock().advance(std::chrono::seconds(60));
  browser.get(silent);
  EXPECT_EQ(browser.answer("error"), "login_required");
  browser.get(silent + "&max_age=3600");
  EXPECT_NE(browser.answer("code"), "");
}

// Each revocation is read by every gateway; anybody who has signed in may name any client.
TEST(Consents, OfNothingAreWithdrawnInSilence) {
  TestKeyManager server;
  const TestClient agreed = browser_client(server);
  const TestClient stranger = browser_client(server);
  const auto revocations = [&] {
    return number_or(server.internal("POST", "validate", {{"tokens", {"x"}}}).body, "revocation",
                     -1);
  };
  TestBrowser browser = signed_on_browser(server, agreed);
  const std::int64_t before = revocations();
  browser.get("/oauth2/account");
  const TestBrowser::Fields form = browser.hidden();
  const auto withdraw = [&](const TestClient& client) {
    TestBrowser::Fields fields = form;
    fields["withdraw"] = client.id;
    EXPECT_EQ(browser.post("/oauth2/account", fields), 303);
    return revocations() - before;
  };
  EXPECT_EQ(withdraw(stranger), 0);
  EXPECT_EQ(withdraw(agreed), 1);
  EXPECT_EQ(withdraw(agreed), 1);
  // Tokens without a consent are taken back all the same.
  server.token("grant_type=password&username=admin&password=admin-password", stranger.pair());
  EXPECT_EQ(withdraw(stranger), 2);
}

// A JWT without a refresh token leaves no row behind, and the client may have changed since.
TEST(Consents, AreWithdrawnFromWhoeverMayHoldJwts) {
  TestKeyManager server;
  const std::string pair = server.client("JWT", {"password"});
  const std::string id = pair.substr(0, pair.find(':'));
  const auto revocations = [&] {
    return number_or(server.internal("POST", "validate", {{"tokens", {"x"}}}).body, "revocation",
                     -1);
  };
  TestBrowser browser = signed_on_browser(server, browser_client(server));
  browser.get("/oauth2/account");
  TestBrowser::Fields form = browser.hidden();
  const std::int64_t before = revocations();
  const auto withdraw = [&](const std::string& client_id) {
    form["withdraw"] = client_id;
    EXPECT_EQ(browser.post("/oauth2/account", form), 303);
    return revocations() - before;
  };
  const auto token = [&] {
    const auto answer =
        server.token("grant_type=password&username=admin&password=admin-password", pair);
    return text_or(answer.body, "access_token", "");
  };
  const std::string first = token();
  ASSERT_TRUE(server.validate(first).active);
  EXPECT_EQ(withdraw(id), 1);
  EXPECT_FALSE(server.validate(first).active);
  // One of the same second is meant already.
  EXPECT_FALSE(server.validate(token()).active);
  EXPECT_EQ(withdraw(id), 1);
  server.clock().advance(std::chrono::seconds(1));
  const std::string second = token();
  EXPECT_TRUE(server.validate(second).active);
  const auto changed = server.internal("PUT", "clients/" + id,
                                       {{"name", "opaque now"},
                                        {"owner_id", server.user_id("admin")},
                                        {"grant_types", {"password"}},
                                        {"token_type", "OAUTH"}});
  ASSERT_EQ(changed.status, 200) << changed.response.body;
  EXPECT_EQ(withdraw(id), 2);
  EXPECT_FALSE(server.validate(second).active);
  // Nobody has tokens of a client that does not serve his tenant.
  server.clock().advance(std::chrono::seconds(1));
  ASSERT_TRUE(server.apis().write([&](storage::Transaction& transaction) {
    return transaction.execute(
        "UPDATE am_client SET tenant_id = 2 WHERE tenant_id = 1"
        " AND client_id = $1",
        id);
  }));
  EXPECT_EQ(withdraw(id), 2);
  EXPECT_EQ(withdraw("no-such-client"), 2);
}

}  // namespace
}  // namespace gatehouse::keymanager
