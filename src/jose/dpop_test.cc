// SPDX-License-Identifier: Apache-2.0
#include "jose/dpop.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/digest.h"
#include "core/text.h"
#include "jose/jwt.h"

namespace gatehouse::jose {
namespace {

constexpr Instant now = Instant(std::chrono::seconds(1'000'000));
constexpr std::string_view url = "https://api.example.com/orders/7?x=1";
constexpr std::string_view token = "gate_token";

const PrivateKey& holder() {
  static const PrivateKey key = *PrivateKey::generate(Algorithm::es256);
  return key;
}

// A good proof, which each row spoils in one point.
struct Proof {
  json::object header{
      {"typ", "dpop+jwt"}, {"alg", "ES256"}, {"jwk", holder().public_key().to_jwk()}};
  json::object claims{{"jti", "one"},
                      {"htm", "GET"},
                      {"htu", "https://api.example.com/orders/7"},
                      {"iat", 1'000'000},
                      {"ath", to_base64url(to_bytes(sha256(token)))}};
  const PrivateKey* signer = &holder();

  std::string text() const {
    const std::string part =
        to_base64url(json::serialize(header)) + '.' + to_base64url(json::serialize(claims));
    return part + '.' + to_base64url(*signer->sign(part));
  }
};

Result<DpopProof> check(const std::string& proof) {
  return check_dpop(proof, {.method = "GET", .url = url, .access_token = token, .now = now});
}

struct DpopCase {
  const char* name;
  bool holds;
  std::function<void(Proof&)> change;
};

class Dpop : public ::testing::TestWithParam<DpopCase> {};

TEST_P(Dpop, HoldsOrIsRefused) {
  Proof proof;
  GetParam().change(proof);
  const Result<DpopProof> checked = check(proof.text());
  EXPECT_EQ(checked.has_value(), GetParam().holds) << (checked ? "" : checked.error().detail);
}

const PrivateKey& stranger() {
  static const PrivateKey key = *PrivateKey::generate(Algorithm::es256);
  return key;
}
const PrivateKey& edwards() {
  static const PrivateKey key = *PrivateKey::generate(Algorithm::eddsa);
  return key;
}
const PrivateKey& rsa() {
  static const PrivateKey key = *PrivateKey::generate(Algorithm::ps256);
  return key;
}

void sign_with(Proof& proof, const PrivateKey& key) {
  proof.signer = &key;
  proof.header["alg"] = to_text(key.public_key().algorithm());
  proof.header["jwk"] = key.public_key().to_jwk();
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9449, Dpop,
    ::testing::Values(
        DpopCase{"good", true, [](Proof&) {}},
        DpopCase{"good_eddsa", true, [](Proof& p) { sign_with(p, edwards()); }},
        DpopCase{"good_ps256", true, [](Proof& p) { sign_with(p, rsa()); }},
        DpopCase{"good_ps256_key_without_alg", true,
                 [](Proof& p) {
                   sign_with(p, rsa());
                   p.header["jwk"].as_object().erase("alg");
                 }},
        DpopCase{"good_url_in_other_spelling", true,
                 [](Proof& p) { p.claims["htu"] = "HTTPS://API.example.com:443/%6frders/7#x"; }},
        DpopCase{"good_at_the_edge", true, [](Proof& p) { p.claims["iat"] = 1'000'000 - 60; }},
        DpopCase{"type_jwt", false, [](Proof& p) { p.header["typ"] = "JWT"; }},
        DpopCase{"type_absent", false, [](Proof& p) { p.header.erase("typ"); }},
        DpopCase{"alg_none", false, [](Proof& p) { p.header["alg"] = "none"; }},
        DpopCase{"alg_hs256", false, [](Proof& p) { p.header["alg"] = "HS256"; }},
        DpopCase{"alg_not_the_keys", false, [](Proof& p) { p.header["alg"] = "EdDSA"; }},
        DpopCase{"no_key", false, [](Proof& p) { p.header.erase("jwk"); }},
        DpopCase{"key_is_text", false, [](Proof& p) { p.header["jwk"] = "x"; }},
        DpopCase{"private_key", false, [](Proof& p) { p.header["jwk"].as_object()["d"] = "AAAA"; }},
        DpopCase{"symmetric_key", false,
                 [](Proof& p) { p.header["jwk"] = {{"kty", "oct"}, {"k", "AAAA"}}; }},
        DpopCase{"strangers_signature", false, [](Proof& p) { p.signer = &stranger(); }},
        DpopCase{"critical", false, [](Proof& p) { p.header["crit"] = json::array{"exp"}; }},
        DpopCase{"jti_absent", false, [](Proof& p) { p.claims.erase("jti"); }},
        DpopCase{"jti_number", false, [](Proof& p) { p.claims["jti"] = 1; }},
        DpopCase{"jti_too_long", false, [](Proof& p) { p.claims["jti"] = std::string(257, 'a'); }},
        DpopCase{"method_other", false, [](Proof& p) { p.claims["htm"] = "POST"; }},
        DpopCase{"method_in_small_letters", false, [](Proof& p) { p.claims["htm"] = "get"; }},
        DpopCase{"method_absent", false, [](Proof& p) { p.claims.erase("htm"); }},
        DpopCase{"url_absent", false, [](Proof& p) { p.claims.erase("htu"); }},
        DpopCase{"url_other_path", false,
                 [](Proof& p) { p.claims["htu"] = "https://api.example.com/orders/8"; }},
        DpopCase{"url_path_in_capitals", false,
                 [](Proof& p) { p.claims["htu"] = "https://api.example.com/ORDERS/7"; }},
        DpopCase{"url_other_host", false,
                 [](Proof& p) { p.claims["htu"] = "https://example.com/orders/7"; }},
        DpopCase{"url_other_port", false,
                 [](Proof& p) { p.claims["htu"] = "https://api.example.com:8443/orders/7"; }},
        DpopCase{"url_plain", false,
                 [](Proof& p) { p.claims["htu"] = "http://api.example.com/orders/7"; }},
        DpopCase{"url_with_user", false,
                 [](Proof& p) { p.claims["htu"] = "https://a@api.example.com/orders/7"; }},
        DpopCase{"url_relative", false, [](Proof& p) { p.claims["htu"] = "/orders/7"; }},
        DpopCase{"iat_absent", false, [](Proof& p) { p.claims.erase("iat"); }},
        DpopCase{"iat_text", false, [](Proof& p) { p.claims["iat"] = "1000000"; }},
        DpopCase{"iat_too_old", false, [](Proof& p) { p.claims["iat"] = 1'000'000 - 61; }},
        DpopCase{"iat_ahead", false, [](Proof& p) { p.claims["iat"] = 1'000'000 + 61; }},
        DpopCase{"iat_far_away", false, [](Proof& p) { p.claims["iat"] = 1e300; }},
        DpopCase{"ath_absent", false, [](Proof& p) { p.claims.erase("ath"); }},
        DpopCase{"ath_other", false, [](Proof& p) { p.claims["ath"] = "x"; }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Dpop, SaysWhichKeyItHasAndWhatItCarries) {
  Proof proof;
  proof.claims["nonce"] = "n1";
  const Result<DpopProof> checked = check(proof.text());
  ASSERT_TRUE(checked) << checked.error().detail;
  EXPECT_EQ(checked->thumbprint, holder().public_key().kid());
  EXPECT_EQ(checked->jti, "one");
  EXPECT_EQ(checked->nonce, "n1");
  EXPECT_EQ(checked->issued_at, now);
}

// A kid of its own choice must not let a key pass for another one.
TEST(Dpop, NamesTheKeyByItsThumbprint) {
  Proof proof;
  proof.header["jwk"].as_object()["kid"] = stranger().public_key().kid();
  const Result<DpopProof> checked = check(proof.text());
  ASSERT_TRUE(checked) << checked.error().detail;
  EXPECT_EQ(checked->thumbprint, holder().public_key().thumbprint());
}

TEST(Dpop, NeedsNoTokenHashAtTheTokenEndpoint) {
  Proof proof;
  proof.claims.erase("ath");
  EXPECT_TRUE(
      check_dpop(proof.text(), {.method = "GET", .url = url, .access_token = "", .now = now}));
}

TEST(Dpop, IsBoundedInSize) {
  Proof proof;
  proof.claims["x"] = std::string(dpop_bytes_max, 'a');
  EXPECT_FALSE(check(proof.text()));
}

TEST(ComparableUrl, IsNormal) {
  struct Row {
    std::string_view url;
    std::optional<std::string> expected;
  };
  const Row rows[] = {{"https://A.b", "https://a.b/"},
                      {"https://a.b:443/x?y#z", "https://a.b/x"},
                      {"http://a.b:80", "http://a.b/"},
                      {"http://a.b:443/", "http://a.b:443/"},
                      {"https://a.b/%7Ex%2fy%c3", "https://a.b/~x%2Fy%C3"},
                      {"https://a.b/%zz", "https://a.b/%zz"},
                      {"https:///x", std::nullopt},
                      {"ftp://a.b/", std::nullopt},
                      {"", std::nullopt}};
  for (const Row& row : rows) EXPECT_EQ(comparable_url(row.url), row.expected) << row.url;
}

}  // namespace
}  // namespace gatehouse::jose
