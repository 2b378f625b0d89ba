// SPDX-License-Identifier: Apache-2.0
#include "keymanager/key_manager.h"

#include <gmock/gmock.h>

#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

const std::string admin_login = "grant_type=password&username=admin&password=admin-password";

class KeyManagerFlow : public ::testing::Test {
 protected:
  // The tokens of a successful answer.
  struct Pair {
    std::string access;
    std::string refresh;
  };
  Pair issue(const std::string& client, const std::string& body) {
    const auto answer = server_.token(body, client);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    return {text_or(answer.body, "access_token", ""), text_or(answer.body, "refresh_token", "")};
  }
  Pair login(const std::string& client, const std::string& scope = "") {
    return issue(client, admin_login + "&scope=" + scope);
  }
  TestKeyManager::Answer refresh(const std::string& client, const std::string& token) {
    return server_.token("grant_type=refresh_token&refresh_token=" + token, client);
  }
  TestKeyManager::Answer authenticate(const std::string& authorization) {
    return server_.internal("POST", "authenticate", {{"authorization", authorization}});
  }
  static std::string id_of(const std::string& client) { return client.substr(0, client.find(':')); }

  TestKeyManager server_;
};

TEST_F(KeyManagerFlow, RegistrationGivesTheSameClientAFurtherSecret) {
  const json::object body{{"callbackUrl", "www.google.lk"},
                          {"clientName", "rest_api"},
                          {"owner", "admin"},
                          {"grantType", "password refresh_token"},
                          {"saasApp", true}};
  const auto first = server_.register_client(body, "admin:admin-password");
  const auto second = server_.register_client(body, "admin:admin-password");
  ASSERT_EQ(first.status, 200) << first.response.body;
  ASSERT_EQ(second.status, 200) << second.response.body;
  EXPECT_EQ(first.body.at("clientId"), second.body.at("clientId"));
  EXPECT_NE(first.body.at("clientSecret"), second.body.at("clientSecret"));
  EXPECT_EQ(first.body.at("appOwner").as_string(), "admin");
  EXPECT_EQ(first.body.at("callBackURL").as_string(), "www.google.lk");
  for (const auto& answer : {first, second}) {
    issue(text_or(answer.body, "clientId", "") + ':' + text_or(answer.body, "clientSecret", ""),
          admin_login + "&scope=apim:api_view+apim:admin");
  }
}

TEST_F(KeyManagerFlow, RegistrationRefuses) {
  server_.add_user("dave", {"Internal/subscriber"});
  const json::object good{{"clientName", "x"}, {"grantType", "password"}};
  EXPECT_EQ(server_.register_client(good, "").status, 401);
  EXPECT_EQ(server_.register_client(good, "admin:wrong").status, 401);
  EXPECT_EQ(server_.register_client(good, "dave:password-of-dave").status, 200);
  EXPECT_EQ(
      server_.register_client({{"clientName", "x"}, {"owner", "admin"}}, "dave:password-of-dave")
          .status,
      403);
  EXPECT_EQ(server_.register_client({{"grantType", "x"}}, "admin:admin-password").status, 400);
  EXPECT_EQ(server_.register_client({{"clientName", 7}}, "admin:admin-password").status, 400);
  EXPECT_EQ(server_.register_client({{"clientName", "x"}, {"unknown", "y"}}, "admin:admin-password")
                .status,
            400);
  EXPECT_EQ(
      server_.register_client({{"clientName", "x"}, {"owner", "nobody"}}, "admin:admin-password")
          .status,
      400);
}

TEST_F(KeyManagerFlow, TheAliasAnswersByteForByteTheSame) {
  const std::string client = server_.client();
  for (const char* body : {"", "grant_type=magic", "grant_type=password&username=x&password=y"}) {
    const auto one = server_.form("/oauth2/token", body, client);
    const auto other = server_.form("/oauth2endpoints/token", body, client);
    EXPECT_EQ(one.status, other.status);
    EXPECT_EQ(one.response.body, other.response.body);
    EXPECT_TRUE(std::equal(one.response.headers.begin(), one.response.headers.end(),
                           other.response.headers.begin(), other.response.headers.end()));
  }
  EXPECT_EQ(server_.form("/oauth2endpoints/token", "grant_type=client_credentials", client).status,
            200);
}

TEST_F(KeyManagerFlow, ARevokedTokenIsInactiveAtOnce) {
  std::vector<std::string> heard;
  const auto subscription = server_.bus().subscribe(
      "revocations", [&](std::string_view message) { heard.emplace_back(message); });
  for (const char* type : {"OAUTH", "JWT"}) {
    const std::string client = server_.client(type);
    const Pair pair = login(client);
    EXPECT_TRUE(server_.validate(pair.access).active) << type;
    const std::string family = server_.validate(pair.access).family;
    EXPECT_EQ(server_.form("/oauth2/revoke", "token=" + pair.access, client).status, 200);
    EXPECT_EQ(server_.validate(pair.access).code, 900901U) << type;
    EXPECT_EQ(refresh(client, pair.refresh).status, 400) << type;
    ASSERT_FALSE(heard.empty());
    const auto revocation = model::revocation_from(*parse_json_object(heard.back()));
    EXPECT_EQ(revocation->kind, "family");
    EXPECT_EQ(revocation->value, family);
    EXPECT_EQ(revocation->number, heard.size());
  }
}

TEST_F(KeyManagerFlow, RevokingARefreshTokenRevokesItsAccessTokens) {
  const std::string client = server_.client();
  const Pair pair = login(client);
  EXPECT_EQ(server_.form("/oauth2/revoke", "token=" + pair.refresh, client).status, 200);
  EXPECT_FALSE(server_.validate(pair.access).active);
}

TEST_F(KeyManagerFlow, RevokingNeedsTheClientOfTheToken) {
  const Pair pair = login(server_.client());
  const auto foreign = server_.form("/oauth2/revoke", "token=" + pair.access, server_.client());
  EXPECT_EQ(foreign.status, 400);
  EXPECT_EQ(text_or(foreign.body, "error", ""), "unauthorized_client");
  EXPECT_TRUE(server_.validate(pair.access).active);
  EXPECT_EQ(server_.form("/oauth2/revoke", "token=" + pair.access).status, 401);
  EXPECT_EQ(server_.form("/oauth2/revoke", "token=unknown", server_.client()).status, 200);
  EXPECT_EQ(server_.form("/oauth2/revoke", "", server_.client()).status, 400);
}

TEST_F(KeyManagerFlow, ARefreshTokenWorksOnceAndItsSecondUseKillsTheFamily) {
  for (const char* type : {"OAUTH", "JWT"}) {
    const std::string client = server_.client(type);
    const Pair first = login(client, "apim:api_view");
    const auto second = refresh(client, first.refresh);
    ASSERT_EQ(second.status, 200) << second.response.body;
    EXPECT_EQ(text_or(second.body, "scope", ""), "apim:api_view");
    const std::string next = text_or(second.body, "refresh_token", "");
    EXPECT_NE(next, first.refresh);
    EXPECT_TRUE(server_.validate(first.access).active);

    const auto reused = refresh(client, first.refresh);
    EXPECT_EQ(reused.status, 400);
    EXPECT_EQ(text_or(reused.body, "error", ""), "invalid_grant");
    EXPECT_FALSE(server_.validate(first.access).active) << type;
    EXPECT_FALSE(server_.validate(text_or(second.body, "access_token", "")).active) << type;
    EXPECT_EQ(refresh(client, next).status, 400);
  }
}

TEST_F(KeyManagerFlow, OfManyUsesAtOnceOneWins) {
  const std::string client = server_.client();
  const Pair pair = login(client);
  std::atomic<int> wins = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { wins += refresh(client, pair.refresh).status == 200 ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wins, 1);
  EXPECT_FALSE(server_.validate(pair.access).active);
}

TEST_F(KeyManagerFlow, ARefreshNarrowsButNeverWidens) {
  const std::string client = server_.client();
  const Pair pair = login(client, "apim:api_view+apim:admin");
  const auto wider = server_.token(
      "grant_type=refresh_token&scope=apim:api_create&refresh_token=" + pair.refresh, client);
  EXPECT_EQ(text_or(wider.body, "error", ""), "invalid_scope");
  const auto narrower = server_.token(
      "grant_type=refresh_token&scope=apim:api_view&refresh_token=" + pair.refresh, client);
  EXPECT_EQ(text_or(narrower.body, "scope", ""), "apim:api_view");
  const auto back = refresh(client, text_or(narrower.body, "refresh_token", ""));
  EXPECT_EQ(text_or(back.body, "scope", ""), "apim:api_view apim:admin");
}

TEST_F(KeyManagerFlow, ARefreshTokenExpiresAndBelongsToOneClient) {
  const std::string client = server_.client();
  const Pair pair = login(client);
  EXPECT_EQ(refresh(server_.client(), pair.refresh).status, 400);
  EXPECT_EQ(server_.validate(pair.refresh).code, 900901U);
  server_.clock().advance(std::chrono::hours(24));
  EXPECT_EQ(text_or(refresh(client, pair.refresh).body, "error", ""), "invalid_grant");
}

TEST_F(KeyManagerFlow, ARoleTakenAwayCountsAtOnceOnLiveTokens) {
  server_.add_user("erin", {"Internal/creator", "Internal/publisher"});
  const std::string body =
      "grant_type=password&username=erin&password=password-of-erin"
      "&scope=apim:api_create+apim:api_publish";
  const std::string basic = "Basic " + to_base64("erin:password-of-erin");
  for (const char* type : {"OAUTH", "JWT"}) {
    server_.set_roles("erin", {"Internal/creator", "Internal/publisher"});
    const std::string token = issue(server_.client(type), body).access;
    EXPECT_THAT(texts_of(authenticate("Bearer " + token).body, "scopes"),
                ElementsAre("apim:api_create", "apim:api_publish"));
    EXPECT_THAT(texts_of(authenticate(basic).body, "scopes"), Contains("apim:api_publish"));
    server_.set_roles("erin", {"Internal/creator"});
    EXPECT_THAT(texts_of(authenticate("Bearer " + token).body, "scopes"),
                ElementsAre("apim:api_create"));
    EXPECT_THAT(texts_of(authenticate(basic).body, "scopes"),
                AllOf(Contains("apim:api_create"), Not(Contains("apim:api_publish"))));
    EXPECT_THAT(server_.validate(token).scopes, ElementsAre("apim:api_create"));
  }
}

// What stands beside the password does not keep a user who is let in from changing it.
TEST_F(KeyManagerFlow, CheckPasswordAsksForThePasswordAlone) {
  server_.add_user("anna", {});
  const std::string id = server_.user_id("anna");
  ASSERT_TRUE(server_.users().write([&](storage::Transaction& transaction) {
    return storage::UserStore(transaction, model::first_tenant)
        .set_password_holds(id, storage::PasswordHolds::until_login);
  }));
  const auto check = [&](const std::string& user_id, const std::string& password) {
    return server_.internal("POST", "check-password",
                            {{"tenant", 1}, {"user_id", user_id}, {"password", password}});
  };
  EXPECT_TRUE(flag_or(check(id, "password-of-anna").body, "right", false));
  EXPECT_FALSE(flag_or(check(id, "password-of-bert").body, "right", true));
  EXPECT_EQ(check("nobody", "password-of-anna").status, 404);
  EXPECT_EQ(check("", "password-of-anna").status, 400);
}

TEST_F(KeyManagerFlow, AuthenticateSaysWhoItIsOrWhyNot) {
  const auto basic = authenticate("Basic " + to_base64("admin@carbon.super:admin-password"));
  ASSERT_EQ(basic.status, 200) << basic.response.body;
  EXPECT_EQ(number_or(basic.body, "tenant", 0), 1);
  EXPECT_EQ(text_or(basic.body, "tenant_domain", ""), "carbon.super");
  EXPECT_EQ(text_or(basic.body, "user", ""), "admin");
  EXPECT_EQ(text_or(basic.body, "user_id", ""), server_.user_id("admin"));
  EXPECT_THAT(texts_of(basic.body, "roles"), Contains("admin"));
  EXPECT_THAT(texts_of(basic.body, "scopes"), Contains("apim:admin"));

  const std::string client = server_.client();
  const std::string of_application = issue(client, "grant_type=client_credentials").access;
  const Pair expired = login(client);
  server_.clock().advance(std::chrono::hours(1));
  const struct {
    std::string authorization;
    std::int64_t code;
  } rows[] = {{"", 900902},
              {"Basic", 900911},
              {"Basic ====", 900911},
              {"Digest x", 900911},
              {"Bearer", 900911},
              {"Bearer a b", 900911},
              {"Bearer nonsense", 900901},
              {"Basic " + to_base64("admin:wrong"), 900901},
              {"Basic " + to_base64("nobody:x"), 900901},
              {"Bearer " + expired.access, 900903},
              {"Bearer " + expired.refresh, 900901}};
  for (const auto& row : rows) {
    const auto answer = authenticate(row.authorization);
    EXPECT_EQ(answer.status, 401) << row.authorization;
    EXPECT_EQ(number_or(answer.body, "code", 0), row.code) << row.authorization;
  }
  server_.clock().advance(-std::chrono::hours(1));
  EXPECT_EQ(number_or(authenticate("Bearer " + of_application).body, "code", 0), 900905);
}

TEST_F(KeyManagerFlow, ARememberedPairEndsWithThePassword) {
  server_.add_user("fred", {});
  const std::string basic = "Basic " + to_base64("fred:password-of-fred");
  EXPECT_EQ(authenticate(basic).status, 200);
  EXPECT_EQ(authenticate(basic).status, 200);
  const Result<std::string> fresh =
      reset_password(server_.resources(), server_->passwords(), "fred");
  ASSERT_TRUE(fresh);
  EXPECT_EQ(authenticate(basic).status, 401);
  EXPECT_EQ(authenticate("Basic " + to_base64("fred:" + *fresh)).status, 200);
}

TEST_F(KeyManagerFlow, ALockedOrRemovedUserIsNobody) {
  server_.add_user("gina", {"Internal/subscriber"});
  const std::string client = server_.client();
  const std::string body = "grant_type=password&username=gina&password=password-of-gina";
  const Pair pair = issue(client, body);
  const std::string basic = "Basic " + to_base64("gina:password-of-gina");
  EXPECT_EQ(authenticate(basic).status, 200);
  const auto set = [&](storage::UserStatus status, const char* outbox_id) {
    EXPECT_TRUE(server_.databases().user_manager().write([&](storage::Transaction& transaction) {
      storage::UserStore users(transaction, model::first_tenant);
      storage::User user = *users.find_by_name("gina");
      user.status = status;
      return users.update(user, {outbox_id, server_.clock().now()});
    }));
  };
  set(storage::UserStatus::locked, "a");
  EXPECT_EQ(authenticate(basic).status, 401);
  EXPECT_EQ(server_.token(body, client).status, 400);
  EXPECT_EQ(refresh(client, pair.refresh).status, 400);
  EXPECT_FALSE(server_.validate(pair.access).active);
  set(storage::UserStatus::active, "b");
  EXPECT_TRUE(server_.validate(pair.access).active);
  EXPECT_EQ(refresh(client, pair.refresh).status, 200);
}

TEST_F(KeyManagerFlow, RevokingAUserEndsTokensOfBothForms) {
  server_.add_user("hans", {});
  const std::string body = "grant_type=password&username=hans&password=password-of-hans";
  const std::string opaque = issue(server_.client(), body).access;
  const std::string jwt = issue(server_.client("JWT"), body).access;
  const json::object user{{"tenant", 1}, {"user_id", server_.user_id("hans")}};
  EXPECT_EQ(server_.internal("POST", "user-changed", user).status, 204);
  EXPECT_TRUE(server_.validate(opaque).active);
  EXPECT_TRUE(server_.validate(jwt).active);
  EXPECT_EQ(server_.internal("POST", "revoke-user", user).status, 204);
  EXPECT_FALSE(server_.validate(opaque).active);
  EXPECT_FALSE(server_.validate(jwt).active);
  server_.clock().advance(std::chrono::seconds(1));
  EXPECT_TRUE(server_.validate(issue(server_.client("JWT"), body).access).active);
  EXPECT_EQ(server_.internal("POST", "revoke-user", {}).status, 400);
}

TEST_F(KeyManagerFlow, ARemovedClientTakesItsTokensAlong) {
  for (const char* type : {"OAUTH", "JWT"}) {
    const std::string client = server_.client(type);
    const std::string token = issue(client, "grant_type=client_credentials").access;
    EXPECT_TRUE(server_.validate(token).active);
    EXPECT_EQ(server_.internal("DELETE", "clients/" + id_of(client), {}).status, 204);
    EXPECT_FALSE(server_.validate(token).active) << type;
    EXPECT_EQ(server_.token("grant_type=client_credentials", client).status, 401);
    EXPECT_EQ(server_.internal("DELETE", "clients/" + id_of(client), {}).status, 404);
  }
}

TEST_F(KeyManagerFlow, ARegeneratedSecretReplacesAllBefore) {
  const std::string client = server_.client();
  const auto answer =
      server_.internal("POST", "clients/" + id_of(client) + "/regenerate-secret", {});
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(server_.token("grant_type=client_credentials", client).status, 401);
  EXPECT_EQ(server_
                .token("grant_type=client_credentials",
                       id_of(client) + ':' + text_or(answer.body, "client_secret", ""))
                .status,
            200);
}

TEST_F(KeyManagerFlow, AnUpdatedClientIssuesAsItIsNow) {
  const std::string client = server_.client();
  const json::object body{{"tenant", 1},
                          {"name", "other"},
                          {"owner_id", server_.user_id("admin")},
                          {"grant_types", {"client_credentials"}},
                          {"token_type", "JWT"},
                          {"access_token_seconds", 60}};
  EXPECT_EQ(server_.internal("PUT", "clients/" + id_of(client), body).status, 200);
  const auto answer = server_.token("grant_type=client_credentials", client);
  EXPECT_EQ(number_or(answer.body, "expires_in", 0), 60);
  EXPECT_TRUE(jose::looks_like_jwt(text_or(answer.body, "access_token", "")));
  EXPECT_EQ(server_.token(admin_login, client).status, 400);
  json::object foreign = body;
  foreign["tenant"] = 2;
  EXPECT_EQ(server_.internal("PUT", "clients/" + id_of(client), foreign).status, 404);
  foreign["token_type"] = "x";
  EXPECT_EQ(server_.internal("PUT", "clients/" + id_of(client), foreign).status, 400);
}

TEST_F(KeyManagerFlow, ThePortalGetsATokenOfTheApplication) {
  const std::string client = server_.client("JWT");
  const auto answer =
      server_.internal("POST", "clients/" + id_of(client) + "/token",
                       {{"scopes", {"am_application_scope", "default"}}, {"seconds", 7200}});
  ASSERT_EQ(answer.status, 200) << answer.response.body;
  EXPECT_EQ(number_or(answer.body, "expires_in", 0), 7200);
  EXPECT_EQ(text_or(answer.body, "scope", ""), "default");
  const model::Validation validation = server_.validate(text_or(answer.body, "access_token", ""));
  EXPECT_TRUE(validation.active);
  EXPECT_TRUE(validation.user_id.empty());
}

// Every secret that this run has made, searched for in every byte of the database files.
TEST_F(KeyManagerFlow, NoSecretLiesInTheDatabaseInClear) {
  const std::string client = server_.client();
  const std::string jwt_client = server_.client("JWT");
  const Pair opaque = login(client);
  const Pair jwt = login(jwt_client);
  const std::vector<std::string> secrets{std::string(admin_password),
                                         client.substr(client.find(':') + 1),
                                         jwt_client.substr(jwt_client.find(':') + 1),
                                         opaque.access,
                                         opaque.refresh,
                                         jwt.access,
                                         jwt.refresh,
                                         from_base64url(opaque.access.substr(5))->substr(4, 32)};
  const std::string bytes = server_.databases().bytes_on_disk();
  EXPECT_NE(bytes.find(id_of(client)), std::string::npos);
  for (const std::string& secret : secrets) EXPECT_EQ(bytes.find(secret), std::string::npos);
  EXPECT_EQ(bytes.find(*from_base64url("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w")),
            std::string::npos);  // how PKCS #8 of a P-256 key begins
}

TEST_F(KeyManagerFlow, TokensOutliveARestart) {
  const std::string client = server_.client("JWT");
  const Pair jwt = login(client);
  const Pair opaque = login(server_.client());
  server_.restart();
  EXPECT_TRUE(server_.validate(jwt.access).active);
  EXPECT_TRUE(server_.validate(opaque.access).active);
  EXPECT_EQ(refresh(client, jwt.refresh).status, 200);
}

TEST_F(KeyManagerFlow, TheFirstStartHappensOnce) {
  const Result<Bootstrapped> again = server_->bootstrap({.name = "admin"});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->created);
  const Result<Bootstrapped> other = server_->bootstrap({.name = "root"});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->created);
  EXPECT_GE(other->made_password.size(), 20U);
  EXPECT_EQ(authenticate("Basic " + to_base64("root:" + other->made_password)).status, 200);
  EXPECT_FALSE(server_->bootstrap({.name = "a:b"}));
}

}  // namespace
}  // namespace gatehouse::keymanager
