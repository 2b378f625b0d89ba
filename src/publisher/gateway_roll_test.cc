// SPDX-License-Identifier: Apache-2.0
#include "publisher/gateway_roll.h"

#include <gtest/gtest.h>

#include "publisher/deployment_view.h"
#include "storage/test_databases.h"

namespace gatehouse::publisher {
namespace {

using std::chrono::seconds;
using storage::GatewayStand;
using storage::Transaction;

class GatewayRollTest : public ::testing::TestWithParam<storage::TestEngine> {
 protected:
  GatewayRollTest() : databases_(GetParam()), roll_(databases_.api_manager(), clock_) {}

  void note(const std::string& node, std::uint64_t number) {
    roll_.note(node, {"Default"}, number);
  }
  std::vector<GatewayStand> stands(std::uint64_t number = 0) {
    const auto found = databases_.api_manager().read([&](Transaction& transaction) {
      return storage::GatewayStore(transaction)
          .seen_since(clock_.now() - GatewayRoll::live_max, number);
    });
    EXPECT_TRUE(found) << found.error().detail;
    return found ? *found : std::vector<GatewayStand>();
  }
  // Of the one gateway.
  std::uint64_t written() { return stands().at(0).number; }

  FakeClock clock_{from_ms(1'000'000'000)};
  storage::TestDatabases databases_;
  GatewayRoll roll_;
};

TEST_P(GatewayRollTest, AStepIsWrittenAtMostEveryTwoSeconds) {
  note("gw-1", 5);
  EXPECT_EQ(written(), 5U);
  note("gw-1", 6);
  note("gw-1", 7);
  EXPECT_EQ(written(), 5U);
  clock_.advance(seconds(2));
  note("gw-1", 7);
  EXPECT_EQ(written(), 7U);
  // As it was seen there first, though it was written later.
  EXPECT_EQ(stands(6).at(0).reached_at, from_ms(1'000'000'000));
}

TEST_P(GatewayRollTest, WhoStandsStillIsWrittenSeldomAndWhoIsSilentIsNotLive) {
  note("gw-1", 5);
  const Instant first = clock_.now();
  for (int i = 0; i < 14; ++i) {
    clock_.advance(seconds(1));
    note("gw-1", 5);
  }
  EXPECT_EQ(stands().at(0).seen_at, first);
  clock_.advance(seconds(1));
  note("gw-1", 5);
  EXPECT_EQ(stands().at(0).seen_at, clock_.now());
  EXPECT_EQ(stands(5).at(0).reached_at, first);
  clock_.advance(GatewayRoll::live_max + seconds(1));
  EXPECT_TRUE(stands().empty());
}

TEST_P(GatewayRollTest, EachGatewayHasArrivedWhereItHas) {
  note("gw-2", 9);
  clock_.advance(seconds(3));
  note("gw-1", 10);
  note("gw-2", 10);
  note("gw-3", 8);
  const auto at_ten = stands(10);
  ASSERT_EQ(at_ten.size(), 3U);
  EXPECT_EQ(at_ten[0].node, "gw-1");
  EXPECT_EQ(at_ten[0].reached_at, clock_.now());
  EXPECT_EQ(at_ten[1].reached_at, clock_.now());
  EXPECT_EQ(at_ten[2].reached_at, Instant{});
}

TEST_P(GatewayRollTest, TwoNodesOfTheControlPlaneKeepTheEarlierMoment) {
  GatewayRoll other(databases_.api_manager(), clock_);
  note("gw-1", 5);
  const Instant first = clock_.now();
  clock_.advance(seconds(1));
  other.note("gw-1", {"Default"}, 5);
  EXPECT_EQ(stands(5).at(0).reached_at, first);
}

TEST_P(GatewayRollTest, WhatIsForgottenLeavesTheStepThatCounts) {
  note("gw-1", 5);
  const Instant first = clock_.now();
  clock_.advance(std::chrono::hours(24 * 8));
  note("gw-1", 5);
  note("gw-2", 6);
  const auto forgotten = databases_.api_manager().write([&](Transaction& transaction) {
    return storage::GatewayStore(transaction).forget(clock_.now() - storage::change_age_max);
  });
  ASSERT_TRUE(forgotten);
  EXPECT_EQ(stands(5).at(0).reached_at, first);
}

TEST_P(GatewayRollTest, AnApiIsDeployedByTheFirstChangeSinceThen) {
  const SystemClock now;
  const Instant before = now.now();
  std::uint64_t head = 0;
  for (const char* id : {"other", "pizza", "pizza"}) {
    const Result<> done = databases_.api_manager().write([&](Transaction& transaction) {
      transaction.changed({model::ChangeKind::api, 1, id, {}, {"Default"}});
      return Result<>();
    });
    ASSERT_TRUE(done);
  }
  const auto found = databases_.api_manager().read([&](Transaction& transaction) {
    head = storage::change_head(transaction)->number;
    return storage::GatewayStore(transaction).deployed_by(1, "pizza", before);
  });
  EXPECT_EQ(*found, head - 1);
  const auto none = databases_.api_manager().read([&](Transaction& transaction) {
    return storage::GatewayStore(transaction)
        .deployed_by(1, "pizza", now.now() + std::chrono::hours(1));
  });
  EXPECT_EQ(*none, 0U);
}

INSTANTIATE_TEST_SUITE_P(Engines, GatewayRollTest,
                         ::testing::Values(storage::TestEngine::sqlite,
                                           storage::TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

TEST(DeploymentView, SaysOnWhichGatewaysItIsAndSinceWhen) {
  storage::DeploymentRow deployment;
  deployment.deployed_at = from_ms(10'000);
  const GatewayStand early{"gw-1", {"Default"}, 9, from_ms(1'000), {}};
  const GatewayStand late{"gw-2", {"Default"}, 9, from_ms(12'000), {}};
  const GatewayStand not_yet{"gw-3", {"Default"}, 7, {}, {}};
  const json::object partly = deployment_view(deployment, {early, late, not_yet});
  EXPECT_EQ(number_or(partly, "liveGatewayCount", -1), 3);
  EXPECT_EQ(number_or(partly, "deployedGatewayCount", -1), 2);
  EXPECT_EQ(partly.if_contains("successDeployedTime"), nullptr);
  EXPECT_EQ(json::serialize(partly.at("gateways")),
            R"([{"name":"gw-1","deployedTime":"1970-01-01T00:00:10.000Z"},)"
            R"({"name":"gw-2","deployedTime":"1970-01-01T00:00:12.000Z"}])");
  const json::object wholly = deployment_view(deployment, {early, late});
  EXPECT_EQ(text_or(wholly, "successDeployedTime", ""), "1970-01-01T00:00:12.000Z");
  const json::object nowhere = deployment_view(deployment, {});
  EXPECT_EQ(nowhere.if_contains("successDeployedTime"), nullptr);
  EXPECT_EQ(number_or(nowhere, "deployedGatewayCount", -1), 0);
}

}  // namespace
}  // namespace gatehouse::publisher
