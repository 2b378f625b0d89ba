// SPDX-License-Identifier: Apache-2.0
#include "jose/claims.h"

#include <gtest/gtest.h>

namespace gatehouse::jose {
namespace {

constexpr Instant now = Instant(std::chrono::seconds(1'000'000));

struct ClaimsCase {
  const char* name;
  const char* claims;
  std::uint32_t number;  // 0: they hold
  const char* audience = "";
};

class Claims : public ::testing::TestWithParam<ClaimsCase> {};

TEST_P(Claims, HoldOrAreRefused) {
  const Result<json::object> claims = parse_json_object(GetParam().claims);
  // A number beyond every double is refused by the reader of JSON already.
  if (!claims) {
    EXPECT_NE(GetParam().number, 0U) << claims.error().message;
    return;
  }
  const Result<Lifetime> lifetime =
      check_claims(*claims, {.issuer = "us", .audience = GetParam().audience, .now = now});
  EXPECT_EQ(lifetime ? 0 : lifetime.error().number, GetParam().number)
      << (lifetime ? "" : lifetime.error().detail);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7519, Claims,
    ::testing::Values(
        ClaimsCase{"plain", R"({"iss":"us","exp":1000001})", 0},
        ClaimsCase{"fraction", R"({"iss":"us","exp":1000000.5})", 0},
        ClaimsCase{"exponent", R"({"iss":"us","exp":1.1e6})", 0},
        ClaimsCase{"exp_this_instant", R"({"iss":"us","exp":1000000})", access_token_expired},
        ClaimsCase{"exp_past", R"({"iss":"us","exp":999999})", access_token_expired},
        ClaimsCase{"exp_zero", R"({"iss":"us","exp":0})", access_token_expired},
        ClaimsCase{"exp_absent", R"({"iss":"us"})", invalid_credentials},
        ClaimsCase{"exp_text", R"({"iss":"us","exp":"1000001"})", invalid_credentials},
        ClaimsCase{"exp_null", R"({"iss":"us","exp":null})", invalid_credentials},
        ClaimsCase{"exp_flag", R"({"iss":"us","exp":true})", invalid_credentials},
        ClaimsCase{"exp_array", R"({"iss":"us","exp":[1000001]})", invalid_credentials},
        ClaimsCase{"exp_negative", R"({"iss":"us","exp":-1})", invalid_credentials},
        ClaimsCase{"exp_1e400", R"({"iss":"us","exp":1e400})", invalid_credentials},
        ClaimsCase{"exp_1e300", R"({"iss":"us","exp":1e300})", invalid_credentials},
        ClaimsCase{"exp_beyond_int64", R"({"iss":"us","exp":18446744073709551615})",
                   invalid_credentials},
        ClaimsCase{"iss_other", R"({"iss":"them","exp":1000001})", invalid_credentials},
        ClaimsCase{"iss_longer", R"({"iss":"us2","exp":1000001})", invalid_credentials},
        ClaimsCase{"iss_absent", R"({"exp":1000001})", invalid_credentials},
        ClaimsCase{"iss_array", R"({"iss":["us"],"exp":1000001})", invalid_credentials},
        ClaimsCase{"iss_wrong_and_expired", R"({"iss":"them","exp":1})", invalid_credentials},
        ClaimsCase{"nbf_this_instant", R"({"iss":"us","exp":1000001,"nbf":1000000})", 0},
        ClaimsCase{"nbf_ahead", R"({"iss":"us","exp":1000002,"nbf":1000001})", invalid_credentials},
        ClaimsCase{"nbf_text", R"({"iss":"us","exp":1000001,"nbf":"1"})", invalid_credentials},
        ClaimsCase{"iat_text", R"({"iss":"us","exp":1000001,"iat":"1"})", invalid_credentials},
        ClaimsCase{"aud_not_asked", R"({"iss":"us","exp":1000001,"aud":"x"})", 0},
        ClaimsCase{"aud_text", R"({"iss":"us","exp":1000001,"aud":"api"})", 0, "api"},
        ClaimsCase{"aud_array", R"({"iss":"us","exp":1000001,"aud":["x","api"]})", 0, "api"},
        ClaimsCase{"aud_absent", R"({"iss":"us","exp":1000001})", invalid_credentials, "api"},
        ClaimsCase{"aud_other", R"({"iss":"us","exp":1000001,"aud":["x"]})", invalid_credentials,
                   "api"},
        ClaimsCase{"aud_mixed", R"({"iss":"us","exp":1000001,"aud":["api",1]})",
                   invalid_credentials, "api"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Claims, GrantAForeignClockItsLeeway) {
  const json::object claims{{"iss", "us"}, {"exp", 999'990}, {"iat", 999'000}};
  Expected expected{.issuer = "us", .now = now, .leeway = std::chrono::seconds(11)};
  const Result<Lifetime> lifetime = check_claims(claims, expected);
  ASSERT_TRUE(lifetime);
  EXPECT_EQ(to_ms(lifetime->issued_at), 999'000'000);
  EXPECT_EQ(to_ms(lifetime->expires_at), 999'990'000);
  expected.leeway = std::chrono::seconds(10);
  EXPECT_FALSE(check_claims(claims, expected));
}

}  // namespace
}  // namespace gatehouse::jose
