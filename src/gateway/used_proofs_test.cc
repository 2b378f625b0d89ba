// SPDX-License-Identifier: Apache-2.0
#include "gateway/used_proofs.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::gateway {
namespace {

TEST(UsedProofs, AreTakenOnceWhileTheyAreFresh) {
  UsedProofs proofs;
  const Tick start{};
  EXPECT_TRUE(proofs.use(sha256("a"), start));
  EXPECT_FALSE(proofs.use(sha256("a"), start));
  EXPECT_TRUE(proofs.use(sha256("b"), start));
  EXPECT_FALSE(proofs.use(sha256("a"), start + UsedProofs::remembered - std::chrono::seconds(1)));
  EXPECT_TRUE(proofs.use(sha256("a"), start + UsedProofs::remembered));
}

// Without place for more nothing is let in unseen; with time there is place again.
TEST(UsedProofs, AreBounded) {
  UsedProofs proofs;
  const Tick start{};
  Sha256 hash{};
  constexpr std::size_t count = UsedProofs::proofs_max / UsedProofs::parts_count;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(hash.data(), &i, sizeof i);
    ASSERT_TRUE(proofs.use(hash, start));
  }
  hash.fill(std::byte{0});
  hash.at(20) = std::byte{1};
  EXPECT_FALSE(proofs.use(hash, start));
  EXPECT_TRUE(proofs.use(hash, start + UsedProofs::remembered));
}

}  // namespace
}  // namespace gatehouse::gateway
