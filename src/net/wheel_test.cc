// SPDX-License-Identifier: Apache-2.0
#include "net/wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/random.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

const Tick start{1h};

class Watched final : public Deadline {
 public:
  explicit Watched(Wheel& wheel, Tick& now) : Deadline(wheel), now_(now) {}

  std::vector<Tick> passed;

 private:
  void on_deadline() override { passed.push_back(now_); }
  Tick& now_;
};

struct WheelTest : ::testing::Test {
  // As a loop does: sleeps until the wheel wants to be turned.
  void run_until(Tick end) {
    while (wheel.next() <= end) {
      now = std::max(now, wheel.next());
      wheel.turn(now);
      ++turns;
    }
    now = end;
    wheel.turn(now);
  }

  Tick now = start;
  Wheel wheel{start};
  int turns = 0;
};

class WheelDelay : public WheelTest, public ::testing::WithParamInterface<std::int64_t> {};

TEST_P(WheelDelay, PassesOnTimeOrOneStepLateNeverEarly) {
  Watched watched(wheel, now);
  const Tick due = start + std::chrono::milliseconds(GetParam());
  watched.set_deadline(due);
  run_until(due - 1ns);
  EXPECT_TRUE(watched.passed.empty());
  EXPECT_FALSE(watched.deadline_passed());
  run_until(due + Wheel::step);
  ASSERT_EQ(watched.passed.size(), 1U);
  EXPECT_GE(watched.passed[0], due);
  EXPECT_TRUE(watched.deadline_passed());
  EXPECT_EQ(wheel.next(), never);
}

INSTANTIATE_TEST_SUITE_P(Milliseconds, WheelDelay,
                         ::testing::Values(1, 63, 64, 65, 127, 1000, 65'535, 65'536, 65'537, 75'000,
                                           200'000, 86'400'000));

TEST_F(WheelTest, FollowsADeadlineThatMovesLater) {
  Watched watched(wheel, now);
  for (int i = 0; i < 100; ++i) {
    watched.set_deadline(now + 1s);
    run_until(now + 900ms);
  }
  EXPECT_TRUE(watched.passed.empty());
  EXPECT_LE(turns, 200);
  run_until(now + 200ms);
  EXPECT_EQ(watched.passed.size(), 1U);
}

TEST_F(WheelTest, FollowsADeadlineThatMovesEarlier) {
  Watched watched(wheel, now);
  watched.set_deadline(start + 60s);
  watched.set_deadline(start + 1s);
  run_until(start + 1s + Wheel::step);
  EXPECT_EQ(watched.passed.size(), 1U);
}

TEST_F(WheelTest, ForgetsADeadlineThatIsTakenBackOrDies) {
  Watched watched(wheel, now);
  watched.set_deadline(start + 1s);
  watched.set_deadline(never);
  {
    Watched dying(wheel, now);
    dying.set_deadline(start + 1s);
  }
  run_until(start + 10s);
  EXPECT_TRUE(watched.passed.empty());
  EXPECT_EQ(wheel.next(), never);
}

TEST_F(WheelTest, FiresAgainWhenANewDeadlineIsSet) {
  Watched watched(wheel, now);
  for (std::size_t i = 1; i <= 5; ++i) {
    watched.set_deadline(now + 200ms);
    EXPECT_FALSE(watched.deadline_passed());
    run_until(now + 300ms);
    EXPECT_EQ(watched.passed.size(), i);
  }
}

TEST_F(WheelTest, FiresAtOnceForAnInstantThatHasPassed) {
  Watched watched(wheel, now);
  run_until(start + 5s);
  watched.set_deadline(start + 1s);
  run_until(now + Wheel::step);
  EXPECT_EQ(watched.passed.size(), 1U);
}

// Looks after a long sleep of the process: everything that has passed meanwhile fires once.
TEST_F(WheelTest, CatchesUpAfterALongSleep) {
  Watched soon(wheel, now);
  Watched late(wheel, now);
  soon.set_deadline(start + 3s);
  late.set_deadline(start + 20min);
  now = start + 10min;
  wheel.turn(now);
  EXPECT_EQ(soon.passed.size(), 1U);
  EXPECT_TRUE(late.passed.empty());
  run_until(start + 20min + Wheel::step);
  EXPECT_EQ(late.passed.size(), 1U);
}

TEST_F(WheelTest, KeepsThousandsOfMovingDeadlines) {
  SeededRandom random(42);
  std::vector<std::unique_ptr<Watched>> all;
  std::vector<Tick> due;
  for (int i = 0; i < 5000; ++i) {
    all.push_back(std::make_unique<Watched>(wheel, now));
    due.push_back(start + std::chrono::milliseconds(random.number() % 120'000));
    all.back()->set_deadline(start + std::chrono::milliseconds(random.number() % 120'000));
    all.back()->set_deadline(due.back());
  }
  run_until(start + 121s);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i]->passed.size(), 1U);
    EXPECT_GE(all[i]->passed[0], due[i]);
    EXPECT_LE(all[i]->passed[0], due[i] + Wheel::step);
  }
}

}  // namespace
}  // namespace gatehouse::net
