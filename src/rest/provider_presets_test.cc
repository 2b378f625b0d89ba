// SPDX-License-Identifier: Apache-2.0
#include "rest/provider_presets.h"

#include <gtest/gtest.h>

#include "model/foreign_token.h"

namespace gatehouse::rest {
namespace {

// A token of an application itself, as each vendor writes it.
struct VendorCase {
  const char* type;
  const char* claims;
};

class Preset : public ::testing::TestWithParam<VendorCase> {};

TEST_P(Preset, TellsATokenOfAnApplication) {
  json::object resource{{"type", GetParam().type}};
  apply_preset(resource);
  model::KnownKeyManager known;
  known.consumer_key_claim = text_or(resource, "consumerKeyClaim", "");
  known.scopes_claim = text_or(resource, "scopesClaim", "");
  const json::object& more = resource.at("additionalProperties").as_object();
  known.user_claim = text_or(more, "user_claim", "");
  known.application_claim = text_or(more, "application_claim", "");
  known.application_value = text_or(more, "application_value", "");
  const auto identity =
      model::foreign_identity(parse_json_object(GetParam().claims).value(), known);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->client_id, "shop");
  EXPECT_EQ(identity->user_id, "");
  EXPECT_EQ(identity->scopes, (std::vector<std::string>{"a", "b"}));
}

INSTANTIATE_TEST_SUITE_P(
    Vendors, Preset,
    ::testing::Values(
        VendorCase{"KeyCloak", R"({"azp":"shop","sub":"5f1c","scope":"a b",
                       "preferred_username":"service-account-shop"})"},
        VendorCase{"Okta", R"({"cid":"shop","sub":"shop","scp":["a","b"]})"},
        VendorCase{"Auth0", R"({"azp":"shop","sub":"shop@clients","scope":"a b"})"},
        VendorCase{"AzureAD", R"({"azp":"shop","sub":"o1","idtyp":"app","scp":"a b"})"},
        VendorCase{"WSO2-IS", R"({"azp":"shop","sub":"u1","aut":"APPLICATION","scope":"a b"})"}));

TEST(Presets, AreFoundInAnyCaseAndLeaveWhatIsSaid) {
  EXPECT_NE(provider_preset("keycloak"), nullptr);
  EXPECT_EQ(provider_preset("custom"), nullptr);
  json::object resource{{"type", "Okta"}, {"consumerKeyClaim", "mine"}};
  apply_preset(resource);
  EXPECT_EQ(text_or(resource, "consumerKeyClaim", ""), "mine");
  EXPECT_EQ(text_or(resource, "scopesClaim", ""), "scp");
  json::object custom{{"type", "custom"}};
  apply_preset(custom);
  EXPECT_EQ(custom.size(), 1U);
}

TEST(Metadata, BecomesAKeyManager) {
  const json::object metadata{{"issuer", "https://idp"},
                              {"jwks_uri", "https://idp/jwks"},
                              {"token_endpoint", "https://idp/token"},
                              {"introspection_endpoint", "https://idp/introspect"},
                              {"grant_types_supported", {"client_credentials"}}};
  const json::object resource = key_manager_from_metadata(metadata, "Okta");
  EXPECT_EQ(text_or(resource, "name", ""), "Okta");
  EXPECT_EQ(text_or(resource, "issuer", ""), "https://idp");
  EXPECT_EQ(text_or(resource, "introspectionEndpoint", ""), "https://idp/introspect");
  EXPECT_EQ(text_or(resource, "displayTokenEndpoint", ""), "https://idp/token");
  EXPECT_EQ(text_or(resource.at("certificates").as_object(), "value", ""), "https://idp/jwks");
  EXPECT_EQ(texts_of(resource, "availableGrantTypes"),
            std::vector<std::string>{"client_credentials"});
}

}  // namespace
}  // namespace gatehouse::rest
