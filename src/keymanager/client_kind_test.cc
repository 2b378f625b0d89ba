// SPDX-License-Identifier: Apache-2.0
//
// Whom a client serves: users of its own tenant, or, with `saasApp`, those of all.
#include "keymanager/client_kind.h"

#include "keymanager/browser/test_browser.h"
#include "storage/apis/api_scope_store.h"
#include "storage/users/default_roles.h"

namespace gatehouse::keymanager {
namespace {

using storage::Transaction;

constexpr model::TenantNumber elsewhere = 2;
constexpr const char* device_grant = "urn:ietf:params:oauth:grant-type:device_code";

class Tenants : public ::testing::Test {
 protected:
  Tenants() {
    const std::string hash = *server_->passwords().hash("password-of-berta");
    const Result<> made =
        server_.databases().user_manager().write([&](Transaction& transaction) -> Result<> {
          GH_CHECK(storage::TenantStore(transaction).insert({elsewhere, "b.example", true, {}}));
          GH_CHECK(storage::seed_roles(transaction, elsewhere));
          storage::UserStore users(transaction, elsewhere);
          GH_CHECK(users.insert({.id = "berta-id", .name = "berta", .password = hash}));
          return users.set_roles("berta-id", {"Internal/subscriber"},
                                 {"occurrence", server_.clock().now()});
        });
    GH_ASSERT(made.has_value());
  }

  // "id:secret" of a client of the first tenant.
  std::string registered(const std::string& name, bool saas) {
    const auto made = server_.register_client({{"clientName", name},
                                               {"callbackUrl", std::string(app_uri)},
                                               {"grantType", "password refresh_token"},
                                               {"saasApp", saas}},
                                              "admin:" + std::string(admin_password));
    EXPECT_EQ(made.status, 200) << made.response.body;
    EXPECT_EQ(flag_or(made.body, "isSaasApplication", !saas), saas);
    return text_or(made.body, "clientId", "") + ':' + text_or(made.body, "clientSecret", "");
  }
  TestKeyManager::Answer log_in(const std::string& client) {
    return server_.token(
        "grant_type=password&username=berta@b.example&password=password-of-berta&scope="
        "openid%20apim:subscribe%20apim:admin",
        client);
  }
  TestKeyManager::Answer refresh(const TestKeyManager::Answer& tokens, const std::string& client) {
    return server_.token(
        "grant_type=refresh_token&refresh_token=" + text_or(tokens.body, "refresh_token", ""),
        client);
  }
  static std::string token(const TestKeyManager::Answer& answer) {
    return text_or(answer.body, "access_token", "");
  }
  void make_jwt(const std::string& client) {
    EXPECT_TRUE(server_.databases().api_manager().write([&](Transaction& transaction) -> Result<> {
      storage::ClientStore store(transaction);
      GH_TRY(row, store.find(client.substr(0, client.find(':'))));
      row.token_type = "JWT";
      return store.update(row);
    }));
  }

  TestKeyManager server_;
};

TEST_F(Tenants, AreServedByAClientForAll) {
  const std::string own = registered("one tenant", false);
  EXPECT_EQ(text_or(log_in(own).body, "error", ""), "invalid_grant");
  const std::string client = registered("all tenants", true);
  for (const bool jwt : {false, true}) {
    if (jwt) make_jwt(client);
    const auto tokens = log_in(client);
    ASSERT_EQ(tokens.status, 200) << tokens.response.body;
    const model::Validation validation = server_.validate(token(tokens));
    EXPECT_TRUE(validation.active);
    EXPECT_EQ(validation.user, "berta");
    EXPECT_EQ(validation.tenant, 1);  // of the client, and so of the APIs that it subscribes to
    EXPECT_EQ(validation.tenant_of_user(), elsewhere);
    // She has the scopes of her own tenant's roles.
    EXPECT_EQ(validation.scopes, (std::vector<std::string>{"openid", "apim:subscribe"}));
    const auto who = server_.get("/oauth2/userinfo", "Bearer " + token(tokens));
    EXPECT_EQ(text_or(who.body, "sub", ""), "berta-id");
    // Our REST APIs take her for a user of her tenant.
    const auto identity =
        server_.internal("POST", "authenticate", {{"authorization", "Bearer " + token(tokens)}});
    EXPECT_EQ(number_or(identity.body, "tenant", 0), elsewhere) << identity.response.body;
    const auto next = refresh(tokens, client);
    EXPECT_EQ(server_.validate(token(next)).tenant_of_user(), elsewhere);
  }
  // The same client again, for its own tenant alone.
  registered("all tenants", false);
  EXPECT_EQ(text_or(log_in(client).body, "error", ""), "invalid_grant");
}

// APIs that the client may call are its tenant's: a scope of theirs is not the other tenant's to
// give, whatever that one defines under the same name.
TEST_F(Tenants, GiveTheirUsersNoScopesOfOthersApis) {
  ASSERT_TRUE(server_.databases().api_manager().write([](Transaction& transaction) -> Result<> {
    GH_CHECK(storage::ApiScopeStore(transaction, 1)
                 .put("api-1", {{"", "menu:write", {"Internal/subscriber"}}}));
    return storage::ApiScopeStore(transaction, elsewhere).put("api-2", {{"", "menu:write", {}}});
  }));
  const std::string scopes = "&scope=openid+menu:write";
  const std::string client = registered("scoped", true);
  const auto guest = server_.token(
      "grant_type=password&username=berta@b.example&password=password-of-berta" + scopes, client);
  EXPECT_EQ(text_or(guest.body, "scope", ""), "openid");
  EXPECT_EQ(server_.validate(token(guest)).scopes, std::vector<std::string>{"openid"});
  server_.add_user("susan", {"Internal/subscriber"});
  const auto own = server_.token(
      "grant_type=password&username=susan&password=password-of-susan" + scopes, client);
  EXPECT_EQ(text_or(own.body, "scope", ""), "openid menu:write");
}

TEST_F(Tenants, AreNotServedAnyMoreByTheirRefreshTokens) {
  const std::string client = registered("shrinking", true);
  const auto tokens = log_in(client);
  registered("shrinking", false);
  EXPECT_EQ(text_or(refresh(tokens, client).body, "error", ""), "invalid_grant");
}

// A user is revoked where he is at home, and his tokens lie in the client's tenant.
TEST_F(Tenants, TakeBackTheTokensOfTheirUsersWhereverTheyLie) {
  const std::string client = registered("revoking", true);
  for (const bool jwt : {false, true}) {
    if (jwt) make_jwt(client);
    const auto tokens = log_in(client);
    ASSERT_TRUE(server_.validate(token(tokens)).active);
    ASSERT_EQ(
        server_.internal("POST", "revoke-user", {{"tenant", elsewhere}, {"user_id", "berta-id"}})
            .status,
        204);
    EXPECT_FALSE(server_.validate(token(tokens)).active);
    EXPECT_EQ(text_or(refresh(tokens, client).body, "error", ""), "invalid_grant");
    server_.clock().advance(std::chrono::seconds(1));
    EXPECT_TRUE(server_.validate(token(log_in(client))).active);
  }
}

// A device is its client's, whoever has approved it.
TEST_F(Tenants, TakeBackTheDevicesThatTheirUsersHaveApproved) {
  const TestClient app = browser_client(server_, {{"saas_app", true}});
  for (const bool revoke : {false, true}) {
    const auto asked = server_.form("/oauth2/device_authorize", "scope=openid", app.pair());
    TestBrowser browser(server_);
    browser.get("/oauth2/device");
    browser.submit({{"user_code", text_or(asked.body, "user_code", "")}});
    browser.sign_in("berta@b.example", "password-of-berta");
    ASSERT_EQ(browser.submit({{"consent", "approve"}}), 200) << browser.page.body;
    if (revoke) {
      ASSERT_EQ(
          server_.internal("POST", "revoke-user", {{"tenant", elsewhere}, {"user_id", "berta-id"}})
              .status,
          204);
    }
    server_.clock().advance(std::chrono::seconds(5));
    const auto tokens = server_.token("grant_type=" + percent_encode(device_grant) +
                                          "&device_code=" + text_or(asked.body, "device_code", ""),
                                      app.pair());
    EXPECT_EQ(tokens.status, revoke ? 400 : 200) << tokens.response.body;
  }
}

TEST_F(Tenants, AreOpenedByThePlatformsAdministratorsAlone) {
  server_.add_user("susan", {"Internal/creator"});
  const auto made = server_.register_client(
      {{"clientName", "mine"}, {"grantType", "password refresh_token"}, {"saasApp", true}},
      "susan:password-of-susan");
  ASSERT_EQ(made.status, 200) << made.response.body;
  EXPECT_FALSE(flag_or(made.body, "isSaasApplication", true));
  EXPECT_EQ(text_or(log_in(text_or(made.body, "clientId", "") + ':' +
                           text_or(made.body, "clientSecret", ""))
                        .body,
                    "error", ""),
            "invalid_grant");
  // An administrator of a tenant is none of the platform.
  ASSERT_TRUE(server_.databases().user_manager().write([&](Transaction& transaction) {
    return storage::UserStore(transaction, elsewhere)
        .set_roles("berta-id", {"admin"}, {"promoted", server_.clock().now()});
  }));
  const auto theirs = server_.register_client(
      {{"clientName", "theirs"}, {"grantType", "password"}, {"saasApp", true}},
      "berta@b.example:password-of-berta");
  ASSERT_EQ(theirs.status, 200) << theirs.response.body;
  EXPECT_FALSE(flag_or(theirs.body, "isSaasApplication", true));
}

TEST_F(Tenants, MeetAtTheLoginPage) {
  for (const bool saas : {false, true}) {
    const TestClient app = browser_client(server_, {{"saas_app", saas}});
    TestBrowser browser(server_);
    browser.get(authorize_target(app));
    EXPECT_EQ(browser.sign_in("berta@b.example", "password-of-berta"), saas ? 200 : 401);
    if (!saas) continue;
    EXPECT_EQ(browser.submit({{"consent", "approve"}}), 303);
    const auto tokens = redeem_code(server_, browser.answer("code"), app);
    ASSERT_EQ(tokens.status, 200) << tokens.response.body;
    EXPECT_EQ(server_.validate(token(tokens)).tenant_of_user(), elsewhere);
    // What she has agreed to is on her page, and ends there.
    browser.get("/oauth2/account");
    EXPECT_TRUE(browser.shows("name=\"withdraw\" value=\"" + app.id + "\""));
    EXPECT_EQ(browser.submit({{"withdraw", app.id}}), 303);
    EXPECT_FALSE(server_.validate(token(tokens)).active);
    browser.get("/oauth2/account");
    EXPECT_FALSE(browser.shows("name=\"withdraw\" value=\"" + app.id + "\""));
  }
}

TEST_F(Tenants, MeetAtTheDevicePage) {
  for (const bool saas : {false, true}) {
    const TestClient app = browser_client(server_, {{"saas_app", saas}});
    const auto asked = server_.form("/oauth2/device_authorize", "scope=openid", app.pair());
    TestBrowser browser(server_);
    browser.get("/oauth2/device");
    browser.submit({{"user_code", text_or(asked.body, "user_code", "")}});
    EXPECT_EQ(browser.sign_in("berta@b.example", "password-of-berta"), saas ? 200 : 401);
    if (!saas) continue;
    EXPECT_EQ(browser.submit({{"consent", "approve"}}), 200) << browser.page.body;
    server_.clock().advance(std::chrono::seconds(5));
    const auto tokens = server_.token("grant_type=" + percent_encode(device_grant) +
                                          "&device_code=" + text_or(asked.body, "device_code", ""),
                                      app.pair());
    ASSERT_EQ(tokens.status, 200) << tokens.response.body;
    EXPECT_EQ(server_.validate(token(tokens)).tenant_of_user(), elsewhere);
  }
}

}  // namespace
}  // namespace gatehouse::keymanager
