// SPDX-License-Identifier: Apache-2.0
#include "core/clock.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using std::chrono::milliseconds;

struct InstantCase {
  std::int64_t ms;
  const char* text;
};

TEST(InstantText, IsRfc3339InUtc) {
  const InstantCase cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'827'696'789, "2000-02-29T12:34:56.789Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
  };
  for (const InstantCase& row : cases) {
    EXPECT_EQ(to_rfc3339(from_ms(row.ms)), row.text);
    EXPECT_EQ(to_ms(from_ms(row.ms)), row.ms);
  }
}

TEST(Clocks, TheFakeOneStandsStillUntilTold) {
  FakeClock clock(from_ms(1'000));
  const Tick before = clock.tick();
  EXPECT_EQ(to_ms(clock.now()), 1'000);
  clock.advance(milliseconds(250));
  EXPECT_EQ(to_ms(clock.now()), 1'250);
  EXPECT_EQ(clock.tick() - before, milliseconds(250));
}

TEST(Clocks, TheSystemsTicksNeverGoBack) {
  const SystemClock clock;
  Tick last = clock.tick();
  for (int i = 0; i < 1000; ++i) {
    const Tick next = clock.tick();
    EXPECT_GE(next, last);
    last = next;
  }
  EXPECT_GT(to_ms(clock.now()), 1'700'000'000'000);
}

}  // namespace
}  // namespace gatehouse
