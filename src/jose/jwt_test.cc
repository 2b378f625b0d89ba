// SPDX-License-Identifier: Apache-2.0
#include "jose/jwt.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "core/text.h"

namespace gatehouse::jose {
namespace {

// One key of each algorithm, made once: an RSA key takes long.
struct TestKeys {
  PrivateKey rsa = *PrivateKey::generate(Algorithm::rs256);
  PrivateKey pss = *PrivateKey::generate(Algorithm::ps256);
  PrivateKey ec = *PrivateKey::generate(Algorithm::es256);
  PrivateKey ed = *PrivateKey::generate(Algorithm::eddsa);
  PrivateKey stranger = *PrivateKey::generate(Algorithm::es256);
  KeySet set;

  TestKeys() {
    set.add(rsa.public_key());
    set.add(pss.public_key());
    set.add(ec.public_key());
    set.add(ed.public_key());
  }
};

const TestKeys& keys() {
  static const TestKeys instance;
  return instance;
}

constexpr std::string_view claims = R"({"iss":"us","exp":4102444800})";

std::string signed_by(const PrivateKey& key, std::string_view header, std::string_view payload) {
  const std::string text = to_base64url(header) + '.' + to_base64url(payload);
  return text + '.' + to_base64url(*key.sign(text));
}

std::string header_of(const PrivateKey& key, std::string_view more = "") {
  return fmt::format(R"({{"alg":"{}","kid":"{}"{}}})", to_text(key.public_key().algorithm()),
                     key.public_key().kid(), more);
}

std::string good(const PrivateKey& key) { return signed_by(key, header_of(key), claims); }

// The three parts of a good token, to take apart and put together again.
struct Split {
  std::string header, payload, signature;

  explicit Split(const std::string& token) {
    const std::vector<std::string_view> parts = split(token, '.');
    header = parts[0], payload = parts[1], signature = parts[2];
  }
  std::string text() const { return header + '.' + payload + '.' + signature; }
};

// The token with another header and a signature that fits the new text where a key is there.
std::string with_header(std::string_view header) { return signed_by(keys().rsa, header, claims); }

std::string with_alg(std::string_view alg) {
  return with_header(
      fmt::format(R"({{"alg":"{}","kid":"{}"}})", alg, keys().rsa.public_key().kid()));
}

std::string unsigned_with_alg(std::string_view alg) {
  return to_base64url(fmt::format(R"({{"alg":"{}"}})", alg)) + '.' + to_base64url(claims) + '.';
}

std::string hmac_with(std::string_view secret) {
  const std::string text =
      to_base64url(fmt::format(R"({{"alg":"HS256","kid":"{}"}})", keys().rsa.public_key().kid())) +
      '.' + to_base64url(claims);
  return text + '.' + to_base64url(to_bytes(hmac_sha256(secret, text)));
}

std::string es256_with_signature(std::string_view bytes) {
  Split parts(good(keys().ec));
  parts.signature = to_base64url(bytes);
  return parts.text();
}

// The same signature in DER, as an OpenSSL command would write it.
std::string der_signature() {
  const std::string raw = *from_base64url(Split(good(keys().ec)).signature);
  const auto integer = [](std::string_view half) {
    while (half.size() > 1 && half[0] == 0) half.remove_prefix(1);
    std::string body((half[0] & 0x80) != 0 ? 1 : 0, '\0');
    body += half;
    return std::string("\x02") + static_cast<char>(body.size()) + body;
  };
  const std::string body =
      integer(std::string_view(raw).substr(0, 32)) + integer(std::string_view(raw).substr(32));
  return std::string("\x30") + static_cast<char>(body.size()) + body;
}

std::string with_payload(std::string_view payload) {
  return signed_by(keys().ec, header_of(keys().ec), payload);
}

std::string changed(std::string token, std::size_t at) {
  token[at] = token[at] == 'A' ? 'B' : 'A';
  return token;
}

// Each row is one way to talk a verifier into a token that the issuer did not make. The sources are
// RFC 8725 section 3, the classes of Wycheproof's JWS and JWK vectors, and public advisories.
struct Attack {
  const char* name;
  std::string (*token)();
};

class RefusedToken : public ::testing::TestWithParam<Attack> {};

TEST_P(RefusedToken, IsUnauthenticated) {
  const std::string token = GetParam().token();
  const Result<Jwt> jwt = verify(token, keys().set);
  ASSERT_FALSE(jwt) << token;
  EXPECT_EQ(jwt.error().code, ErrorCode::unauthenticated) << jwt.error().detail;
  EXPECT_EQ(jwt.error().message, "The token is not valid");
}

std::string name_of(const ::testing::TestParamInfo<Attack>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Algorithm, RefusedToken,
    ::testing::Values(
        Attack{"none", [] { return unsigned_with_alg("none"); }},
        Attack{"none_capitalised", [] { return unsigned_with_alg("None"); }},
        Attack{"none_mixed_case", [] { return unsigned_with_alg("nOnE"); }},
        Attack{"none_upper_case", [] { return unsigned_with_alg("NONE"); }},
        Attack{"none_with_signature", [] { return with_alg("none"); }},
        Attack{"empty_name", [] { return with_alg(""); }},
        Attack{"lower_case_name", [] { return with_alg("rs256"); }},
        Attack{"name_with_space", [] { return with_alg("RS256 "); }},
        Attack{"name_with_nul", [] { return with_alg("RS256\\u0000"); }},
        Attack{"hs256_with_public_modulus",
               [] { return hmac_with(keys().rsa.public_key().to_jwk().at("n").as_string()); }},
        Attack{"hs256_with_public_jwk",
               [] { return hmac_with(json::serialize(keys().rsa.public_key().to_jwk())); }},
        Attack{"hs256_with_empty_secret", [] { return hmac_with(""); }},
        Attack{"hs384_over_rsa", [] { return with_alg("HS384"); }},
        Attack{"rs384_is_not_the_keys", [] { return with_alg("RS384"); }},
        Attack{"rs512_is_not_the_keys", [] { return with_alg("RS512"); }},
        Attack{"ps256_is_not_the_keys", [] { return with_alg("PS256"); }},
        Attack{"rs256_is_not_the_pss_keys",
               [] {
                 return signed_by(
                     keys().rsa,
                     fmt::format(R"({{"alg":"RS256","kid":"{}"}})", keys().pss.public_key().kid()),
                     claims);
               }},
        Attack{"pkcs1_signature_as_pss",
               [] {
                 return signed_by(
                     keys().rsa,
                     fmt::format(R"({{"alg":"PS256","kid":"{}"}})", keys().pss.public_key().kid()),
                     claims);
               }},
        Attack{"rs1", [] { return with_alg("RS1"); }},
        Attack{"es256_with_rsa_key", [] { return with_alg("ES256"); }},
        Attack{"eddsa_with_rsa_key", [] { return with_alg("EdDSA"); }},
        Attack{"es256k", [] { return with_alg("ES256K"); }},
        Attack{"rs256_with_ec_key",
               [] {
                 return signed_by(
                     keys().ec,
                     fmt::format(R"({{"alg":"RS256","kid":"{}"}})", keys().ec.public_key().kid()),
                     claims);
               }},
        Attack{"absent", [] { return with_header(R"({"typ":"JWT"})"); }},
        Attack{"number", [] { return with_header(R"({"alg":256})"); }},
        Attack{"null", [] { return with_header(R"({"alg":null})"); }},
        Attack{"array", [] { return with_header(R"({"alg":["RS256"]})"); }},
        Attack{"twice", [] { return with_header(R"({"alg":"none","alg":"RS256"})"); }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    KeyChoice, RefusedToken,
    ::testing::Values(
        Attack{"unknown_kid", [] { return with_header(R"({"alg":"RS256","kid":"x"})"); }},
        Attack{"kid_is_a_path",
               [] { return with_header(R"({"alg":"RS256","kid":"../../../../dev/null"})"); }},
        Attack{"kid_is_sql",
               [] { return with_header(R"({"alg":"RS256","kid":"x' UNION SELECT 'key"})"); }},
        Attack{"kid_is_a_number", [] { return with_header(R"({"alg":"RS256","kid":7})"); }},
        Attack{"kid_is_an_object", [] { return with_header(R"({"alg":"RS256","kid":{}})"); }},
        Attack{"key_in_the_header",
               [] {
                 return signed_by(
                     keys().stranger,
                     fmt::format(R"({{"alg":"ES256","jwk":{}}})",
                                 json::serialize(keys().stranger.public_key().to_jwk())),
                     claims);
               }},
        Attack{"key_in_the_header_with_our_kid",
               [] {
                 return signed_by(
                     keys().stranger,
                     fmt::format(R"({{"alg":"ES256","kid":"{}","jwk":{}}})",
                                 keys().ec.public_key().kid(),
                                 json::serialize(keys().stranger.public_key().to_jwk())),
                     claims);
               }},
        Attack{"key_set_behind_a_url",
               [] {
                 return signed_by(keys().stranger,
                                  R"({"alg":"ES256","kid":"a","jku":"https://example.net/jwks"})",
                                  claims);
               }},
        Attack{"certificate_behind_a_url",
               [] {
                 return signed_by(keys().stranger,
                                  R"({"alg":"ES256","x5u":"https://example.net/c"})", claims);
               }},
        Attack{
            "certificate_in_the_header",
            [] { return signed_by(keys().stranger, R"({"alg":"ES256","x5c":["MIIB"]})", claims); }},
        Attack{"strangers_signature_under_our_kid",
               [] { return signed_by(keys().stranger, header_of(keys().ec), claims); }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Extensions, RefusedToken,
    ::testing::Values(
        Attack{"critical_unknown",
               [] {
                 return signed_by(keys().ec, header_of(keys().ec, R"(,"crit":["exp"],"exp":1)"),
                                  claims);
               }},
        Attack{"critical_empty",
               [] { return signed_by(keys().ec, header_of(keys().ec, R"(,"crit":[])"), claims); }},
        Attack{
            "critical_null",
            [] { return signed_by(keys().ec, header_of(keys().ec, R"(,"crit":null)"), claims); }},
        Attack{"unencoded_payload",
               [] {
                 return signed_by(keys().ec, header_of(keys().ec, R"(,"crit":["b64"],"b64":false)"),
                                  claims);
               }},
        Attack{
            "unencoded_without_crit",
            [] { return signed_by(keys().ec, header_of(keys().ec, R"(,"b64":false)"), claims); }},
        Attack{"type_is_a_number",
               [] { return signed_by(keys().ec, header_of(keys().ec, R"(,"typ":1)"), claims); }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Signature, RefusedToken,
    ::testing::Values(
        Attack{"missing",
               [] {
                 Split p(good(keys().ec));
                 return p.header + '.' + p.payload + '.';
               }},
        Attack{"missing_with_its_dot",
               [] {
                 Split p(good(keys().ec));
                 return p.header + '.' + p.payload;
               }},
        Attack{"es256_all_zero", [] { return es256_with_signature(std::string(64, '\0')); }},
        Attack{"es256_zero_r",
               [] {
                 std::string raw = *from_base64url(Split(good(keys().ec)).signature);
                 return es256_with_signature(std::string(32, '\0') + raw.substr(32));
               }},
        Attack{"es256_zero_s",
               [] {
                 std::string raw = *from_base64url(Split(good(keys().ec)).signature);
                 return es256_with_signature(raw.substr(0, 32) + std::string(32, '\0'));
               }},
        Attack{"es256_all_ones", [] { return es256_with_signature(std::string(64, '\xff')); }},
        Attack{"es256_der", [] { return es256_with_signature(der_signature()); }},
        Attack{"es256_one_byte_short",
               [] {
                 std::string raw = *from_base64url(Split(good(keys().ec)).signature);
                 return es256_with_signature(raw.substr(0, 63));
               }},
        Attack{"es256_one_byte_long",
               [] {
                 std::string raw = *from_base64url(Split(good(keys().ec)).signature);
                 return es256_with_signature(raw + '\0');
               }},
        Attack{"es256_halves_swapped",
               [] {
                 std::string raw = *from_base64url(Split(good(keys().ec)).signature);
                 return es256_with_signature(raw.substr(32) + raw.substr(0, 32));
               }},
        Attack{"rs256_all_zero",
               [] {
                 Split p(good(keys().rsa));
                 p.signature = to_base64url(std::string(256, '\0'));
                 return p.text();
               }},
        Attack{"rs256_one",
               [] {
                 Split p(good(keys().rsa));
                 p.signature = to_base64url(std::string(255, '\0') + '\x01');
                 return p.text();
               }},
        Attack{"rs256_short",
               [] {
                 Split p(good(keys().rsa));
                 p.signature = p.signature.substr(0, 340);
                 return p.text();
               }},
        Attack{"rs256_bit_flipped",
               [] {
                 Split p(good(keys().rsa));
                 p.signature = changed(p.signature, 0);
                 return p.text();
               }},
        Attack{"ps256_bit_flipped",
               [] {
                 Split p(good(keys().pss));
                 p.signature = changed(p.signature, 0);
                 return p.text();
               }},
        Attack{"eddsa_all_zero",
               [] {
                 Split p(good(keys().ed));
                 p.signature = to_base64url(std::string(64, '\0'));
                 return p.text();
               }},
        Attack{"eddsa_bit_flipped",
               [] {
                 Split p(good(keys().ed));
                 p.signature = changed(p.signature, 0);
                 return p.text();
               }},
        Attack{"payload_changed",
               [] {
                 Split p(good(keys().ec));
                 p.payload = to_base64url(R"({"iss":"us","exp":4102444801})");
                 return p.text();
               }},
        Attack{"header_changed",
               [] {
                 Split p(good(keys().ec));
                 p.header = to_base64url(header_of(keys().ec, R"(,"x":1)"));
                 return p.text();
               }},
        Attack{"of_another_token",
               [] {
                 Split p(good(keys().ec));
                 p.signature = Split(with_payload("{}")).signature;
                 return p.text();
               }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Encoding, RefusedToken,
    ::testing::Values(Attack{"empty", [] { return std::string(); }},
                      Attack{"one_part", [] { return std::string("abc"); }},
                      Attack{"dots_only", [] { return std::string(".."); }},
                      Attack{"four_parts", [] { return good(keys().ec) + ".x"; }},
                      Attack{"encrypted_form", [] { return good(keys().ec) + ".x.y"; }},
                      Attack{"too_long",
                             [] { return good(keys().ec) + std::string(jwt_bytes_max, 'A'); }},
                      Attack{"space_before", [] { return ' ' + good(keys().ec); }},
                      Attack{"newline_after", [] { return good(keys().ec) + '\n'; }},
                      Attack{"padded_signature", [] { return good(keys().ec) + "=="; }},
                      Attack{"padded_payload",
                             [] {
                               const std::string text =
                                   to_base64url(header_of(keys().ec)) + '.' + to_base64(claims);
                               return text + '.' + to_base64url(*keys().ec.sign(text));
                             }},
                      Attack{"plus_and_slash",
                             [] {
                               const std::string payload = to_base64(R"({"a":"??>>~~?"})");
                               EXPECT_NE(payload.find_first_of("+/"), std::string::npos);
                               const std::string text =
                                   to_base64url(header_of(keys().ec)) + '.' + payload;
                               return text + '.' + to_base64url(*keys().ec.sign(text));
                             }},
                      Attack{"stray_bits",
                             [] {
                               Split p(good(keys().ec));
                               p.signature.back() = p.signature.back() == 'B' ? 'C' : 'B';
                               return p.text();
                             }},
                      Attack{"percent_coded_dot",
                             [] {
                               Split p(good(keys().ec));
                               return p.header + "%2e" + p.payload + '.' + p.signature;
                             }},
                      Attack{"nul_inside",
                             [] {
                               std::string token = good(keys().ec);
                               token[5] = '\0';
                               return token;
                             }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Content, RefusedToken,
    ::testing::Values(
        Attack{"header_is_not_json", [] { return with_header("alg"); }},
        Attack{"header_is_an_array", [] { return with_header("[]"); }},
        Attack{"header_has_a_tail", [] { return with_header(header_of(keys().rsa) + "{}"); }},
        Attack{"payload_is_not_json", [] { return with_payload("hello"); }},
        Attack{"payload_is_a_string", [] { return with_payload("\"a\""); }},
        Attack{"payload_is_a_token", [] { return with_payload(good(keys().ec)); }},
        Attack{"payload_has_a_tail", [] { return with_payload(R"({"iss":"us"}{"iss":"me"})"); }},
        Attack{"claim_twice", [] { return with_payload(R"({"iss":"me","iss":"us"})"); }},
        Attack{"nested_claim_twice", [] { return with_payload(R"({"a":{"b":1,"b":2}})"); }},
        Attack{"claim_twice_by_escape",
               [] { return with_payload(R"({"iss":"a","i\u0073s":"b"})"); }},
        Attack{"not_utf8", [] { return with_payload("{\"iss\":\"\xff\"}"); }},
        Attack{"too_deep",
               [] {
                 return with_payload("{\"a\":" + std::string(200, '[') + std::string(200, ']') +
                                     '}');
               }},
        Attack{"comment", [] { return with_payload(R"({/*x*/"iss":"us"})"); }},
        Attack{"trailing_comma", [] { return with_payload(R"({"iss":"us",})"); }}),
    name_of);

// What stands beside the attacks: the same shapes, honest.
TEST(GoodToken, IsAcceptedForEveryAlgorithm) {
  for (const PrivateKey* key : {&keys().rsa, &keys().pss, &keys().ec, &keys().ed}) {
    const Result<Jwt> jwt = verify(good(*key), keys().set);
    ASSERT_TRUE(jwt) << jwt.error().detail;
    EXPECT_EQ(jwt->claims.at("iss").as_string(), "us");
    EXPECT_EQ(jwt->kid, key->public_key().kid());
  }
}

TEST(GoodToken, IsWhatSignMakes) {
  const Result<std::string> token = sign(keys().ec, "at+jwt", {{"iss", "us"}, {"n", 1}});
  ASSERT_TRUE(token);
  EXPECT_TRUE(looks_like_jwt(*token));
  const Result<Jwt> jwt = verify(*token, keys().set);
  ASSERT_TRUE(jwt);
  EXPECT_EQ(jwt->type, "at+jwt");
  EXPECT_EQ(jwt->claims, (json::object{{"iss", "us"}, {"n", 1}}));
}

TEST(GoodToken, NeedsNoKidWhenOneKeyFits) {
  EXPECT_TRUE(verify(signed_by(keys().ec, R"({"alg":"ES256"})", claims), keys().set));
  KeySet two = keys().set;
  two.add(keys().stranger.public_key());
  EXPECT_FALSE(verify(signed_by(keys().ec, R"({"alg":"ES256"})", claims), two));
  EXPECT_TRUE(verify(good(keys().ec), two));
}

// RFC 7515, appendix A.3: a vector that this program did not make.
TEST(GoodToken, OfTheStandardVerifies) {
  const Result<json::object> jwk = parse_json_object(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
      R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  KeySet set;
  set.add(*PublicKey::from_jwk(*jwk));
  EXPECT_TRUE(
      verify("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA"
             "6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4Ga"
             "wxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
             set));
}

TEST(HalfHash, IsThatOfTheStandard) {
  // OpenID Connect Core 1.0, appendix A.3: the at_hash of an RS256 token.
  constexpr std::string_view access = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
  EXPECT_EQ(half_hash(Algorithm::rs256, access), "77QmUPtjPfzWtF2AnpK9RQ");
  EXPECT_EQ(half_hash(Algorithm::es256, access), "77QmUPtjPfzWtF2AnpK9RQ");
  EXPECT_EQ(from_base64url(half_hash(Algorithm::eddsa, access))->size(), 32U);
}

TEST(LooksLikeJwt, TellsOpaqueTokensApart) {
  EXPECT_TRUE(looks_like_jwt(good(keys().ec)));
  EXPECT_FALSE(looks_like_jwt("gate_AAAA"));
  EXPECT_FALSE(looks_like_jwt("eyJ.x"));
  EXPECT_FALSE(looks_like_jwt(""));
}

}  // namespace
}  // namespace gatehouse::jose
