// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_trials.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

net::Address address(const std::string& text) { return net::Address::parse(text).value(); }

class TokenTrialsTest : public ::testing::Test {
 protected:
  TokenTrials trials(std::uint32_t per_minute) { return TokenTrials(per_minute, refusals_); }
  static int take_all(TokenTrials& from, const net::Address& client, Tick now) {
    int taken = 0;
    while (taken < 1'000 && from.take(client, now) == milliseconds(0)) ++taken;
    return taken;
  }

  Metrics metrics_;
  Counter& refusals_ = metrics_.counter("refusals", "", "Trials that were refused");
  const net::Address client_ = address("192.0.2.1");
  const Tick now_{std::chrono::hours(1)};
};

TEST_F(TokenTrialsTest, AMinutesWorthMayComeAtOnceAndComesBackEvenly) {
  TokenTrials tried = trials(60);
  EXPECT_EQ(take_all(tried, client_, now_), 60);
  EXPECT_EQ(tried.take(client_, now_), seconds(1));
  EXPECT_EQ(tried.take(client_, now_ + milliseconds(999)), milliseconds(1));
  EXPECT_EQ(take_all(tried, client_, now_ + seconds(1)), 1);
  EXPECT_EQ(take_all(tried, client_, now_ + seconds(31)), 30);
  EXPECT_EQ(take_all(tried, client_, now_ + seconds(600)), 60);
  EXPECT_EQ(refusals_.value(), 6U);
}

TEST_F(TokenTrialsTest, AKnownTokenCostsNothing) {
  TokenTrials tried = trials(2);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(tried.take(client_, now_), milliseconds(0)) << i;
    tried.give_back(client_);
  }
  EXPECT_EQ(take_all(tried, client_, now_), 2);
}

struct ClientCase {
  const char* name;
  const char* one;
  const char* other;
  bool same;
};

class OneClient : public TokenTrialsTest, public ::testing::WithParamInterface<ClientCase> {};

TEST_P(OneClient, IsAnAddressOrANetworkOfIpv6) {
  TokenTrials tried = trials(1);
  EXPECT_EQ(tried.take(address(GetParam().one), now_), milliseconds(0));
  EXPECT_EQ(tried.take(address(GetParam().other), now_) > milliseconds(0), GetParam().same);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, OneClient,
    ::testing::Values(ClientCase{"itself", "192.0.2.1", "192.0.2.1", true},
                      ClientCase{"neighbour", "192.0.2.1", "192.0.2.2", false},
                      ClientCase{"same_network", "2001:db8::1", "2001:db8::2", true},
                      ClientCase{"next_network", "2001:db8::1", "2001:db8:0:1::1", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(TokenTrialsTest, WithoutALimitNothingIsKept) {
  TokenTrials tried = trials(0);
  EXPECT_EQ(take_all(tried, client_, now_), 1'000);
  EXPECT_EQ(tried.size(), 0U);
}

// Many addresses push out those that tried least: who guesses most stays.
TEST_F(TokenTrialsTest, ItsMemoryIsLimited) {
  TokenTrials tried = trials(4);
  EXPECT_EQ(take_all(tried, client_, now_), 4);
  for (std::uint32_t i = 0; i < 3 * TokenTrials::clients_max; ++i) {
    tried.take(address(fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255)), now_);
  }
  EXPECT_LE(tried.size(), TokenTrials::clients_max);
  EXPECT_GT(tried.take(client_, now_), milliseconds(0));
}

}  // namespace
}  // namespace gatehouse::gateway
