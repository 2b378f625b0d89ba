// SPDX-License-Identifier: Apache-2.0
#include "keymanager/hash_turns.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace gatehouse::keymanager {
namespace {

void wait_until(const HashTurns& turns, std::size_t waiting) {
  while (turns.waiting() != waiting) std::this_thread::yield();
}

TEST(HashTurns, RefuseWhoComesAfterAsManyAsMayWait) {
  HashTurns turns({.at_once = 2, .waiting_max = 1});
  std::optional<HashTurns::Turn> first(*turns.take());
  std::optional<HashTurns::Turn> second(*turns.take());
  std::jthread waiter([&] { EXPECT_TRUE(turns.take()); });
  wait_until(turns, 1);

  const Result<HashTurns::Turn> refused = turns.take();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exhausted);

  first.reset();
  waiter.join();
  EXPECT_TRUE(turns.take());
}

TEST(HashTurns, ComeInTheOrderOfAsking) {
  HashTurns turns({.at_once = 1, .waiting_max = 3});
  std::optional<HashTurns::Turn> present(*turns.take());
  std::vector<int> order;  // written by whoever has the only turn
  {
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 3; ++i) {
      waiters.emplace_back([&turns, &order, i] {
        const Result<HashTurns::Turn> turn = turns.take();
        if (turn) order.push_back(i);
      });
      wait_until(turns, static_cast<std::size_t>(i) + 1);
    }
    present.reset();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

}  // namespace
}  // namespace gatehouse::keymanager
