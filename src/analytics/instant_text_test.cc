// SPDX-License-Identifier: Apache-2.0
#include "analytics/instant_text.h"

#include <gtest/gtest.h>

namespace gatehouse::analytics {

namespace {

struct InstantCase {
  const char* name;
  const char* text;
  std::int64_t ms;  // -1: refused
};

class InstantText : public ::testing::TestWithParam<InstantCase> {};

TEST_P(InstantText, IsReadAsTheStandardSays) {
  const Result<Instant> instant = parse_instant(GetParam().text);
  if (GetParam().ms >= 0) {
    ASSERT_TRUE(instant) << instant.error().message;
    EXPECT_EQ(to_ms(*instant), GetParam().ms);
  } else {
    ASSERT_FALSE(instant);
    EXPECT_EQ(instant.error().code, ErrorCode::invalid_argument);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rfc3339, InstantText,
    ::testing::Values(InstantCase{"second", "2026-11-23T06:40:00Z", 1'795'416'000'000},
                      InstantCase{"fraction", "2026-11-23T06:40:00.25Z", 1'795'416'000'250},
                      InstantCase{"long_fraction", "2026-11-23T06:40:00.1239999Z",
                                  1'795'416'000'123},
                      InstantCase{"day", "2026-11-23", 1'795'392'000'000},
                      InstantCase{"leap_day", "2024-02-29", 1'709'164'800'000},
                      InstantCase{"milliseconds", "1795416000000", 1'795'416'000'000},
                      InstantCase{"epoch", "0", 0}, InstantCase{"empty", "", -1},
                      InstantCase{"no_such_day", "2026-02-29", -1},
                      InstantCase{"month_13", "2026-13-01", -1},
                      InstantCase{"hour_24", "2026-11-23T24:00:00Z", -1},
                      InstantCase{"minute_60", "2026-11-23T06:60:00Z", -1},
                      InstantCase{"no_zone", "2026-11-23T06:40:00", -1},
                      InstantCase{"offset", "2026-11-23T06:40:00+01:00", -1},
                      InstantCase{"empty_fraction", "2026-11-23T06:40:00.Z", -1},
                      InstantCase{"space", "2026-11-23 06:40:00Z", -1},
                      InstantCase{"trailing", "2026-11-23T06:40:00Zx", -1},
                      InstantCase{"word", "yesterday", -1}, InstantCase{"negative", "-1", -1}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace

}  // namespace gatehouse::analytics
