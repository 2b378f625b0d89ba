// SPDX-License-Identifier: Apache-2.0
//
// The power goes at a random operation of the disk: what was acknowledged is there, nothing is half
// there, and the databases open.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "fault_disk.h"
#include "ledger.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

constexpr std::uint64_t seeds = 100;
constexpr int threads = 4;
constexpr int entries_per_thread = 40;

class PowerLoss : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::off); }
  void TearDown() override { set_log_level(LogLevel::warning); }

  static Result<std::unique_ptr<Databases>> open(const std::filesystem::path& folder) {
    static const SystemClock clock;
    static SystemRandom random;
    DatabaseOptions options;
    options.data_dir = folder;
    return Databases::open(options, Access::server, clock, random);
  }

  // Performs entries until the power goes; returns the acknowledged ones.
  static std::set<std::string> write_until_dark(Databases& databases, std::size_t bytes_max) {
    const SystemClock clock;
    std::mutex mutex;
    std::set<std::string> acknowledged;
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        for (int i = 0; i < entries_per_thread; ++i) {
          const LedgerEntry entry{fmt::format("{}-{}", thread, i),
                                  static_cast<std::size_t>(i * 7919) % bytes_max};
          if (!perform(databases, entry, clock)) return;
          const std::lock_guard lock(mutex);
          acknowledged.insert(entry.id);
        }
      });
    }
    running.clear();
    return acknowledged;
  }
};

TEST_F(PowerLoss, LosesNothingAcknowledgedAndLeavesNothingHalf) {
  std::size_t acknowledged_in_all = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SeededRandom chance(seed * 7'919);
    const TestFolder before;
    const TestFolder after;
    std::set<std::string> acknowledged;
    {
      FaultDisk disk;
      // One in eight goes while the tables are made; one in four writes enough for checkpoints.
      if (seed % 8 == 0) disk.cut_power_after(chance.number() % 150 + 1);
      if (auto databases = open(before.path())) {
        if (seed % 8 != 0) disk.cut_power_after(chance.number() % 2'000 + 1);
        const std::size_t bytes_max = seed % 4 == 1 ? 200'000 : 5'000;
        acknowledged = write_until_dark(**databases, bytes_max);
      }
      disk.write_survivors(after.path(), chance);
    }
    acknowledged_in_all += acknowledged.size();

    const auto databases = open(after.path());
    ASSERT_TRUE(databases) << databases.error().message << databases.error().detail;
    const Findings findings = inspect(**databases);
    EXPECT_EQ(findings.wrong, std::vector<std::string>());
    for (const std::string& id : acknowledged) EXPECT_TRUE(findings.whole.contains(id)) << id;
    if (HasFailure()) break;
  }
  std::cout << fmt::format("seeds 1 to {}, {} writes acknowledged\n", seeds, acknowledged_in_all);
}

// Shows that the disk bites: without syncs, acknowledged rows go.
TEST_F(PowerLoss, LosesRowsOfADatabaseThatDoesNotSync) {
  int unharmed = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SeededRandom chance(seed * 7'919);
    const TestFolder before;
    const TestFolder after;
    constexpr int rows = 20;
    {
      FaultDisk disk;
      sqlite3* database = nullptr;
      ASSERT_EQ(sqlite3_open((before.path() / "a.db").c_str(), &database), SQLITE_OK);
      sqlite3_exec(database,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
                   "CREATE TABLE t (x)",
                   nullptr, nullptr, nullptr);
      for (int i = 0; i < rows; ++i) {
        sqlite3_exec(database, "INSERT INTO t VALUES (1)", nullptr, nullptr, nullptr);
      }
      disk.cut_power_after(0);
      sqlite3_close(database);
      disk.write_survivors(after.path(), chance);
    }
    sqlite3* database = nullptr;
    sqlite3_open((after.path() / "a.db").c_str(), &database);
    int found = 0;
    const auto count = [](void* total, int, char** values, char**) {
      *static_cast<int*>(total) = std::atoi(values[0]);
      return 0;
    };
    sqlite3_exec(database, "SELECT COUNT(*) FROM t", count, &found, nullptr);
    sqlite3_close(database);
    if (found == rows) ++unharmed;
  }
  EXPECT_LT(unharmed, 3);
}

}  // namespace
}  // namespace gatehouse::storage
