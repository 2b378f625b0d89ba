// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "http/head.h"

namespace gatehouse::http {
namespace {

struct Row {
  std::string_view text;
  HeadState state;
  Framing framing = Framing::none;
  Method method = Method::get;
};

constexpr HeadState good = HeadState::complete;
constexpr HeadState bad = HeadState::refused;

TEST(ResponseHead, FramesTheBody) {
  constexpr Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", good, Framing::length},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", good, Framing::none},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", good, Framing::chunked},
      {"HTTP/1.1 200 OK\r\n\r\n", good, Framing::until_close},
      {"HTTP/1.0 200 OK\r\n\r\n", good, Framing::until_close},
      {"HTTP/1.1 200\r\n\r\n", good, Framing::until_close},
      {"HTTP/1.1 200 \r\n\r\n", good, Framing::until_close},
      {"HTTP/1.1 599 \xc3\xa9\r\n\r\n", good, Framing::until_close},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", good, Framing::none},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", good, Framing::none},
      {"HTTP/1.1 101 Switching\r\n\r\n", good, Framing::none},
      {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", good, Framing::none},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", good, Framing::none, Method::head},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", good, Framing::none, Method::head},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", bad},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", bad},
      {"HTTP/1.1 200 O\rK\r\n\r\n", bad},
      {"HTTP/1.1 200OK\r\n\r\n", bad},
      {"HTTP/1.1 20 OK\r\n\r\n", bad},
      {"HTTP/1.1 2000 OK\r\n\r\n", bad},
      {"HTTP/1.1 099 OK\r\n\r\n", bad},
      {"HTTP/1.1 600 OK\r\n\r\n", bad},
      {"HTTP/1.1 -20 OK\r\n\r\n", bad},
      {"HTTP/2.0 200 OK\r\n\r\n", bad},
      {"HTTP/1.2 200 OK\r\n\r\n", bad},
      {"HTTP/1.1  200 OK\r\n\r\n", bad},
      {"http/1.1 200 OK\r\n\r\n", bad},
      {"ICY 200 OK\r\n\r\n", bad},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 1\r\n\r\n", bad},
      {"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n", bad},
  };
  for (const Row& row : rows) {
    ResponseHead whole;
    EXPECT_EQ(whole.read(row.text, row.method), row.state) << row.text;
    if (row.state == good) {
      EXPECT_EQ(whole.framing(), row.framing) << row.text;
    } else {
      EXPECT_EQ(whole.refusal().status, 502) << row.text;
    }
    for (std::size_t cut = 0; cut < row.text.size(); ++cut) {
      ResponseHead head;
      HeadState state = head.read(row.text.substr(0, cut), row.method);
      if (state == HeadState::incomplete) state = head.read(row.text, row.method);
      ASSERT_EQ(state, row.state) << row.text << " cut at " << cut;
      ASSERT_EQ(head.framing(), whole.framing());
      ASSERT_EQ(head.refusal().reason, whole.refusal().reason);
    }
  }
}

TEST(ResponseHead, TellsWhetherTheBackendGoesOn) {
  struct Case {
    std::string_view text;
    bool keep_alive;
  };
  constexpr Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\n\r\n", false},
  };
  for (const Case& c : cases) {
    ResponseHead head;
    ASSERT_EQ(head.read(c.text, Method::get), HeadState::complete);
    EXPECT_EQ(head.keep_alive(), c.keep_alive) << c.text;
  }
}

TEST(ResponseHead, IsInterimBelow200) {
  ResponseHead head;
  ASSERT_EQ(head.read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Method::get), good);
  EXPECT_TRUE(head.interim());
  EXPECT_EQ(head.size(), 25U);
  head.clear();
  ASSERT_EQ(head.read("HTTP/1.1 101 Switching Protocols\r\n\r\n", Method::get), good);
  EXPECT_FALSE(head.interim());
}

}  // namespace
}  // namespace gatehouse::http
