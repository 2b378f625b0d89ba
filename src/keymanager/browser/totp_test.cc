// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/totp.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

constexpr std::string_view secret = "12345678901234567890";

Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

// RFC 6238, appendix B; the last six of its eight digits.
TEST(Totp, ShowsTheCodesOfTheStandard) {
  const std::pair<std::int64_t, const char*> rows[] = {
      {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
      {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  for (const auto& [seconds, code] : rows) {
    EXPECT_EQ(totp_code(secret, totp_step(at(seconds))), code) << seconds;
  }
}

TEST(Totp, TakesOneStepBeforeAndAfter) {
  const Instant now = at(1111111111);
  const std::int64_t step = totp_step(now);
  for (const std::int64_t off : {-1, 0, 1}) {
    EXPECT_EQ(totp_match(secret, totp_code(secret, step + off), now), step + off);
  }
  for (const std::int64_t off : {-2, 2}) {
    EXPECT_FALSE(totp_match(secret, totp_code(secret, step + off), now));
  }
  for (const char* wrong : {"", "0504711", "50471", "05047a"}) {
    EXPECT_FALSE(totp_match(secret, wrong, now)) << wrong;
  }
}

// RFC 4648, section 10, without padding.
TEST(Base32, IsThatOfTheStandard) {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "MY"},
                                                      {"fo", "MZXQ"},
                                                      {"foo", "MZXW6"},
                                                      {"foob", "MZXW6YQ"},
                                                      {"fooba", "MZXW6YTB"},
                                                      {"foobar", "MZXW6YTBOI"}};
  for (const auto& [bytes, text] : rows) EXPECT_EQ(to_base32(bytes), text);
}

TEST(Totp, IsHandedOverAsAnAddress) {
  EXPECT_EQ(totp_uri("foobar", "My Gate", "anna@x"),
            "otpauth://totp/My%20Gate:anna%40x?secret=MZXW6YTBOI&issuer=My%20Gate&algorithm=SHA1"
            "&digits=6&period=30");
}

}  // namespace
}  // namespace gatehouse::keymanager
