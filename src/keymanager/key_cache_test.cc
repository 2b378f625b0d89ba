// SPDX-License-Identifier: Apache-2.0
#include "keymanager/key_cache.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

TEST(KeyCache, AnswersNameNoRevocationBehindAGap) {
  FakeClock clock{from_ms(1'800'000'000'000)};
  KeyCache cache(clock, std::chrono::minutes(15));
  cache.begin_at(10);
  model::Validation validation;
  validation.user_id = "somebody";
  validation.expires_at = clock.now() + std::chrono::hours(1);
  cache.put("hash", 10, validation);

  model::Revocation another;
  another.kind = "user";
  another.value = "somebody else";
  another.number = 12;  // 11 has not been heard
  cache.apply(another);
  ASSERT_TRUE(cache.find("hash"));
  EXPECT_EQ(cache.find("hash")->revocation, 10U);
  std::string list;
  EXPECT_EQ(cache.append_json("hash", list), 10U);

  cache.complete_up_to(12);
  EXPECT_EQ(cache.find("hash")->revocation, 12U);
  another.number = 13;
  cache.apply(another);
  EXPECT_EQ(cache.find("hash")->revocation, 13U);
}

}  // namespace
}  // namespace gatehouse::keymanager
