// SPDX-License-Identifier: Apache-2.0
#include "keymanager/registered_metadata.h"

#include <gtest/gtest.h>

#include "jose/key.h"
#include "keymanager/oauth_error.h"

namespace gatehouse::keymanager {
namespace {

// Each row is one rule of RFC 7591, section 2. `changes` are laid over metadata that is good;
// a null takes a member away.
struct MetadataCase {
  const char* name;
  const char* changes;
  const OAuthError* error = nullptr;  // null: taken
};

json::object with(const char* changes) {
  json::object wanted = parse_json_object(R"({"redirect_uris":["https://shop.example/back"],
      "client_name":"Shop","grant_types":["authorization_code","refresh_token"],
      "response_types":["code"],"token_endpoint_auth_method":"client_secret_basic"})")
                            .value();
  const json::object over = parse_json_object(changes).value();
  for (const auto& member : over) {
    if (member.value().is_null()) {
      wanted.erase(member.key());
    } else {
      wanted[member.key()] = member.value();
    }
  }
  return wanted;
}

class Metadata : public ::testing::TestWithParam<MetadataCase> {};

TEST_P(Metadata, IsTakenOrRefused) {
  const Result<json::object> metadata = registered_metadata(with(GetParam().changes), {});
  ASSERT_EQ(metadata.has_value(), GetParam().error == nullptr)
      << (metadata ? "" : metadata.error().message);
  if (metadata) return;
  EXPECT_EQ(metadata.error().number, GetParam().error->number);
}

const OAuthError* const redirect = &invalid_redirect_uri;
const OAuthError* const wrong = &invalid_client_metadata;

INSTANTIATE_TEST_SUITE_P(
    Redirects, Metadata,
    ::testing::Values(
        MetadataCase{"https", R"({"redirect_uris":["https://a.example/x?y=z"]})"},
        MetadataCase{"several", R"({"redirect_uris":["https://a.example/","https://b.example/"]})"},
        MetadataCase{"loopback", R"({"redirect_uris":["http://127.0.0.1:8000/cb"]})"},
        MetadataCase{"loopback_v6", R"({"redirect_uris":["http://[::1]/cb"]})"},
        MetadataCase{"own_scheme", R"({"redirect_uris":["com.example.app:/cb"]})"},
        MetadataCase{"plain_http", R"({"redirect_uris":["http://a.example/"]})", redirect},
        MetadataCase{"fragment", R"({"redirect_uris":["https://a.example/#x"]})", redirect},
        MetadataCase{"wildcard", R"({"redirect_uris":["https://*.example/"]})", redirect},
        MetadataCase{"user", R"({"redirect_uris":["https://u@a.example/"]})", redirect},
        MetadataCase{"relative", R"({"redirect_uris":["/cb"]})", redirect},
        MetadataCase{"no_host", R"({"redirect_uris":["https:///cb"]})", redirect},
        MetadataCase{"space", R"({"redirect_uris":["https://a.example/ x"]})", redirect},
        MetadataCase{"script", R"({"redirect_uris":["javascript:open"]})", redirect},
        MetadataCase{"data", R"({"redirect_uris":["data:text/html,x"]})", redirect},
        MetadataCase{"one_text", R"({"redirect_uris":"https://a.example/"})", redirect},
        MetadataCase{"a_number", R"({"redirect_uris":[7]})", redirect},
        MetadataCase{"missing", R"({"redirect_uris":null})", redirect},
        MetadataCase{"not_needed",
                     R"({"redirect_uris":null,"response_types":null,
                         "grant_types":["client_credentials"]})"}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Members, Metadata,
    ::testing::Values(
        MetadataCase{"all_defaults",
                     R"({"grant_types":null,"response_types":null,
                         "token_endpoint_auth_method":null,"client_name":null})"},
        MetadataCase{"unknown_member_is_ignored", R"({"favourite_colour":7})"},
        MetadataCase{"japanese_name", R"({"client_name#ja":"\u5e97"})"},
        MetadataCase{"name_is_no_text", R"({"client_name":7})", wrong},
        MetadataCase{"unknown_method", R"({"token_endpoint_auth_method":"magic"})", wrong},
        MetadataCase{"public", R"({"token_endpoint_auth_method":"none"})"},
        MetadataCase{"public_with_client_credentials",
                     R"({"token_endpoint_auth_method":"none","grant_types":
                         ["authorization_code","client_credentials"]})",
                     wrong},
        MetadataCase{"unknown_grant", R"({"grant_types":["authorization_code","magic"]})", wrong},
        MetadataCase{"implicit", R"({"grant_types":["implicit"],"response_types":["token"]})",
                     wrong},
        MetadataCase{"code_without_its_grant", R"({"grant_types":["client_credentials"]})", wrong},
        MetadataCase{"grant_without_its_code", R"({"response_types":[]})", wrong},
        MetadataCase{"device",
                     R"({"redirect_uris":null,"response_types":null,"grant_types":
                         ["urn:ietf:params:oauth:grant-type:device_code"]})"},
        MetadataCase{"scope", R"({"scope":"openid profile"})"},
        MetadataCase{"scope_with_a_quote", R"({"scope":"a\"b"})", wrong},
        MetadataCase{"contacts", R"({"contacts":["ann@example.org"]})"},
        MetadataCase{"contacts_are_no_list", R"({"contacts":"ann@example.org"})", wrong},
        MetadataCase{"tos", R"({"tos_uri":"https://a.example/tos"})"},
        MetadataCase{"tos_is_no_url", R"({"tos_uri":"javascript:open"})", wrong},
        MetadataCase{"logo_is_no_url", R"({"logo_uri":"data:image/png,x"})", wrong},
        MetadataCase{"policy_with_user", R"({"policy_uri":"https://u:p@a.example/"})", wrong},
        MetadataCase{"algorithm", R"({"id_token_signed_response_alg":"ES256"})"},
        MetadataCase{"algorithm_none", R"({"id_token_signed_response_alg":"none"})", wrong},
        MetadataCase{"algorithm_symmetric", R"({"token_endpoint_auth_signing_alg":"HS256"})",
                     wrong},
        MetadataCase{"native", R"({"application_type":"native"})"},
        MetadataCase{"application_of_another_type", R"({"application_type":"toaster"})", wrong},
        MetadataCase{"pairwise", R"({"subject_type":"pairwise"})", wrong},
        MetadataCase{"age", R"({"default_max_age":60})"},
        MetadataCase{"age_below_zero", R"({"default_max_age":-1})", wrong},
        MetadataCase{"acr", R"({"default_acr_values":["2"]})"},
        MetadataCase{"acr_as_text", R"({"default_acr_values":"2"})", wrong},
        MetadataCase{"login_uri", R"({"initiate_login_uri":"https://a.example/login"})"},
        MetadataCase{"login_uri_is_no_url", R"({"initiate_login_uri":"/login"})", wrong},
        MetadataCase{"software", R"({"software_id":"4NRB1","software_version":"2.1"})"},
        MetadataCase{"software_is_no_text", R"({"software_version":2.1})", wrong},
        MetadataCase{"signed_user_info", R"({"userinfo_signed_response_alg":"EdDSA"})"},
        MetadataCase{"user_info_signed_by_nobody", R"({"userinfo_signed_response_alg":"none"})",
                     wrong},
        MetadataCase{"pushed", R"({"require_pushed_authorization_requests":true})"},
        MetadataCase{"pushed_as_number", R"({"require_pushed_authorization_requests":1})", wrong},
        MetadataCase{"encrypted_id_token", R"({"id_token_encrypted_response_alg":"RSA-OAEP"})",
                     wrong},
        MetadataCase{"encrypted_user_info", R"({"userinfo_encrypted_response_enc":"A128GCM"})",
                     wrong},
        MetadataCase{"request_object", R"({"request_object_signing_alg":"ES256"})", wrong},
        MetadataCase{"signed_requests_only", R"({"require_signed_request_object":true})", wrong},
        MetadataCase{"plain_requests_too", R"({"require_signed_request_object":false})"},
        MetadataCase{"request_uris", R"({"request_uris":["https://a.example/r"]})", wrong},
        MetadataCase{"sector", R"({"sector_identifier_uri":"https://a.example/s"})", wrong},
        MetadataCase{"dpop", R"({"dpop_bound_access_tokens":true})"},
        MetadataCase{"dpop_as_text", R"({"dpop_bound_access_tokens":"true"})", wrong},
        MetadataCase{"software_statement", R"({"software_statement":"eyJ.e30.x"})",
                     &unapproved_software_statement}),
    [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Keys, Metadata,
    ::testing::Values(
        MetadataCase{"by_url", R"({"token_endpoint_auth_method":"private_key_jwt",
                                   "jwks_uri":"https://a.example/jwks"})"},
        MetadataCase{"by_url_on_this_machine", R"({"jwks_uri":"http://127.0.0.1:9000/jwks"})"},
        MetadataCase{"by_url_that_others_may_change", R"({"jwks_uri":"http://a.example/jwks"})",
                     wrong},
        MetadataCase{"no_url", R"({"jwks_uri":"jwks.json"})", wrong},
        MetadataCase{"no_keys_at_all", R"({"token_endpoint_auth_method":"private_key_jwt"})",
                     wrong},
        MetadataCase{"empty_set", R"({"jwks":{"keys":[]}})", wrong},
        MetadataCase{"no_set", R"({"jwks":{}})", wrong},
        MetadataCase{"symmetric", R"({"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}})", wrong},
        MetadataCase{"by_subject", R"({"token_endpoint_auth_method":"tls_client_auth",
                                       "tls_client_auth_subject_dn":"CN=shop"})"},
        MetadataCase{"subject_missing", R"({"token_endpoint_auth_method":"tls_client_auth"})",
                     wrong},
        MetadataCase{"two_subjects", R"({"token_endpoint_auth_method":"tls_client_auth",
                         "tls_client_auth_subject_dn":"CN=a","tls_client_auth_san_dns":"a"})",
                     wrong}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(RegisteredKeys, ArePublicAndExcludeAUrl) {
  const auto key = jose::PrivateKey::generate(jose::Algorithm::es256);
  ASSERT_TRUE(key);
  json::object wanted = with(R"({"token_endpoint_auth_method":"private_key_jwt"})");
  wanted["jwks"] = json::object{{"keys", json::array{key->public_key().to_jwk()}}};
  EXPECT_TRUE(registered_metadata(wanted, {}));
  wanted["jwks_uri"] = "https://a.example/jwks";
  EXPECT_EQ(registered_metadata(wanted, {}).error().number, invalid_client_metadata.number);
  wanted.erase("jwks_uri");
  wanted["jwks"].as_object()["keys"].as_array()[0].as_object()["d"] = "AAAA";
  EXPECT_EQ(registered_metadata(wanted, {}).error().number, invalid_client_metadata.number);
}

TEST(RegisteredMetadata, IsWhatTheServerHas) {
  const Offer es256{.signing = {jose::Algorithm::es256}, .implicit = false};
  const Offer implicit{.signing = {jose::Algorithm::es256}, .implicit = true};
  const struct {
    const char* changes;
    const Offer& offer;
    bool taken;
  } rows[] = {
      {R"({"id_token_signed_response_alg":"ES256"})", es256, true},
      {R"({"id_token_signed_response_alg":"RS256"})", es256, false},
      {R"({"access_token_signed_response_alg":"EdDSA"})", es256, false},
      {R"({"userinfo_signed_response_alg":"PS256"})", es256, false},
      // What a client signs with is its own affair.
      {R"({"token_endpoint_auth_signing_alg":"PS256"})", es256, true},
      {R"({"grant_types":["implicit"],"response_types":["token"]})", es256, false},
      {R"({"grant_types":["implicit"],"response_types":["token"]})", implicit, true},
      {R"({"grant_types":["implicit"],"response_types":null})", implicit, true},
      {R"({"grant_types":["implicit"],"response_types":["id_token token"]})", implicit, true},
      {R"({"grant_types":["implicit"],"response_types":["code"]})", implicit, false},
      {R"({"response_types":["code","token"]})", implicit, false},
      {R"({"grant_types":["implicit"],"redirect_uris":null,"response_types":["token"]})", implicit,
       false}};
  for (const auto& row : rows) {
    EXPECT_EQ(registered_metadata(with(row.changes), row.offer).has_value(), row.taken)
        << row.changes;
  }
}

TEST(RegisteredDefaults, AreTheStandards) {
  const auto metadata =
      registered_metadata(json::object{{"redirect_uris", {"https://a.example/"}}}, {});
  ASSERT_TRUE(metadata);
  EXPECT_EQ(text_or(*metadata, "token_endpoint_auth_method", ""), "client_secret_basic");
  EXPECT_EQ(texts_of(*metadata, "grant_types"), std::vector<std::string>{"authorization_code"});
  EXPECT_EQ(texts_of(*metadata, "response_types"), std::vector<std::string>{"code"});
}

}  // namespace
}  // namespace gatehouse::keymanager
