// SPDX-License-Identifier: Apache-2.0
//
// A full disk: writes are refused whole, reads go on, and writes work again once there is room.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "fault_disk.h"
#include "ledger.h"
#include "storage/registry/content_store.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::off); }
  void TearDown() override { set_log_level(LogLevel::warning); }

  FaultDisk disk_;
  TestDatabases databases_;
  SystemClock clock_;
};

TEST_F(FullDisk, RefusesWritesWholeUntilThereIsRoom) {
  disk_.set_capacity(disk_.used() + 200'000);
  int done = 0;
  Result<> outcome;
  while ((outcome = perform(databases_.all(), {std::to_string(done), 2'000}, clock_))) ++done;
  EXPECT_GT(done, 2);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  EXPECT_EQ(outcome.error().message, "The database cannot take writes now");

  const Findings full = inspect(databases_.all());
  EXPECT_EQ(full.wrong, std::vector<std::string>());
  EXPECT_EQ(full.whole.size(), static_cast<std::size_t>(done));

  disk_.set_capacity(FaultDisk::unlimited);
  EXPECT_TRUE(perform(databases_.all(), {std::to_string(done), 2'000}, clock_));
  databases_.reopen();
  const Findings roomy = inspect(databases_.all());
  EXPECT_EQ(roomy.wrong, std::vector<std::string>());
  EXPECT_EQ(roomy.whole.size(), static_cast<std::size_t>(done) + 1);
}

// Too large to be spilled early and too small to fail before the commit, or the other way round.
TEST_F(FullDisk, AWriteTooLargeTakesNoOtherWithIt) {
  for (const std::size_t large : {1'600'000U, 8'000'000U}) {
    disk_.set_capacity(disk_.used() + 1'200'000);
    std::atomic<int> refused = 0;
    std::vector<std::jthread> running;
    for (int thread = 0; thread < 8; ++thread) {
      running.emplace_back([&, thread] {
        for (int i = 0; i < 10; ++i) {
          const std::size_t size = thread == 0 ? large : 100;
          const Content content{fmt::format("{} {} {}", large, thread, i), "",
                                std::string(size, 'x')};
          const Result<> outcome = databases_.registry().write([&](Transaction& transaction) {
            return ContentStore(transaction, 1).put(content, clock_.now());
          });
          EXPECT_EQ(outcome.has_value(), thread != 0) << content.hash;
          if (!outcome) ++refused;
        }
      });
    }
    running.clear();
    EXPECT_EQ(refused, 10);
  }
  const auto row = databases_.registry().read([](Transaction& transaction) {
    return transaction.query_one("SELECT COUNT(*) FROM reg_content WHERE tenant_id = 1");
  });
  EXPECT_EQ((*row)->number(0), 2 * 70);
}

}  // namespace
}  // namespace gatehouse::storage
