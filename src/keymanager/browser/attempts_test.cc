// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/attempts.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

using std::chrono::seconds;

class AttemptsTest : public ::testing::Test {
 protected:
  static constexpr AttemptLimits limits{
      .free = 3, .first_delay = seconds(2), .longest_delay = seconds(10)};

  FakeClock clock_{Instant(seconds(1'000'000))};
  SeededRandom random_{7};
  Attempts attempts_{clock_, random_};
};

TEST_F(AttemptsTest, WaitTwiceAsLongEachTime) {
  for (const std::int64_t wait : {0, 0, 0, 2, 4, 8, 10, 10}) {
    attempts_.failed("anna", limits);
    EXPECT_EQ(attempts_.wait_of("anna"), seconds(wait));
  }
  EXPECT_EQ(attempts_.wait_of("bert"), seconds(0));
  clock_.advance(seconds(9));
  EXPECT_EQ(attempts_.wait_of("anna"), seconds(1));
  clock_.advance(seconds(1));
  EXPECT_EQ(attempts_.wait_of("anna"), seconds(0));
}

TEST_F(AttemptsTest, BeginAnewAfterASuccess) {
  for (int i = 0; i < 5; ++i) attempts_.failed("anna", limits);
  attempts_.succeeded("anna");
  attempts_.failed("anna", limits);
  EXPECT_EQ(attempts_.wait_of("anna"), seconds(0));
}

TEST_F(AttemptsTest, AreForgottenAfterAnHour) {
  for (int i = 0; i < 5; ++i) attempts_.failed("anna", limits);
  clock_.advance(Attempts::memory + seconds(1));
  attempts_.failed("anna", limits);
  EXPECT_EQ(attempts_.wait_of("anna"), seconds(0));
}

TEST_F(AttemptsTest, DoNotOverflow) {
  for (int i = 0; i < 200; ++i) attempts_.failed("anna", limits);
  EXPECT_EQ(attempts_.wait_of("anna"), limits.longest_delay);
}

// Ten times as many names as slots, each failing once: a count is never lost among them.
TEST_F(AttemptsTest, CannotBePushedOut) {
  for (int i = 0; i < 3; ++i) attempts_.failed("anna", limits);
  for (std::size_t i = 0; i < 10 * Attempts::slots; ++i) {
    attempts_.failed(std::to_string(i), limits);
  }
  attempts_.failed("anna", limits);
  EXPECT_GE(attempts_.wait_of("anna"), limits.first_delay);
}

}  // namespace
}  // namespace gatehouse::keymanager
