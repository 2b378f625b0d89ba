// SPDX-License-Identifier: Apache-2.0
//
// kill -9 at any moment: what was acknowledged is there, nothing is half there, and no row names a
// content that is missing.
#include <gtest/gtest.h>
#include <signal.h>

#include <unordered_set>

#include "kill_child.h"
#include "ledger.h"
#include "storage/registry/content_store.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

constexpr std::uint64_t kills = 20;

class Kill : public ::testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::warning); }

  Result<std::unique_ptr<Databases>> open(const std::filesystem::path& folder) {
    DatabaseOptions options;
    options.data_dir = folder;
    return Databases::open(options, Access::server, clock_, random_);
  }

  // What must hold after any kill.
  void check(Databases& databases, const std::vector<std::string>& acknowledged) {
    const Findings findings = inspect(databases);
    EXPECT_EQ(findings.wrong, std::vector<std::string>());
    for (const std::string& id : acknowledged) EXPECT_TRUE(findings.whole.contains(id)) << id;
    whole_ = findings.whole.size();
  }

  SystemClock clock_;
  SystemRandom random_;
  std::size_t whole_ = 0;
};

TEST_F(Kill, InTheMiddleOf200WritesLosesNothingAcknowledged) {
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 1; seed <= kills; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const TestFolder folder;
    SeededRandom chance(seed * 7'919);
    Child child({"writes", folder.path()});
    child.read_lines(chance.number() % 200);
    child.kill();
    child.wait();
    const auto databases = open(folder.path());
    ASSERT_TRUE(databases) << databases.error().message;
    check(**databases, child.lines());
    acknowledged += child.lines().size();
  }
  std::cout << fmt::format("{} kills, {} writes acknowledged\n", kills, acknowledged);
}

TEST_F(Kill, BetweenTheRegistryAndTheRowLeavesNoRowWithoutItsContent) {
  for (std::uint64_t seed = 1; seed <= kills; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const TestFolder folder;
    SeededRandom chance(seed * 7'919);
    Child child({"between", folder.path(), std::to_string(chance.number() % 40 + 1)});
    ASSERT_EQ(child.wait(), SIGKILL);
    const auto opened = open(folder.path());
    ASSERT_TRUE(opened) << opened.error().message;
    Databases& databases = **opened;
    check(databases, child.lines());

    // The content that nobody names goes with the sweep, the others stay.
    const auto named = databases.api_manager().read([](Transaction& transaction) {
      return transaction.query("SELECT definition_hash FROM am_revision WHERE tenant_id = 1");
    });
    ASSERT_TRUE(named);
    std::unordered_set<std::string> hashes;
    for (const Row& row : *named) hashes.insert(row.text(0));
    EXPECT_EQ(hashes.size(), whole_);
    FakeClock tomorrow(clock_.now() + std::chrono::hours(25));
    const auto swept = sweep_contents(databases.registry(), 1, hashes, tomorrow);
    ASSERT_TRUE(swept);
    EXPECT_GE(*swept, 1U);
    check(databases, child.lines());
  }
}

}  // namespace
}  // namespace gatehouse::storage
