// SPDX-License-Identifier: Apache-2.0
#include "core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

std::string logged(LogLevel level, std::string_view text) {
  ::testing::internal::CaptureStderr();
  write_log(level, text);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, ALineHasItsInstantAndLevel) {
  EXPECT_THAT(logged(LogLevel::warning, "disk is full"),
              MatchesRegex("2[-0-9]+T[0-9:.]+Z warning disk is full\n"));
}

TEST(Log, InputCannotForgeALine) {
  EXPECT_THAT(logged(LogLevel::info, "user=a\r\n2026 error \x1b[2J\x7f"),
              EndsWith("user=a\\x0d\\x0a2026 error \\x1b[2J\\x7f\n"));
}

TEST(Log, BelowItsLevelNothingIsWritten) {
  set_log_level(LogLevel::error);
  EXPECT_FALSE(log_enabled(LogLevel::warning));
  EXPECT_THAT(logged(LogLevel::warning, "quiet"), IsEmpty());
  set_log_level(LogLevel::info);
  EXPECT_TRUE(log_enabled(LogLevel::warning));
}

}  // namespace
}  // namespace gatehouse
