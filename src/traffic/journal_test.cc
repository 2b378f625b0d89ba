// SPDX-License-Identifier: Apache-2.0
#include "traffic/journal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "bus/local_keep.h"
#include "core/test_folder.h"

namespace gatehouse::traffic {
namespace {

using std::chrono::milliseconds;

class JournalTest : public ::testing::Test {
 protected:
  static std::vector<limits::Reservation> reservations(std::size_t count, std::uint64_t permits) {
    std::vector<limits::Reservation> all;
    for (std::size_t i = 0; i < count; ++i)
      all.push_back({{1, i}, 7, milliseconds(60'000), permits});
    return all;
  }
  std::size_t file_size() const {
    return std::filesystem::file_size(folder_.path() / "limits.journal");
  }

  const TestFolder folder_;
  FakeClock clock_{from_ms(1'800'000'000'000)};
  bus::LocalKeep keep_{folder_.path().string(), clock_};
};

TEST_F(JournalTest, KeepsMoreThanARecordHolds) {
  Journal journal(keep_);
  ASSERT_TRUE(journal.load());
  ASSERT_TRUE(journal.rewrite(reservations(25'000, 3)));
  ASSERT_TRUE(journal.append(reservations(12'000, 4)));
  Journal next(keep_);
  const auto contents = next.load();
  ASSERT_TRUE(contents);
  EXPECT_TRUE(contents->crashed);
  ASSERT_EQ(contents->reservations.size(), 37'000U);
  EXPECT_EQ(contents->reservations[24'999].key.low, 24'999U);
  EXPECT_EQ(contents->reservations[25'000].permits, 4U);
  EXPECT_EQ(contents->reservations[25'000].window, 7U);
  EXPECT_EQ(contents->reservations[25'000].span, milliseconds(60'000));
}

TEST_F(JournalTest, ACleanEndIsKnownUntilTheNextOwnerBegins) {
  Journal journal(keep_);
  EXPECT_FALSE(journal.load()->crashed);  // nobody was there before
  ASSERT_TRUE(journal.rewrite({}));
  EXPECT_TRUE(Journal(keep_).load()->crashed);
  ASSERT_TRUE(journal.close_cleanly(reservations(2, 5)));
  Journal next(keep_);
  const auto contents = next.load();
  EXPECT_FALSE(contents->crashed);
  EXPECT_EQ(contents->reservations.size(), 2U);
  ASSERT_TRUE(next.rewrite({}));
  EXPECT_TRUE(Journal(keep_).load()->crashed);
}

TEST_F(JournalTest, AnOwnerThatHasBeenSucceededIsRefused) {
  Journal old(keep_);
  ASSERT_TRUE(old.load());
  ASSERT_TRUE(old.rewrite({}));
  Journal successor(keep_);
  ASSERT_TRUE(successor.load());
  ASSERT_TRUE(successor.rewrite({}));
  EXPECT_EQ(old.append(reservations(1, 1)).error().code, ErrorCode::conflict);
  EXPECT_EQ(old.rewrite(reservations(1, 1)).error().code, ErrorCode::conflict);
  EXPECT_EQ(old.close_cleanly({}).error().code, ErrorCode::conflict);
  EXPECT_TRUE(successor.append(reservations(1, 1)));
}

TEST_F(JournalTest, IsWrittenAnewWhenItHasGrown) {
  Journal journal(keep_);
  ASSERT_TRUE(journal.load());
  ASSERT_TRUE(journal.rewrite({}));
  while (!journal.is_long()) ASSERT_TRUE(journal.append(reservations(10'000, 1)));
  EXPECT_GT(file_size(), 8'000'000U);
  ASSERT_TRUE(journal.rewrite(reservations(10'000, 2)));
  EXPECT_LT(file_size(), 500'000U);
  EXPECT_FALSE(journal.is_long());
  EXPECT_EQ(Journal(keep_).load()->reservations.size(), 10'000U);
}

}  // namespace
}  // namespace gatehouse::traffic
