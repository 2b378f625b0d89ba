// SPDX-License-Identifier: Apache-2.0
#include "model/foreign_token.h"

#include <gtest/gtest.h>

#include "core/text.h"

namespace gatehouse::model {
namespace {

// Claims as well-known servers write them, and whom they stand for. "-" for the client: refused.
struct ClaimsCase {
  const char* name;
  const char* claims;
  const char* client;
  const char* user;  // empty: the application itself
  const char* scopes;
  KnownKeyManager from = {};
};

KnownKeyManager keycloak() {
  KnownKeyManager from;
  from.application_claim = "preferred_username";
  from.application_value = "service-account-{client}";
  return from;
}
KnownKeyManager configured() {
  KnownKeyManager from;
  from.consumer_key_claim = "my_client";
  from.scopes_claim = "my_scopes";
  from.user_claim = "my_user";
  return from;
}
KnownKeyManager mapped() {
  KnownKeyManager from;
  from.consumer_key_claim = "https://idp.example/client";
  from.scopes_claim = "scope realm_access.roles";
  from.user_claim = "mail profile.name";
  return from;
}
KnownKeyManager entra() {
  KnownKeyManager from;
  from.application_claim = "idtyp";
  from.application_value = "app";
  return from;
}

class ForeignClaims : public ::testing::TestWithParam<ClaimsCase> {};

TEST_P(ForeignClaims, SayWhomATokenStandsFor) {
  const ClaimsCase& row = GetParam();
  const auto identity = foreign_identity(parse_json_object(row.claims).value(), row.from);
  ASSERT_EQ(identity.has_value(), std::string_view(row.client) != "-");
  if (!identity) return;
  EXPECT_EQ(identity->client_id, row.client);
  EXPECT_EQ(identity->user, row.user);
  EXPECT_EQ(identity->user_id.empty(), identity->user.empty());
  EXPECT_EQ(join(identity->scopes, " "), row.scopes);
}

INSTANTIATE_TEST_SUITE_P(
    Claims, ForeignClaims,
    ::testing::Values(
        ClaimsCase{"rfc9068", R"({"client_id":"c","sub":"u1","scope":"a b"})", "c", "u1", "a b"},
        ClaimsCase{"azp_before_client_id", R"({"azp":"c","client_id":"d"})", "c", "", ""},
        ClaimsCase{"subject_is_the_client", R"({"client_id":"c","sub":"c"})", "c", "", ""},
        ClaimsCase{"okta", R"({"cid":"c","sub":"ann@example","scp":["a","b"]})", "c", "ann@example",
                   "a b"},
        ClaimsCase{"keycloak_user",
                   R"({"azp":"c","sub":"1-2","preferred_username":"ann","scope":"a"})", "c", "ann",
                   "a", keycloak()},
        ClaimsCase{"keycloak_service_account",
                   R"({"azp":"c","sub":"1-2","preferred_username":"service-account-c"})", "c", "",
                   "", keycloak()},
        ClaimsCase{"service_account_of_another_client",
                   R"({"azp":"c","sub":"1-2","preferred_username":"service-account-d"})", "c",
                   "service-account-d", "", keycloak()},
        ClaimsCase{"entra_application", R"({"azp":"c","sub":"o","oid":"o","idtyp":"app"})", "c", "",
                   "", entra()},
        ClaimsCase{"configured", R"({"my_client":"c","sub":"u","my_user":"ann","my_scopes":"x"})",
                   "c", "ann", "x", configured()},
        ClaimsCase{"configured_and_absent", R"({"client_id":"c","azp":"c"})", "-", "", "",
                   configured()},
        ClaimsCase{"mapped",
                   R"({"https://idp.example/client":"c","sub":"u","profile":{"name":"ann"},
                       "scope":"a b","realm_access":{"roles":["c",7]},"azp":"d"})",
                   "c", "ann", "a b c", mapped()},
        ClaimsCase{"mapped_and_absent",
                   R"({"https://idp.example/client":"c","sub":"u","profile":"ann",
                       "realm_access":{"roles":{"a":1}}})",
                   "c", "u", "", mapped()},
        ClaimsCase{"no_client", R"({"sub":"u"})", "-", "", ""},
        ClaimsCase{"client_is_no_text", R"({"client_id":7})", "-", "", ""},
        ClaimsCase{"scope_is_no_text", R"({"client_id":"c","scope":7})", "c", "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

// Users of two servers are never the same one, whatever they are called.
TEST(ForeignUsers, BelongToTheirServer) {
  KnownKeyManager one;
  one.id = "one";
  KnownKeyManager two;
  two.id = "two";
  const json::object claims{{"client_id", "c"}, {"sub", "u"}};
  EXPECT_NE(foreign_identity(claims, one)->user_id, foreign_identity(claims, two)->user_id);
}

struct KindCase {
  const char* name;
  const char* type;
  const char* claims;
  bool may;
};

class TokenKind : public ::testing::TestWithParam<KindCase> {};

TEST_P(TokenKind, IsTold) {
  EXPECT_EQ(may_be_access_token(GetParam().type, parse_json_object(GetParam().claims).value()),
            GetParam().may);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TokenKind,
    ::testing::Values(KindCase{"rfc9068", "at+jwt", "{}", true},
                      KindCase{"rfc9068_media_type", "application/at+jwt", "{}", true},
                      KindCase{"plain", "JWT", "{}", true}, KindCase{"no_type", "", "{}", true},
                      KindCase{"keycloak", "JWT", R"({"typ":"Bearer"})", true},
                      KindCase{"keycloak_id_token", "JWT", R"({"typ":"ID"})", false},
                      KindCase{"keycloak_refresh", "JWT", R"({"typ":"Refresh"})", false},
                      KindCase{"id_token_with_nonce", "JWT", R"({"nonce":"n"})", false},
                      KindCase{"id_token_with_hash", "JWT", R"({"at_hash":"h"})", false},
                      KindCase{"logout_token", "logout+jwt", "{}", false},
                      KindCase{"proof", "dpop+jwt", "{}", false},
                      KindCase{"our_test_key", "internal-key+jwt", "{}", false}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::model
