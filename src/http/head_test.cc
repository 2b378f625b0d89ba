// SPDX-License-Identifier: Apache-2.0
//
// One object reads the heads of a connection one after the other.
#include <gtest/gtest.h>

#include "http/head.h"

namespace gatehouse::http {
namespace {

TEST(RequestHead, IsReadAgainAfterClear) {
  RequestHead head;
  ASSERT_EQ(head.read("POST /a?b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"),
            HeadState::complete);
  EXPECT_TRUE(head.expects_continue());
  head.clear();
  ASSERT_EQ(head.read("GET /c HTTP/1.1\r\nHost: d\r\n\r\n"), HeadState::complete);
  EXPECT_EQ(head.framing(), Framing::none);
  EXPECT_TRUE(head.keep_alive());
  EXPECT_FALSE(head.has_query());
  EXPECT_FALSE(head.expects_continue());
  EXPECT_EQ(head.fields().size(), 1U);
}

// The second one takes a short way.
TEST(RequestHead, AHostThatIsSaidAgainIsReadAlike) {
  const auto with_host = [](std::string_view host) {
    return fmt::format("GET /c HTTP/1.1\r\nHost: {}\r\n\r\n", host);
  };
  const std::string known = with_host("api.example.org:8243");
  const std::string wrong = with_host("api.example.org:99999");
  const std::string longer = with_host("api.example.org:8243.org");
  const std::string absolute =
      "GET http://other.example.org/c HTTP/1.1\r\nHost: api.example.org:8243\r\n\r\n";
  RequestHead head;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(head.read(known), HeadState::complete);
    EXPECT_EQ(head.authority(), "api.example.org:8243");
    EXPECT_EQ(head.host(), "api.example.org");
    for (const std::string& refused : {wrong, longer, absolute, with_host("")}) {
      head.clear();
      EXPECT_EQ(head.read(refused), HeadState::refused) << refused;
    }
    head.clear();
  }
  const std::string beyond(64, 'a');
  for (int i = 0; i < 2; ++i) {
    const std::string text = with_host(beyond + ":80");
    ASSERT_EQ(head.read(text), HeadState::complete);
    EXPECT_EQ(head.host(), beyond);
    head.clear();
  }
}

}  // namespace
}  // namespace gatehouse::http
