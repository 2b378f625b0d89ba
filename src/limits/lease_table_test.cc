// SPDX-License-Identifier: Apache-2.0
#include "limits/lease_table.h"

#include <gtest/gtest.h>

#include <map>

namespace gatehouse::limits {
namespace {

using model::WhenSilent;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Nobody final : Waiter {
  void answered() override { ++times; }
  int times = 0;
};

// A table whose owner has granted two permits of one key, which were spent, and then fell silent.
class SilentOwner : public ::testing::Test {
 protected:
  Outcome take(WhenSilent choice, std::size_t* passed = nullptr) {
    Permit permit;
    permit.add(key_, limit_, choice);
    const Taken taken = table_.take(permit, now_);
    if (passed != nullptr) *passed = taken.passed;
    if (taken.outcome == Outcome::unknown) {
      Nobody waiter;
      table_.wait(permit, waiter, now_);
      table_.forget(permit);  // its client did not wait
    }
    return taken.outcome;
  }
  void grant(std::uint64_t permits, std::uint64_t left = 0) {
    answer({key_, 1, permits, left, std::chrono::hours(1), 0, number_of(key_)});
  }
  void answer(const Grant& grant) {
    OwnerMessage message;
    message.grants = {grant};
    table_.on_message(message, now_);
  }
  // Of asks since the last call.
  std::size_t asks() {
    hear();
    return std::exchange(asks_, 0);
  }
  // Of the last ask for the key.
  std::uint32_t number_of(const Key& key) {
    hear();
    return numbers_[key];
  }
  // Permits that came back since the last call.
  std::uint64_t returned() {
    hear();
    return std::exchange(returned_, 0);
  }
  void hear() {
    const HolderMessage message = table_.take_message();
    asks_ += message.asks.size();
    for (const Ask& ask : message.asks) numbers_[ask.key] = ask.number;
    for (const Return& item : message.returns) returned_ += item.permits;
  }

  const Key key_ = key_of("api:pizza");
  const Limit limit_{LimitKind::window, 100, seconds(60)};
  LeaseTable table_{"test", 4};
  Tick now_{std::chrono::hours(1)};
  std::size_t asks_ = 0;
  std::uint64_t returned_ = 0;
  std::map<Key, std::uint32_t> numbers_;
};

TEST_F(SilentOwner, IsOneThatLeavesAnAskUnansweredForASecond) {
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
  EXPECT_EQ(asks(), 1U);
  now_ += milliseconds(999);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
  EXPECT_EQ(asks(), 0U);  // one ask at a time
  now_ += milliseconds(1);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::silent);
  EXPECT_EQ(asks(), 1U);  // repeated
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::silent);
  EXPECT_EQ(asks(), 0U);
  now_ += seconds(1);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::silent);
  EXPECT_EQ(asks(), 1U);  // and again
  grant(1);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::all);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
}

struct ChoiceCase {
  WhenSilent choice;
  Outcome with_permits;
  Outcome without;
  std::size_t passed;  // of a call without a permit
};

class Choice : public SilentOwner, public ::testing::WithParamInterface<ChoiceCase> {};

TEST_P(Choice, SaysWhatBecomesOfCalls) {
  take(GetParam().choice);
  grant(4, 96);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(take(GetParam().choice), Outcome::all) << i;
  ASSERT_EQ(asks(), 2U);  // the first one, and one for more, as few are left
  now_ += seconds(1);
  std::size_t passed = 0;
  EXPECT_EQ(take(GetParam().choice, &passed), GetParam().with_permits);
  EXPECT_EQ(passed, 0U);
  EXPECT_EQ(take(GetParam().choice, &passed), GetParam().without);
  EXPECT_EQ(passed, GetParam().passed);
  // Once it answers, its word counts again.
  grant(1);
  EXPECT_EQ(take(GetParam().choice, &passed), Outcome::all);
  EXPECT_EQ(passed, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Choice,
    ::testing::Values(ChoiceCase{WhenSilent::keep_share, Outcome::all, Outcome::silent, 0},
                      ChoiceCase{WhenSilent::stop, Outcome::silent, Outcome::silent, 0},
                      ChoiceCase{WhenSilent::pass, Outcome::all, Outcome::all, 1}),
    [](const auto& row) { return std::string(model::to_text(row.param.choice)); });

// A call needs the permit of every other limit all the same, and a refusal stays one.
TEST_F(SilentOwner, LetsPassItsOwnLimitOnly) {
  const Key other = key_of("application:shop");
  Permit permit;
  permit.add(key_, limit_, WhenSilent::pass);
  permit.add(other, limit_);
  Nobody waiter;
  ASSERT_EQ(table_.take(permit, now_).outcome, Outcome::unknown);
  table_.wait(permit, waiter, now_);
  answer({other, 1, 1, 0, std::chrono::hours(1), 0, number_of(other)});
  table_.forget(permit);
  now_ += seconds(1);
  const Taken first = table_.take(permit, now_);
  EXPECT_EQ(first.outcome, Outcome::all);
  EXPECT_EQ(first.passed, 1U);
  EXPECT_EQ(table_.take(permit, now_).outcome, Outcome::unknown);
  table_.wait(permit, waiter, now_);
  EXPECT_EQ(waiter.times, 0);
  answer({other, 1, 0, 0, seconds(30), 1, number_of(other)});
  EXPECT_EQ(waiter.times, 1);
  const Taken refused = table_.take(permit, now_);
  EXPECT_EQ(refused.outcome, Outcome::none);
  EXPECT_EQ(refused.refused, 1U);
}

// An owner that takes over, or writes its journal for long, answers late: what it says counts from
// when it was asked first, as it may have said it then.
TEST_F(SilentOwner, LateAnswersNeverLengthenAWindow) {
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
  now_ += seconds(1);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::silent);
  EXPECT_EQ(asks(), 2U);
  answer({key_, 1, 1, 0, milliseconds(1500), 0, number_of(key_)});
  now_ += milliseconds(499);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::all);
  answer({key_, 1, 1, 0, milliseconds(1500), 0, number_of(key_)});  // to the repeated one
  EXPECT_EQ(returned(), 1U);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
  answer({key_, 1, 5, 0, milliseconds(1500), 0, number_of(key_) - 1});
  EXPECT_EQ(returned(), 5U);
  answer({key_, 1, 5, 0, milliseconds(2), 0, number_of(key_)});
  now_ += milliseconds(2);
  EXPECT_EQ(take(WhenSilent::keep_share), Outcome::unknown);
}

TEST_F(SilentOwner, IsForgottenWhenRoomIsNeeded) {
  LeaseTable table("test", 16);
  for (int i = 0; i < 100; ++i) {
    Permit permit;
    permit.add(key_of("api:" + std::to_string(i)), limit_);
    Nobody waiter;
    ASSERT_EQ(table.take(permit, now_).outcome, Outcome::unknown);
    table.wait(permit, waiter, now_);
    table.forget(permit);
    now_ += seconds(2);
    EXPECT_EQ(table.take(permit, now_).outcome, Outcome::silent);
    EXPECT_LE(table.size(), 16U);
  }
  EXPECT_GT(table.take_message().asks.size(), 0U);
}

}  // namespace
}  // namespace gatehouse::limits
