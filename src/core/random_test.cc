// SPDX-License-Identifier: Apache-2.0
#include "core/random.h"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse {
namespace {

TEST(Chance, OfOneSeedRepeatsAndOfAnotherDiffers) {
  SeededRandom first(7);
  SeededRandom second(7);
  SeededRandom other(8);
  const std::string bytes = first.bytes(64);
  EXPECT_EQ(bytes, second.bytes(64));
  EXPECT_NE(bytes, other.bytes(64));
}

TEST(Chance, EverySeedIsAnother) {
  std::set<std::uint64_t> numbers;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) numbers.insert(SeededRandom(seed).number());
  EXPECT_EQ(numbers.size(), 1000U);
}

TEST(Chance, OfTheSystemDoesNotRepeat) {
  SystemRandom random;
  EXPECT_NE(random.bytes(32), random.bytes(32));
  EXPECT_EQ(random.bytes(0), "");
}

}  // namespace
}  // namespace gatehouse
