// SPDX-License-Identifier: Apache-2.0
//
// What everything that keeps promises, as tests that each one runs.
//
// Thread:  the test's alone.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "bus/keep.h"

namespace gatehouse::bus {

// Two processes that keep together.
class TestKeeps {
 public:
  virtual ~TestKeeps() = default;
  virtual Keep& here() = 0;
  virtual Keep& there() = 0;
  // Lets time go on, a part of a term at a time.
  virtual void wait() = 0;
};

struct KeepCase {
  const char* name;
  std::function<std::unique_ptr<TestKeeps>()> make;
};

class KeepContract : public ::testing::TestWithParam<KeepCase> {
 protected:
  static std::vector<std::string> texts(Keep& keep, std::string_view log) {
    std::vector<std::string> all;
    const auto records = keep.read(log);
    EXPECT_TRUE(records) << records.error().message << records.error().detail;
    for (const Kept& record : *records) all.push_back(record.bytes);
    return all;
  }

  const std::unique_ptr<TestKeeps> keeps_ = GetParam().make();
  Keep& here_ = keeps_->here();
  Keep& there_ = keeps_->there();
};

TEST_P(KeepContract, WhatWasAppendedIsReadInOrder) {
  EXPECT_TRUE(texts(here_, "one").empty());
  std::uint64_t last = 0;
  const std::string bytes("\0\xff\n", 3);
  for (const std::string& text :
       {std::string("a"), bytes, std::string(), std::string(500'000, 'x')}) {
    const auto number = here_.append("one", last, text);
    ASSERT_TRUE(number) << number.error().detail;
    EXPECT_GT(*number, last);
    last = *number;
  }
  EXPECT_EQ(texts(there_, "one"),
            (std::vector<std::string>{"a", bytes, "", std::string(500'000, 'x')}));
  EXPECT_EQ(there_.read("one")->back().number, last);
  EXPECT_TRUE(texts(here_, "two").empty());
}

TEST_P(KeepContract, AWriterThatHasMissedARecordIsRefused) {
  const std::uint64_t first = *here_.append("fence", 0, "mine");
  const std::uint64_t second = *there_.append("fence", first, "theirs");
  const auto refused = here_.append("fence", first, "late");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(here_.append("fence", 0, "later").error().code, ErrorCode::conflict);
  EXPECT_TRUE(there_.append("fence", second, "again"));
  EXPECT_THAT(texts(here_, "fence"), ::testing::ElementsAre("mine", "theirs", "again"));
}

TEST_P(KeepContract, WhatIsForgottenIsNotRead) {
  std::uint64_t last = 0;
  std::uint64_t third = 0;
  for (int i = 1; i <= 5; ++i) {
    last = *here_.append("long", last, std::to_string(i));
    if (i == 3) third = last;
  }
  ASSERT_TRUE(here_.forget_before("long", third));
  EXPECT_THAT(texts(there_, "long"), ::testing::ElementsAre("3", "4", "5"));
  ASSERT_TRUE(here_.append("long", last, "6"));
  EXPECT_THAT(texts(there_, "long"), ::testing::ElementsAre("3", "4", "5", "6"));
}

TEST_P(KeepContract, AnOfficeHasOneHolder) {
  const auto held = here_.take("owner");
  ASSERT_TRUE(held) << held.error().detail;
  EXPECT_EQ(there_.take("owner").error().code, ErrorCode::conflict);
  EXPECT_TRUE(there_.take("another"));
  const auto renewed = here_.renew("owner", *held);
  ASSERT_TRUE(renewed) << renewed.error().detail;
  EXPECT_EQ(here_.renew("owner", *held).error().code, ErrorCode::conflict);
  ASSERT_TRUE(here_.leave("owner", *renewed));
  EXPECT_TRUE(there_.take("owner"));
  EXPECT_EQ(here_.renew("owner", *renewed).error().code, ErrorCode::conflict);
  EXPECT_EQ(here_.leave("owner", *renewed).error().code, ErrorCode::conflict);
}

TEST_P(KeepContract, AnOfficeIsLostAfterItsTermUnlessRenewed) {
  Result<std::uint64_t> held = here_.take("owner");
  ASSERT_TRUE(held);
  // Longer than a term.
  for (int i = 0; i < 8; ++i) {
    keeps_->wait();
    held = here_.renew("owner", *held);
    ASSERT_TRUE(held);
  }
  EXPECT_EQ(there_.take("owner").error().code, ErrorCode::conflict);
  int waits = 0;
  for (; waits < 100 && !there_.take("owner"); ++waits) keeps_->wait();
  EXPECT_GE(waits, 3);
  EXPECT_LT(waits, 100);
  EXPECT_EQ(here_.renew("owner", *held).error().code, ErrorCode::conflict);
}

}  // namespace gatehouse::bus
