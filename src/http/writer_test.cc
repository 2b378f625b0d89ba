// SPDX-License-Identifier: Apache-2.0
#include "http/writer.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(ForwardedFields, LoseWhatBelongsToTheConnection) {
  RequestHead head;
  ASSERT_EQ(head.read("GET / HTTP/1.1\r\n"
                      "Host: a\r\n"
                      "Accept: */*\r\n"
                      "X-First:odd   \r\n"
                      "Connection: keep-alive, X-Mine\r\n"
                      "Keep-Alive: timeout=5\r\n"
                      "X-Mine: 1\r\n"
                      "x-second: \r\n"
                      "TE: trailers\r\n"
                      "X_Real_IP: 10.0.0.1\r\n"
                      "Authorization: Bearer abc\r\n"
                      "X_Custom: kept\r\n"
                      "Upgrade: h2c\r\n"
                      "HTTP2-Settings: AAA\r\n"
                      "Last: \xc3\xa9\r\n\r\n"),
            HeadState::complete);
  std::string out;
  append_request_line(out, head.method_text(), head.path());
  append_fields(out, head, hop_by_hop_fields | FieldSet{FieldId::authorization});
  append_field(out, "Via", "1.1 gatehouse");
  append_field(out, "X-Count", 12);
  end_head(out);
  EXPECT_EQ(out,
            "GET / HTTP/1.1\r\n"
            "Host: a\r\n"
            "Accept: */*\r\n"
            "X-First: odd\r\n"
            "x-second: \r\n"
            "X_Custom: kept\r\n"
            "Last: \xc3\xa9\r\n"
            "Via: 1.1 gatehouse\r\n"
            "X-Count: 12\r\n\r\n");
}

TEST(Answers, AreFramedByUs) {
  Response response = make_response(200, "text/plain", "hello");
  response.headers.add("Content-Length", "99");
  response.headers.add("Transfer-Encoding", "chunked");
  response.headers.add("Connection", "X-A");
  response.headers.add("X-A", "kept");
  response.headers.add("X-B", "cut\r\nX-C: injected");
  response.headers.add("X B", "no name");
  std::string out;
  const Instant instant = from_ms(784'111'777'000);
  append_answer_head(out, response, {Version::http_1_1, AnswerOptions::After::close}, instant);
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/plain\r\n"
            "X-A: kept\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 5\r\n"
            "Connection: close\r\n\r\n");
  out.clear();
  append_answer_head(out, Response{204, {}, ""}, {Version::http_1_0, AnswerOptions::After::keep},
                     instant);
  EXPECT_EQ(out,
            "HTTP/1.1 204 No Content\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Connection: keep-alive\r\n\r\n");
}

TEST(Fields, ThatWouldEndALineAreKnown) {
  EXPECT_TRUE(is_field_name("X-User"));
  for (const std::string_view name : {"", "a b", "a:", "a\r", "a\n", "\xc3\xa9"}) {
    EXPECT_FALSE(is_field_name(name)) << name;
  }
  EXPECT_TRUE(is_field_value(""));
  EXPECT_TRUE(is_field_value("a\tb \xc3\xa9"));
  for (const std::string_view value : {"a\r", "a\nb", "\x01", "\x7f"}) {
    EXPECT_FALSE(is_field_value(value)) << value;
  }
}

}  // namespace
}  // namespace gatehouse::http
