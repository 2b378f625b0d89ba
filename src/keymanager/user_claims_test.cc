// SPDX-License-Identifier: Apache-2.0
#include "keymanager/user_claims.h"

#include <gmock/gmock.h>

#include "keymanager/test_key_manager.h"
#include "storage/users/profile_store.h"

namespace gatehouse::keymanager {
namespace {

const json::object profile{
    {"displayName", "Kim K."},
    {"nickName", "kimmy"},
    {"profileUrl", "https://example.com/kim"},
    {"preferredLanguage", "nl"},
    {"timezone", "Europe/Amsterdam"},
    {"name",
     {{"givenName", "Kim"},
      {"familyName", "Kamp"},
      {"middleName", "van"},
      {"formatted", "Kim Kamp"}}},
    {"photos", {{{"value", "https://example.com/k.png"}}}},
    {"phoneNumbers",
     {{{"value", "+31 1"}, {"type", "work"}}, {{"value", "+31 2"}, {"primary", true}}}},
    {"addresses",
     {{{"streetAddress", "Dam 1"},
       {"locality", "Amsterdam"},
       {"postalCode", "1012"},
       {"country", "NL"}}}}};

Account kim() {
  Account account;
  account.user.id = "u1";
  account.user.name = "kim";
  account.user.email = "kim@example.com";
  account.user.updated_at = from_ms(5'000);
  account.roles = {"Internal/everyone"};
  return account;
}

struct ClaimsCase {
  const char* name;
  std::vector<std::string> scopes;
  json::object claims;
};

class UserClaims : public ::testing::TestWithParam<ClaimsCase> {};

TEST_P(UserClaims, AreOpenedByTheirScopes) {
  EXPECT_EQ(user_claims(kim(), profile, GetParam().scopes), GetParam().claims);
}

INSTANTIATE_TEST_SUITE_P(
    OpenIdConnect, UserClaims,
    ::testing::Values(
        ClaimsCase{"none", {}, {}}, ClaimsCase{"openid", {"openid"}, {{"sub", "u1"}}},
        ClaimsCase{"profile",
                   {"profile"},
                   {{"name", "Kim Kamp"},
                    {"given_name", "Kim"},
                    {"family_name", "Kamp"},
                    {"middle_name", "van"},
                    {"nickname", "kimmy"},
                    {"preferred_username", "kim"},
                    {"profile", "https://example.com/kim"},
                    {"picture", "https://example.com/k.png"},
                    {"zoneinfo", "Europe/Amsterdam"},
                    {"locale", "nl"},
                    {"updated_at", 5}}},
        ClaimsCase{"email", {"openid", "email"}, {{"sub", "u1"}, {"email", "kim@example.com"}}},
        ClaimsCase{"address",
                   {"address"},
                   {{"address",
                     {{"street_address", "Dam 1"},
                      {"locality", "Amsterdam"},
                      {"postal_code", "1012"},
                      {"country", "NL"}}}}},
        ClaimsCase{"phone", {"phone"}, {{"phone_number", "+31 2"}}},
        ClaimsCase{"groups", {"groups"}, {{"groups", {"Internal/everyone"}}}},
        ClaimsCase{"another", {"apim:admin"}, {}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(UserClaims, LeaveOutWhatNobodyKnows) {
  Account account = kim();
  account.user.email.clear();
  account.user.updated_at = {};
  const std::vector<std::string> all = user_scopes();
  EXPECT_EQ(user_claims(account, {}, all),
            (json::object{
                {"sub", "u1"}, {"preferred_username", "kim"}, {"groups", {"Internal/everyone"}}}));
  const json::object odd{{"name", "Kim"},           {"addresses", {7, json::object()}},
                         {"phoneNumbers", "+31 1"}, {"photos", json::array()},
                         {"displayName", 7},        {"nickName", nullptr}};
  EXPECT_EQ(user_claims(account, odd, all), user_claims(account, {}, all));
}

TEST(UserClaims, SayWhatWasVerifiedWhenTheSourceDoes) {
  const auto claims = [](json::object entry, const char* list, const char* scope) {
    return user_claims(kim(), {{list, json::array{json::object{{"value", "other"}}, entry}}},
                       {scope});
  };
  const struct {
    json::object email;
    json::value verified;
  } rows[] = {{{{"value", "kim@example.com"}, {"verified", true}}, true},
              {{{"value", "kim@example.com"}, {"verified", false}}, false},
              {{{"value", "kim@example.com"}}, nullptr},
              {{{"value", "kim@example.com"}, {"verified", "yes"}}, nullptr},
              // The account has another address since.
              {{{"value", "kim@before.example"}, {"verified", true}, {"primary", true}}, nullptr}};
  for (const auto& row : rows) {
    json::object expected{{"email", "kim@example.com"}};
    if (!row.verified.is_null()) expected["email_verified"] = row.verified;
    EXPECT_EQ(claims(row.email, "emails", "email"), expected) << json::serialize(row.email);
  }
  for (const bool verified : {true, false}) {
    EXPECT_EQ(claims({{"value", "+31 2"}, {"primary", true}, {"verified", verified}},
                     "phoneNumbers", "phone"),
              (json::object{{"phone_number", "+31 2"}, {"phone_number_verified", verified}}));
  }
  EXPECT_EQ(claims({{"primary", true}, {"verified", true}}, "phoneNumbers", "phone"),
            json::object());
}

TEST(UserInfo, SpeaksOfTheProfile) {
  TestKeyManager server;
  server.add_user("kim", {"Internal/subscriber"});
  const std::string id = server.user_id("kim");
  ASSERT_TRUE(server.databases().user_manager().write([&](storage::Transaction& transaction) {
    return storage::ProfileStore(transaction, model::first_tenant).replace(id, profile);
  }));
  const std::string client = server.client();
  const auto answer = server.token(
      "grant_type=password&username=kim&password=password-of-kim&scope=openid+phone+address",
      client);
  const auto claims =
      server.get("/oauth2/userinfo", "Bearer " + text_or(answer.body, "access_token", "")).body;
  EXPECT_EQ(text_or(claims, "sub", ""), id);
  EXPECT_EQ(text_or(claims, "phone_number", ""), "+31 2");
  EXPECT_EQ(text_or(claims.at("address").as_object(), "locality", ""), "Amsterdam");
  EXPECT_FALSE(claims.contains("name"));
}

}  // namespace
}  // namespace gatehouse::keymanager
