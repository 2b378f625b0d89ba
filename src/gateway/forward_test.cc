// SPDX-License-Identifier: Apache-2.0
#include "gateway/forward.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

TEST(CallIds, AreOneNumberInTwoForms) {
  http::RequestHead head;
  ASSERT_EQ(head.read("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), http::HeadState::complete);
  const CallIds ids = call_ids(head, 0x0123456789abcdef, 0xfedcba9876543210);
  // A UUID of version 4 and of variant 1, whatever the numbers are.
  EXPECT_EQ(ids.activity(), "01234567-89ab-4def-bedc-ba9876543210");
  EXPECT_TRUE(ids.trace().starts_with("00-0123456789ab4defbedcba9876543210-")) << ids.trace();
  EXPECT_TRUE(ids.trace().ends_with("-00")) << ids.trace();
  EXPECT_FALSE(ids.trace_continued);
}

TEST(CallIds, AreNeverZero) {
  http::RequestHead head;
  ASSERT_EQ(head.read("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), http::HeadState::complete);
  const CallIds ids = call_ids(head, 0, 0);
  EXPECT_EQ(ids.activity(), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(ids.trace(), "00-00000000000040008000000000000000-0000000000000001-00");
}

}  // namespace
}  // namespace gatehouse::gateway
