// SPDX-License-Identifier: Apache-2.0
#include "app/sizing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace gatehouse::app {
namespace {

using ::testing::HasSubstr;

NodeGroup group_of(std::string_view pattern, std::string_view role, const Load& load) {
  const std::vector<NodeGroup> groups = nodes_for(pattern, load).value();
  for (const NodeGroup& group : groups) {
    if (group.role == role) return group;
  }
  ADD_FAILURE() << pattern << " has no " << role;
  return {};
}

TEST(Sizing, AnyNodeMayBeLostAndTheOthersCarryTheLoad) {
  for (const std::string& pattern : sized_patterns()) {
    if (pattern == "1") continue;
    for (const double calls : {0.0, 1'000.0, 50'000.0, 1'000'000.0}) {
      const Load load{.calls = calls};
      const std::vector<NodeGroup> groups = nodes_for(pattern, load).value();
      for (const NodeGroup& group : groups) {
        ASSERT_GE(group.nodes, 2) << pattern << " " << group.role;
        EXPECT_LE(group.busy / ((group.nodes - 1) * load.cores), busy_max) << group.role;
      }
    }
  }
}

TEST(Sizing, WhereTokensAreRememberedSaysWhoNeedsNodes) {
  const Load load{.calls = 100'000, .fresh = 0, .logins = 0};
  const unsigned at_gateways = group_of("2/cache-gateway", "key-manager", load).nodes;
  const unsigned at_key_managers = group_of("2/cache-key-manager", "key-manager", load).nodes;
  const unsigned nowhere = group_of("2/cache-none", "key-manager", load).nodes;
  EXPECT_EQ(at_gateways, 2);
  EXPECT_EQ(at_key_managers, 2);
  EXPECT_EQ(nowhere, 3);  // 2.3 cores busy, of 1.4 that a node of two may have
  EXPECT_GT(group_of("2/cache-none", "gateway", load).nodes,
            group_of("2/cache-gateway", "gateway", load).nodes);
}

TEST(Sizing, AWaveOfFreshTokensAndLoginsFallsOnKeyManagers) {
  const Load quiet{.calls = 10'000, .fresh = 0};
  const Load wave{.calls = 10'000, .fresh = 0.5, .logins = 100};
  EXPECT_EQ(group_of("3", "key-manager", quiet).nodes, 2);
  EXPECT_EQ(group_of("3", "key-manager", wave).nodes, 5);  // 4.8 cores busy
  EXPECT_EQ(group_of("3", "gateway", wave).nodes, group_of("3", "gateway", quiet).nodes);
}

TEST(Sizing, SidesShareTheCalls) {
  const Load load{.calls = 500'000, .external = 0.8};
  EXPECT_EQ(group_of("4", "gateway (external)", load).nodes, 4);  // 3.6 cores busy
  EXPECT_EQ(group_of("4", "gateway (internal)", load).nodes, 2);  // 0.9
}

TEST(Sizing, MemoryGrowsWithWhatIsKept) {
  const Load few{.apis = 100, .tokens = 1'000};
  const Load many{.apis = 100'000, .tokens = 1'000'000};
  EXPECT_GT(group_of("3", "gateway", many).memory_mb, group_of("3", "gateway", few).memory_mb + 50);
  EXPECT_EQ(group_of("3", "publisher", many).memory_mb, group_of("3", "publisher", few).memory_mb);
  EXPECT_GT(group_of("2/cache-key-manager", "key-manager", many).memory_mb,
            group_of("2/cache-gateway", "key-manager", many).memory_mb);
}

TEST(Sizing, OneMachineCarriesWhatItCan) {
  EXPECT_EQ(nodes_for("1", {.calls = 1'000})->front().nodes, 1);
  EXPECT_EQ(nodes_for("1", {.calls = 1'000'000}).error().code, ErrorCode::exhausted);
}

TEST(Sizing, RefusesWhatIsNoLoad) {
  for (const Load& load : {Load{.calls = -1}, Load{.fresh = 1.1}, Load{.external = -0.1},
                           Load{.cores = 0}, Load{.tokens = -1}}) {
    EXPECT_EQ(nodes_for("3", load).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(nodes_for("7", {}).error().code, ErrorCode::invalid_argument);
}

TEST(Sizing, PrintsEveryPatternAndWhatItStandsOn) {
  std::ostringstream out;
  ASSERT_TRUE(run_size("", {.calls = 1'000'000}, out));
  for (const std::string& pattern : sized_patterns()) {
    EXPECT_THAT(out.str(), HasSubstr("pattern " + pattern + "\n"));
  }
  EXPECT_THAT(out.str(), HasSubstr("one machine does not carry that"));
  for (const Cost& cost : costs()) EXPECT_THAT(out.str(), HasSubstr(cost.measured));
  EXPECT_FALSE(run_size("7", {}, out));
}

}  // namespace
}  // namespace gatehouse::app
