// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/circuit.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

constexpr Instant start{std::chrono::hours(1)};

void fail_times(Circuit& circuit, int times, Instant now) {
  for (int i = 0; i < times; ++i) {
    ASSERT_TRUE(circuit.enter(now));
    circuit.leave(Outcome::failed, now);
  }
}

TEST(Circuit, LeavesAServerAloneThatKeepsFailing) {
  Circuit circuit;
  fail_times(circuit, Circuit::failures_max, start);
  EXPECT_FALSE(circuit.enter(start));
  EXPECT_FALSE(circuit.enter(start + Circuit::rest - std::chrono::milliseconds(1)));
  EXPECT_FALSE(circuit.healthy());
}

TEST(Circuit, TriesItWithOneQuestion) {
  Circuit circuit;
  fail_times(circuit, Circuit::failures_max, start);
  const Instant later = start + Circuit::rest;
  EXPECT_TRUE(circuit.enter(later));
  EXPECT_FALSE(circuit.enter(later));
  circuit.leave(Outcome::failed, later);
  EXPECT_FALSE(circuit.enter(later));
  EXPECT_TRUE(circuit.enter(later + Circuit::rest));
  circuit.leave(Outcome::answered, later + Circuit::rest);
  EXPECT_TRUE(circuit.healthy());
  EXPECT_TRUE(circuit.enter(later + Circuit::rest));
}

TEST(Circuit, ForgivesFailuresThatAnAnswerParts) {
  Circuit circuit;
  for (int i = 0; i < 5; ++i) {
    fail_times(circuit, Circuit::failures_max - 1, start);
    ASSERT_TRUE(circuit.enter(start));
    circuit.leave(Outcome::answered, start);
  }
  EXPECT_TRUE(circuit.healthy());
}

TEST(Circuit, HoldsFewThreads) {
  Circuit circuit;
  for (int i = 0; i < Circuit::running_max; ++i) EXPECT_TRUE(circuit.enter(start));
  EXPECT_FALSE(circuit.enter(start));
  circuit.leave(Outcome::answered, start);
  EXPECT_TRUE(circuit.enter(start));
}

}  // namespace
}  // namespace gatehouse::keymanager
