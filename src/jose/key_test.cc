// SPDX-License-Identifier: Apache-2.0
#include "jose/key.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "jose/key_set.h"

namespace gatehouse::jose {
namespace {

// One key of each algorithm for the whole run: an RSA key takes long to make.
const PrivateKey& key_of(Algorithm algorithm) {
  static const PrivateKey rsa = *PrivateKey::generate(Algorithm::rs256);
  static const PrivateKey ec = *PrivateKey::generate(Algorithm::es256);
  static const PrivateKey ed = *PrivateKey::generate(Algorithm::eddsa);
  if (algorithm == Algorithm::rs256) return rsa;
  return algorithm == Algorithm::es256 ? ec : ed;
}

class EveryAlgorithm : public ::testing::TestWithParam<Algorithm> {};

TEST_P(EveryAlgorithm, SurvivesExportAndImport) {
  const PrivateKey& key = key_of(GetParam());
  const Result<PrivateKey> again = PrivateKey::from_pkcs8(key.to_pkcs8(), GetParam());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key().kid(), key.public_key().kid());
  const Result<std::string> signature = again->sign("text");
  ASSERT_TRUE(signature);

  const Result<PublicKey> published = PublicKey::from_jwk(key.public_key().to_jwk());
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_TRUE(published->verify("text", *signature));
  EXPECT_FALSE(published->verify("texT", *signature));
  EXPECT_FALSE(published->verify("text", ""));
  for (const Algorithm other : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    EXPECT_EQ(PrivateKey::from_pkcs8(key.to_pkcs8(), other).has_value(), other == GetParam());
  }
}

TEST_P(EveryAlgorithm, PublishesNothingSecret) {
  const json::object jwk = key_of(GetParam()).public_key().to_jwk();
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "k"}) EXPECT_FALSE(jwk.contains(name));
  EXPECT_EQ(jwk.at("use").as_string(), "sig");
}

INSTANTIATE_TEST_SUITE_P(Jose, EveryAlgorithm,
                         ::testing::Values(Algorithm::rs256, Algorithm::es256, Algorithm::eddsa),
                         [](const auto& row) { return std::string(to_text(row.param)); });

// RFC 7638, section 3.1.
TEST(Thumbprint, IsTheStandardsExample) {
  const Result<json::object> jwk = parse_json_object(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu)"
      R"(1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_)"
      R"(RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1)"
      R"(n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-c)"
      R"(sFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256"})");
  ASSERT_TRUE(jwk) << jwk.error().message;
  const Result<PublicKey> key = PublicKey::from_jwk(*jwk);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

// Each row changes one member of a good key; a null takes it away. None may be imported.
struct BadKey {
  const char* name;
  Algorithm algorithm;
  const char* member;
  json::value value;
};

class RefusedKey : public ::testing::TestWithParam<BadKey> {};

TEST_P(RefusedKey, IsNotImported) {
  json::object jwk = key_of(GetParam().algorithm).public_key().to_jwk();
  ASSERT_TRUE(PublicKey::from_jwk(jwk));
  jwk.erase(GetParam().member);
  if (!GetParam().value.is_null()) jwk[GetParam().member] = GetParam().value;
  const Result<PublicKey> key = PublicKey::from_jwk(jwk);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::invalid_argument);
}

const std::string weak_modulus = to_base64url('\xc0' + std::string(126, '\x55') + '\x01');
const std::string huge_modulus = to_base64url('\xc0' + std::string(2046, '\x55') + '\x01');

INSTANTIATE_TEST_SUITE_P(
    Jwk, RefusedKey,
    ::testing::Values(
        BadKey{"symmetric", Algorithm::rs256, "kty", "oct"},
        BadKey{"type_absent", Algorithm::rs256, "kty", nullptr},
        BadKey{"type_of_another", Algorithm::rs256, "kty", "EC"},
        BadKey{"for_encryption", Algorithm::rs256, "use", "enc"},
        BadKey{"for_signing_only", Algorithm::rs256, "key_ops", json::array{"sign"}},
        BadKey{"private_member", Algorithm::rs256, "d", "AQAB"},
        BadKey{"other_algorithm", Algorithm::rs256, "alg", "RS512"},
        BadKey{"symmetric_algorithm", Algorithm::rs256, "alg", "HS256"},
        BadKey{"modulus_absent", Algorithm::rs256, "n", nullptr},
        BadKey{"modulus_of_1024_bits", Algorithm::rs256, "n", json::string_view(weak_modulus)},
        BadKey{"modulus_of_16384_bits", Algorithm::rs256, "n", json::string_view(huge_modulus)},
        BadKey{"modulus_padded", Algorithm::rs256, "n", "AQAB=="},
        BadKey{"exponent_one", Algorithm::rs256, "e", "AQ"},
        BadKey{"exponent_even", Algorithm::rs256, "e", "AQAA"},
        BadKey{"exponent_zero", Algorithm::rs256, "e", "AA"},
        BadKey{"exponent_huge", Algorithm::rs256, "e", "AQAAAAAAAAAB"},
        BadKey{"other_curve", Algorithm::es256, "crv", "P-384"},
        BadKey{"koblitz_curve", Algorithm::es256, "crv", "secp256k1"},
        BadKey{"point_off_the_curve", Algorithm::es256, "x",
               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"},
        BadKey{"point_short", Algorithm::es256, "x", "AQ"},
        BadKey{"point_long", Algorithm::es256, "x",
               "AAAg9ZjRo1csm47z3ssAXBdxcjm9e6tY2MfwftmKJyLi"},
        BadKey{"point_half", Algorithm::es256, "y", nullptr},
        BadKey{"edwards_other_curve", Algorithm::eddsa, "crv", "X25519"},
        BadKey{"edwards_short", Algorithm::eddsa, "x", "AQ"},
        BadKey{"edwards_not_text", Algorithm::eddsa, "x", 7}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Jwk, MayDropTheZerosBeforeACoordinate) {
  json::object jwk{{"kty", "EC"},
                   {"crv", "P-256"},
                   {"x", "IPWY0aNXLJuO897LAFwXcXI5vXurWNjH8H7Ziici4g"},
                   {"y", "8dh98qfWxhtuXWYF8Kd4OxwF59JKhITyWGwKHllhp4c"}};
  const Result<PublicKey> key = PublicKey::from_jwk(jwk);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->to_jwk().at("x"), "ACD1mNGjVyybjvPeywBcF3FyOb17q1jYx_B-2YonIuI");
}

// An RSA key serves one of two algorithms, and its JWK says which.
TEST(Jwk, OfPssSaysSo) {
  const PrivateKey key = *PrivateKey::generate(Algorithm::ps256);
  json::object jwk = key.public_key().to_jwk();
  EXPECT_EQ(jwk.at("alg"), "PS256");
  EXPECT_EQ(PublicKey::from_jwk(jwk)->algorithm(), Algorithm::ps256);
  jwk.erase("alg");
  EXPECT_EQ(PublicKey::from_jwk(jwk)->algorithm(), Algorithm::rs256);
  EXPECT_EQ(PublicKey::from_jwk(jwk)->thumbprint(), key.public_key().thumbprint());
}

TEST(Certificate, ThatIsNoneHasNoKey) {
  for (const char* text : {"", "x", "AAAA", "-----BEGIN CERTIFICATE-----\n"}) {
    EXPECT_FALSE(PublicKey::from_certificate(text)) << text;
  }
}

TEST(KeySet, LeavesOutWhatIsNotSupported) {
  const PrivateKey key = *PrivateKey::generate(Algorithm::es256);
  const json::object set{{"keys", {key.public_key().to_jwk(), {{"kty", "oct"}, {"k", "AQ"}}, 7}}};
  const Result<KeySet> read = KeySet::from_json(set);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->to_json(), (json::object{{"keys", {key.public_key().to_jwk()}}}));
  EXPECT_FALSE(KeySet::from_json({}));
  EXPECT_FALSE(KeySet::from_json({{"keys", json::array(keys_max + 1)}}));
}

TEST(KeySet, FindsNothingWhenTwoKeysShareAKid) {
  json::object first = PrivateKey::generate(Algorithm::es256)->public_key().to_jwk();
  json::object second = PrivateKey::generate(Algorithm::es256)->public_key().to_jwk();
  first["kid"] = second["kid"] = "same";
  const Result<KeySet> set = KeySet::from_json({{"keys", {first, second}}});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->find("same", Algorithm::es256), nullptr);
}

}  // namespace
}  // namespace gatehouse::jose
