// SPDX-License-Identifier: Apache-2.0
#include "gateway/home_client.h"

#include <gtest/gtest.h>

#include "gateway/test_held_client.h"

namespace gatehouse::gateway {
namespace {

// Two workers that ask, and the home of all tokens on the loop of the first. One thread turns both
// loops, so what is under way is where the test left it.
class HomeClientTest : public ::testing::Test {
 protected:
  struct Asker {
    Asker(net::Loop& its_loop, TokenHome& home, const CacheRules& rules)
        : loop(its_loop),
          client({loop, [&home](const Sha256&) -> TokenHome& { return home; }, tokens, revocations,
                  rules}) {}
    net::Loop& loop;
    TokenCache tokens{16};
    Revocations revocations;
    HomeClient client;
    std::vector<Result<Token>> results;
    net::TaskGroup group;
  };

  static net::Task<> resolve(Asker& asker, std::string token) {
    const Sha256 hash = sha256(token);
    asker.results.push_back(co_await asker.client.resolve(token, hash));
  }
  static net::Task<> one_turn(net::Loop& loop) { co_await loop.yield(); }
  static void ask(Asker& asker, const std::string& token) {
    asker.group.spawn(resolve(asker, token));
  }
  // Enough for a question to go and come.
  void turn() {
    for (int i = 0; i < 4; ++i) {
      for (net::Loop* loop : {&home_loop_, &far_loop_}) loop->run_until_done(one_turn(*loop));
    }
  }
  Token known(std::chrono::milliseconds age, TokenState state = TokenState::active) {
    turn();
    Token token;
    token.state = state;
    token.client_id = "client";
    token.expires_at = from_ms(1'000'000);
    token.checked_at = home_loop_.tick() - age;
    return token;
  }

  net::Loop home_loop_;
  net::Loop far_loop_;
  HeldClient key_manager_{home_loop_};
  Revocations home_revocations_;
  CacheRules rules_;
  Counter failures_;
  Counter hits_;
  const Sha256 hash_ = sha256("a");
  TokenHome home_{{home_loop_, key_manager_, home_revocations_, rules_, failures_, hits_, 16}};
  Asker near_{home_loop_, home_, rules_};
  Asker far_{far_loop_, home_, rules_};
};

TEST_F(HomeClientTest, EqualQuestionsOfAllWorkersAreOne) {
  ask(near_, "a");
  ask(far_, "a");
  ask(far_, "a");
  turn();
  ASSERT_EQ(key_manager_.batches.size(), 1U);
  EXPECT_EQ(key_manager_.batches[0], std::vector<std::string>{"a"});
  key_manager_.answer(0, {active_validation()});
  turn();
  ASSERT_EQ(near_.results.size(), 1U);
  ASSERT_EQ(far_.results.size(), 2U);
  EXPECT_EQ(far_.results[1]->client_id, "client");
  EXPECT_NE(near_.tokens.find(hash_), nullptr);
  EXPECT_NE(far_.tokens.find(hash_), nullptr);
}

TEST_F(HomeClientTest, WhatOneWorkerLearnedAllKnowAndItsAgeTravels) {
  ask(near_, "a");
  turn();
  key_manager_.answer(5, {active_validation()});
  turn();
  const Tick checked_at = home_.tokens().find(hash_)->checked_at;
  turn();
  ask(far_, "a");
  turn();
  EXPECT_EQ(key_manager_.batches.size(), 1U);
  EXPECT_EQ(hits_.value(), 1U);
  ASSERT_NE(far_.tokens.find(hash_), nullptr);
  EXPECT_EQ(far_.tokens.find(hash_)->checked_at, checked_at);
  EXPECT_EQ(far_.tokens.find(hash_)->revocation, 5U);
}

struct AgeCase {
  const char* name;
  TokenState state;
  std::chrono::seconds age;
  bool answered_at_once;
  bool asked;
};

class AgeAtHome : public HomeClientTest, public ::testing::WithParamInterface<AgeCase> {};

TEST_P(AgeAtHome, DecidesWhoAnswers) {
  const AgeCase& row = GetParam();
  home_.tokens().put(hash_, known(row.age, row.state));
  ask(far_, "a");
  turn();
  EXPECT_EQ(far_.results.size(), row.answered_at_once ? 1U : 0U);
  EXPECT_EQ(key_manager_.batches.size(), row.asked ? 1U : 0U);
  if (row.answered_at_once) {
    EXPECT_EQ(far_.results.at(0)->state, row.state);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, AgeAtHome,
    ::testing::Values(
        AgeCase{"fresh", TokenState::active, std::chrono::seconds(10), true, false},
        AgeCase{"old", TokenState::active, std::chrono::seconds(1'000), true, true},
        AgeCase{"useless", TokenState::active, std::chrono::seconds(90'000), false, true},
        AgeCase{"unknown", TokenState::unknown, std::chrono::seconds(10), true, false},
        AgeCase{"long_unknown", TokenState::unknown, std::chrono::seconds(31), false, true},
        AgeCase{"expired", TokenState::expired, std::chrono::seconds(10), true, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(HomeClientTest, ARecheckTakesNothingOldAndKeepsWhatIsThereWithoutAnAnswer) {
  Token token = known(std::chrono::seconds(1'000));
  home_.tokens().put(hash_, token);
  token.rechecking = true;
  far_.tokens.put(hash_, token);
  far_.client.recheck("a", hash_);
  turn();
  ASSERT_EQ(key_manager_.batches.size(), 1U);
  key_manager_.answer_nothing();
  turn();
  EXPECT_EQ(failures_.value(), 1U);
  ASSERT_NE(far_.tokens.find(hash_), nullptr);
  EXPECT_FALSE(far_.tokens.find(hash_)->rechecking);
  EXPECT_NE(home_.tokens().find(hash_), nullptr);

  far_.client.recheck("a", hash_);
  turn();
  key_manager_.answer(0, {active_validation()});
  turn();
  EXPECT_GT(far_.tokens.find(hash_)->checked_at, token.checked_at);
}

struct OvertakenCase {
  const char* kind;
  const char* value;
  bool asked_anew;
};

class Overtaken : public HomeClientTest, public ::testing::WithParamInterface<OvertakenCase> {};

// The asking worker knows of a revocation that the home has not heard of yet.
TEST_P(Overtaken, AnAnswerOnItsWayIsNotBelieved) {
  const OvertakenCase& row = GetParam();
  Token token = known(std::chrono::seconds(1));
  token.user_id = "ann";
  token.family = "family";
  token.issued_at = from_ms(100);
  token.revocation = 6;
  home_.tokens().put(hash_, token);
  const std::string value = *row.value != '\0' ? row.value : sha256_hex("a");
  ask(far_, "a");  // posted, and overtaken
  far_.revocations.add({7, 1, row.kind, value, from_ms(100), from_ms(1'000'000)}, from_ms(200));
  turn();
  EXPECT_EQ(far_.tokens.find(hash_), nullptr);
  ASSERT_EQ(key_manager_.batches.size(), row.asked_anew ? 1U : 0U);
  if (row.asked_anew) {
    EXPECT_TRUE(far_.results.empty());
    key_manager_.answer(7, {active_validation("ann")});
    turn();
    EXPECT_NE(far_.tokens.find(hash_), nullptr);
  }
  ASSERT_EQ(far_.results.size(), 1U);
  EXPECT_EQ(far_.results[0]->state, row.asked_anew ? TokenState::active : TokenState::unknown);
}

INSTANTIATE_TEST_SUITE_P(Rules, Overtaken,
                         ::testing::Values(OvertakenCase{"token", "", false},
                                           OvertakenCase{"family", "family", false},
                                           OvertakenCase{"client", "client", false},
                                           OvertakenCase{"user", "ann", false},
                                           OvertakenCase{"user_changed", "ann", true}),
                         [](const auto& row) { return std::string(row.param.kind); });

TEST_F(HomeClientTest, AnAnswerThatIsAlwaysOlderThanARevocationIsNone) {
  far_.revocations.add({7, 1, "user_changed", "ann", from_ms(100), from_ms(1'000'000)},
                       from_ms(200));
  ask(far_, "a");
  for (unsigned i = 0; i < KeyResolver::attempts_max; ++i) {
    turn();
    key_manager_.answer(6, {active_validation("ann")});
  }
  turn();
  ASSERT_EQ(far_.results.size(), 1U);
  EXPECT_EQ(far_.results[0].error().code, ErrorCode::unavailable);
  EXPECT_EQ(far_.tokens.find(hash_), nullptr);
}

TEST_F(HomeClientTest, WithTheCacheOffNothingIsRememberedButEqualQuestionsAreOne) {
  rules_.enabled = false;
  ask(near_, "a");
  ask(far_, "a");
  turn();
  key_manager_.answer(0, {active_validation()});
  turn();
  EXPECT_EQ(key_manager_.batches.size(), 1U);
  EXPECT_EQ(near_.results.size() + far_.results.size(), 2U);
  EXPECT_EQ(home_.tokens().size() + near_.tokens.size() + far_.tokens.size(), 0U);
  ask(far_, "a");
  turn();
  EXPECT_EQ(key_manager_.batches.size(), 2U);
}

// Whatever is under way then, is dropped: the fixture dies with it.
TEST_F(HomeClientTest, MayEndWithQuestionsUnderWay) {
  ask(near_, "a");
  ask(far_, "b");
  turn();          // asked of the key manager
  ask(far_, "c");  // posted, not taken
  home_.tokens().put(sha256("d"), known(std::chrono::seconds(1)));
  ask(far_, "d");
  home_loop_.run_until_done(one_turn(home_loop_));  // answered, and not taken
  home_loop_.run_until_done(one_turn(home_loop_));
  EXPECT_TRUE(near_.results.empty());
}

TEST(HomeNumber, SharesTokensOutEvenly) {
  std::array<int, 4> counts{};
  for (int i = 0; i < 4'000; ++i) ++counts[home_number(sha256(std::to_string(i)), counts.size())];
  for (const int count : counts) EXPECT_NEAR(count, 1'000, 150);
}

}  // namespace
}  // namespace gatehouse::gateway
