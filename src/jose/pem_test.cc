// SPDX-License-Identifier: Apache-2.0
#include "jose/pem.h"

#include <gtest/gtest.h>

#include "jose/key_set.h"

namespace gatehouse::jose {
namespace {

// Keys of each type as `openssl pkey -pubout` writes them.
constexpr const char* p256 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
    "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* ed25519 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

struct PemCase {
  const char* name;
  std::string_view pem;
  const char* algorithm;  // null: refused
};

const std::string after_text = std::string("subject=CN = x\n") + p256;
const std::string too_long(pem_bytes_max + 1, 'x');

class Pem : public ::testing::TestWithParam<PemCase> {};

TEST_P(Pem, IsReadOrRefused) {
  const Result<json::object> jwk = jwk_from_pem(GetParam().pem);
  ASSERT_EQ(jwk.has_value(), GetParam().algorithm != nullptr);
  if (!jwk) return;
  const Result<PublicKey> key = PublicKey::from_jwk(*jwk);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(to_text(key->algorithm()), GetParam().algorithm);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Pem,
    ::testing::Values(PemCase{"p256", p256, "ES256"}, PemCase{"ed25519", ed25519, "EdDSA"},
                      PemCase{"text_before_it", after_text, "ES256"}, PemCase{"empty", "", nullptr},
                      PemCase{"cut", std::string_view(p256).substr(0, 90), nullptr},
                      PemCase{"certificate_that_is_none",
                              "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                              nullptr},
                      PemCase{"too_long", too_long, nullptr}),
    [](const auto& row) { return std::string(row.param.name); });

// A key that came as PEM has no kid of its own, and tokens name it as they like.
TEST(PemKeySet, TakesAnyKid) {
  const json::object jwk = jwk_from_pem(p256).value();
  json::object set{{"keys", json::array{jwk}}};
  EXPECT_EQ(KeySet::from_json(set)->find("any", Algorithm::es256), nullptr);
  set["any_kid"] = true;
  EXPECT_NE(KeySet::from_json(set)->find("any", Algorithm::es256), nullptr);
  EXPECT_EQ(KeySet::from_json(set)->find("any", Algorithm::rs256), nullptr);
}

}  // namespace
}  // namespace gatehouse::jose
