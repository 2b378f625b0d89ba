// SPDX-License-Identifier: Apache-2.0
#include "model/snapshot.h"

#include <gtest/gtest.h>

namespace gatehouse::model {
namespace {

// Each row is a thing whose every member differs from its default, so that a member that one
// direction forgets is seen.
DeployedApi full_api() {
  DeployedApi api;
  api.id = "a1";
  api.tenant = 7;
  api.tenant_domain = "example.com";
  api.provider = "ann";
  api.name = "Pizza";
  api.version = "1.0";
  api.context = "/pizza";
  api.revision_id = "r1";
  api.vhost = "localhost";
  api.environment = "Default";
  api.state = "PUBLISHED";
  api.is_default_version = true;
  api.http = false;
  api.https = false;
  api.security_schemes = {"oauth2", "api_key"};
  api.key_managers = {"Keycloak"};
  api.authorization_header = "X-Auth";
  api.api_key_header = "X-Key";
  api.api_policy = "10KPerMin";
  api.operations = {{"GET", "/menu/{id}", AuthType::application_user, "20KPerMin", {"read", "all"}},
                    {"POST", "/*", AuthType::none, "", {}}};
  api.production = {{"http://one:80/base", "http://two"}, 5};
  api.sandbox = {{"http://three"}, 6};
  api.production_tps_max = 10;
  api.sandbox_tps_max = 11;
  api.websocket = true;
  api.backend_certificates = {{"http://two", "pem"}};
  api.client_certificates = {{"x5t", KeyType::sandbox, "Gold", from_ms(1), from_ms(2)}};
  api.cors = {true, true, {"*"}, {"a"}, {"GET"}};
  return api;
}

json::object round_trip(const json::object& object) {
  return parse_json_object(json::serialize(object)).value();
}

template <typename T, typename Read>
void expect_round_trip(const T& thing, Read read) {
  const json::object written = to_json(thing);
  const Result<T> again = read(round_trip(written));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(json::serialize(to_json(*again)), json::serialize(written));
  for (const auto& member : written) {
    EXPECT_NE(member.value(), to_json(T{}).contains(member.key()) ? to_json(T{}).at(member.key())
                                                                  : json::value("absent"))
        << member.key() << " has its default value, so this row proves nothing about it";
  }
}

TEST(FeedJson, EveryMemberSurvivesARoundTrip) {
  const Instant when = from_ms(1'700'000'000'123);
  expect_round_trip(full_api(), deployed_api_from);
  expect_round_trip(KnownApplication{"p", 2, "shop", "ann", "10PerMin", "APPROVED"},
                    known_application_from);
  expect_round_trip(KnownKeyMapping{"m", 2, "client", "p", KeyType::sandbox, "Resident"},
                    known_key_mapping_from);
  expect_round_trip(KnownSubscription{"s", 2, "a1", "p", "Gold", "BLOCKED"},
                    known_subscription_from);
  expect_round_trip(KnownPolicy{"l", 2, PolicyLevel::api, "Gold", true, 5, 3600, 7, 9, false, true,
                                WhenSilent::pass},
                    known_policy_from);
  expect_round_trip(
      KnownApiKey{"k", 2, "abcd", "p", "a1", KeyType::sandbox, "ann", when, {"::1"}, {"a.example"}},
      known_api_key_from);
  expect_round_trip(KnownSigningKey{"kid", 2, "https://issuer", {{"kty", "RSA"}}},
                    known_signing_key_from);
  KnownKeyManager manager{"i",   2,     "Keycloak", "https://idp",
                          "us",  false, "azp",      "scp",
                          "upn", "sub", "{client}", {{"keys", json::array()}}};
  expect_round_trip(manager, known_key_manager_from);
  expect_round_trip(Revocation{9, 2, "token", "ff", when, when}, revocation_from);
  expect_round_trip(Validation{true,
                               900903,
                               2,
                               "client",
                               "u1",
                               "ann",
                               "f1",
                               {"read"},
                               when,
                               when,
                               "Keycloak",
                               60,
                               "jkt",
                               "x5t",
                               {"urn:a"},
                               {{"sub", "u2"}},
                               3},
                    validation_from);
}

TEST(FeedJson, ARangeKeepsItsEntries) {
  const FeedRange range{
      "tag", 7, 9, 3, {{"api", "a1", to_json(full_api())}}, {{"policy", "l", {}}}};
  const Result<FeedRange> again = feed_range_from(round_trip(to_json(range)));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(json::serialize(to_json(*again)), json::serialize(to_json(range)));
  EXPECT_EQ(again->upserts.at(0).kind, "api");
  EXPECT_EQ(again->removals.at(0).id, "l");
}

struct WrongCase {
  const char* name;
  const char* text;
  bool good;
};

class SubscriptionJson : public ::testing::TestWithParam<WrongCase> {};

TEST_P(SubscriptionJson, IsReadOrRefused) {
  const auto object = parse_json_object(GetParam().text).value();
  EXPECT_EQ(known_subscription_from(object).has_value(), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, SubscriptionJson,
    ::testing::Values(
        WrongCase{"least", R"({"id":"s","api_id":"a","application_id":"p"})", true},
        WrongCase{"unknown_member_is_ignored",
                  R"({"id":"s","api_id":"a","application_id":"p","future":[1]})", true},
        WrongCase{"id_missing", R"({"api_id":"a","application_id":"p"})", false},
        WrongCase{"wrong_type", R"({"id":1,"api_id":"a","application_id":"p"})", false},
        WrongCase{"wrong_type_of_an_optional_member",
                  R"({"id":"s","api_id":"a","application_id":"p","tenant":"1"})", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(FeedNames, AreTheOnesOfTheRestApis) {
  EXPECT_EQ(to_text(KeyType::production), "PRODUCTION");
  EXPECT_EQ(to_text(AuthType::any), "Application & Application User");
  EXPECT_EQ(to_text(ChangeKind::key_mapping), "key_mapping");
  EXPECT_EQ(parse_key_type("SANDBOX").value(), KeyType::sandbox);
  EXPECT_EQ(parse_auth_type("None").value(), AuthType::none);
  EXPECT_EQ(parse_policy_level("api").value(), PolicyLevel::api);
  EXPECT_EQ(parse_change_kind("user").value(), ChangeKind::user);
  EXPECT_FALSE(parse_key_type("sandbox"));
  EXPECT_FALSE(parse_change_kind(""));
}

}  // namespace
}  // namespace gatehouse::model
