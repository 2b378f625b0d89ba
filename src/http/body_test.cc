// SPDX-License-Identifier: Apache-2.0
#include "http/body.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using namespace std::string_view_literals;

struct Body {
  std::string data;
  std::string rest;  // what was not consumed
  std::string trailers;
  std::string reason;
  bool done = false;

  bool operator==(const Body&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Body& body) {
  return out << "'" << body.data << "' rest '" << body.rest << "' reason '" << body.reason << "'";
}

// Reads `text` as it arrives: up to each of `cuts`, then all of it.
Body read_chunks(std::string_view text, const std::vector<std::size_t>& cuts) {
  ChunkedReader reader;
  Body body;
  std::size_t at = 0;
  const auto feed = [&](std::size_t end) {
    while (at < end && !reader.done() && !reader.refused()) {
      const ChunkedReader::Step step = reader.read(text.substr(at, end - at));
      body.data += step.data;
      at += step.consumed;
    }
  };
  for (const std::size_t cut : cuts) feed(cut);
  feed(text.size());
  body.rest = text.substr(at);
  body.trailers = reader.trailers();
  body.reason = reader.reason();
  body.done = reader.done();
  if (reader.refused()) body.rest.clear();
  return body;
}

Body expect_one_reading(std::string_view text) {
  const Body whole = read_chunks(text, {});
  std::vector<std::size_t> all;
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_EQ(read_chunks(text, {cut}), whole) << text << "\ncut at " << cut;
    all.push_back(cut);
  }
  EXPECT_EQ(read_chunks(text, all), whole) << text;
  return whole;
}

TEST(Chunks, AreReadToTheLast) {
  struct Case {
    std::string_view text;
    std::string_view data;
    std::string_view rest = "";
  };
  constexpr Case cases[] = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      {"0005\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n0000\r\n\r\n", "hello"},
      {"5\r\nhello\r\n0000000000000000\r\n\r\n", "hello"},
      {"5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello"},
      {"5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5;\r\nhello\r\n0\r\n\r\n", "hello"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
      {"5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"},
      {"1\r\n\0\r\n0\r\n\r\n"sv, "\0"sv},
      {"0\r\nA: b\r\n\r\n", ""},
      {"0\r\n\r\nGET / HTTP/1.1\r\n", "", "GET / HTTP/1.1\r\n"},
      {"1\r\nx\r\n0\r\n\r\n\r\n", "x", "\r\n"},
  };
  for (const Case& c : cases) {
    const Body body = expect_one_reading(c.text);
    EXPECT_TRUE(body.done) << c.text << body;
    EXPECT_EQ(body.data, c.data) << c.text;
    EXPECT_EQ(body.rest, c.rest) << c.text;
  }
}

// Attack class 2: what some readers take for a chunk and others do not.
TEST(Chunks, WithQuirksAreRefused) {
  constexpr std::string_view texts[] = {
      "\r\n5\r\nhello\r\n0\r\n\r\n",
      "\n0\r\n\r\n",
      " 5\r\nhello\r\n0\r\n\r\n",
      "\t5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n",
      "5\t\r\nhello\r\n0\r\n\r\n",
      "5 ;a\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      "0X5\r\nhello\r\n0\r\n\r\n",
      "x5\r\nhello\r\n0\r\n\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "-5\r\nhello\r\n0\r\n\r\n",
      "-0\r\n\r\n",
      "+0\r\n\r\n",
      "5_0\r\nhello\r\n0\r\n\r\n",
      "0_2e\r\nhello\r\n0\r\n\r\n",
      "_5\r\nhello\r\n0\r\n\r\n",
      "5.\r\nhello\r\n0\r\n\r\n",
      "5,\r\nhello\r\n0\r\n\r\n",
      "5h\r\nhello\r\n0\r\n\r\n",
      "g\r\nhello\r\n0\r\n\r\n",
      "\"5\"\r\nhello\r\n0\r\n\r\n",
      "5\nhello\r\n0\r\n\r\n",
      "5\rhello\r\n0\r\n\r\n",
      "5\r\rhello\r\n0\r\n\r\n",
      "5\n\rhello\r\n0\r\n\r\n",
      "\r\n",
      ";a\r\nhello\r\n",
      ";\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello\r0\r\n\r\n",
      "5\r\nhello\n\r0\r\n\r\n",
      "5\r\nhello!\r\n0\r\n\r\n",
      "5\r\nhell\r\n0\r\n\r\n",
      "5\r\nhello\r\n\r\n0\r\n\r\n",
      "5\r\nhello\r\n 0\r\n\r\n",
      "5\r\nhello\r\n0\n\n",
      "5\r\nhello\r\n0\r\n\n",
      "5\r\nhello\r\n0\r\n\rx",
      "5\0\r\nhello\r\n0\r\n\r\n"sv,
      "\0"sv,
      "5;a=\0\r\nhello\r\n0\r\n\r\n"sv,
      "5;a\nhello\r\n0\r\n\r\n",
      "5;a\rhello\r\n0\r\n\r\n",
      "5;a=\x01\r\nhello\r\n0\r\n\r\n",
      "5;a=\x7f\r\nhello\r\n0\r\n\r\n",
      "FFFFFFFFFFFFFFFF\r\nx",
      "8000000000000000\r\nx",
      "4000000000000001\r\nx",
      "10000000000000005\r\nhello\r\n0\r\n\r\n",
      "00000000000000005\r\nhello\r\n0\r\n\r\n",
      "\xef\xbc\x95\r\nhello\r\n0\r\n\r\n",
      "\x80\r\n",
      "0\r\n: b\r\n\r\n",
      "0\r\nA\r\n\r\n",
      "0\r\nA : b\r\n\r\n",
      "0\r\n A: b\r\n\r\n",
      "0\r\nA: b\n\r\n",
      "0\r\nA: b\rx\r\n",
      "0\r\nA: b\r\n c\r\n\r\n",
      "0\r\nA: \x01\r\n\r\n",
      "0\r\nA: \0\r\n\r\n"sv,
      "0\r\nContent-Length: 5\r\n\r\n",
      "0\r\ncontent-length: 5\r\n\r\n",
      "0\r\nContent_Length: 5\r\n\r\n",
      "0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "0\r\nHost: a\r\n\r\n",
      "0\r\nConnection: close\r\n\r\n",
      "0\r\nAuthorization: Bearer a\r\n\r\n",
      "0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
      "0\r\nX_Real_IP: 1.2.3.4\r\n\r\n",
      "0\r\nSet-Cookie: a=b\r\n\r\n",
      "0\r\nX-JWT-Assertion: a\r\n\r\n",
      "0\r\nTrailer: a\r\n\r\n",
      "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  };
  for (const std::string_view text : texts) {
    const Body body = expect_one_reading(text);
    EXPECT_FALSE(body.done) << text;
    EXPECT_NE(body.reason, "") << text << body;
  }
}

TEST(Chunks, HaveLimits) {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string result;
    while (times-- > 0) result += text;
    return result;
  };
  const std::string end = "0\r\n\r\n";
  EXPECT_TRUE(read_chunks("1;" + repeated("a", 4000) + "\r\nx\r\n" + end, {}).done);
  EXPECT_FALSE(read_chunks("1;" + repeated("a", 5000) + "\r\nx\r\n" + end, {}).done);
  EXPECT_FALSE(read_chunks(repeated("1;abcdefgh\r\nx\r\n", 1000) + end, {}).done);
  EXPECT_FALSE(read_chunks("1;" + repeated("a", 5000), {}).reason.empty());
  EXPECT_TRUE(read_chunks("0\r\n" + repeated("a: b\r\n", 32) + "\r\n", {}).done);
  EXPECT_FALSE(read_chunks("0\r\n" + repeated("a: b\r\n", 33) + "\r\n", {}).done);
  EXPECT_FALSE(read_chunks("0\r\na: " + repeated("b", 5000) + "\r\n\r\n", {}).done);
  EXPECT_FALSE(read_chunks("0\r\n" + repeated("b", 5000), {}).reason.empty());
  // Many tiny chunks are slow for the sender, not for us.
  EXPECT_EQ(read_chunks(repeated("1\r\nx\r\n", 100'000) + end, {}).data.size(), 100'000U);
}

TEST(Chunks, KeepTheirTrailers) {
  const Body body = expect_one_reading("0\r\nServer-Timing: db;dur=5\r\nX-Sum:abc \r\n\r\nrest");
  EXPECT_TRUE(body.done);
  EXPECT_EQ(body.trailers, "Server-Timing: db;dur=5\r\nX-Sum:abc \r\n");
  EXPECT_EQ(body.rest, "rest");
}

TEST(Chunks, AreWrittenAsTheyAreRead) {
  std::string text;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{9}, std::size_t{16}, std::size_t{70'000}}) {
    ChunkHead room;
    text += chunk_head(room, size);
    text += std::string(size, 'x');
    text += chunk_end;
  }
  text += last_chunk;
  const Body body = read_chunks(text, {});
  EXPECT_TRUE(body.done);
  EXPECT_EQ(body.data, std::string(70'026, 'x'));
}

TEST(BodyReader, EndsWhereTheFramingSays) {
  BodyReader reader;
  EXPECT_TRUE(reader.done());
  reader.begin(Framing::none, 0);
  EXPECT_TRUE(reader.done());
  reader.begin(Framing::length, 0);
  EXPECT_TRUE(reader.done());

  reader.begin(Framing::length, 5);
  EXPECT_EQ(reader.read("hel").data, "hel");
  EXPECT_EQ(reader.left(), 2U);
  const BodyReader::Step step = reader.read("loGET /");
  EXPECT_EQ(step.data, "lo");
  EXPECT_EQ(step.consumed, 2U);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.read("GET /").consumed, 0U);

  reader.begin(Framing::length, 5);
  reader.read("hel");
  reader.end_of_stream();
  EXPECT_TRUE(reader.refused());

  reader.begin(Framing::chunked, 0);
  EXPECT_EQ(reader.read("3\r\nabc\r\n").data, "abc");
  reader.end_of_stream();
  EXPECT_TRUE(reader.refused());

  reader.begin(Framing::until_close, 0);
  EXPECT_EQ(reader.read("abc").data, "abc");
  EXPECT_FALSE(reader.done());
  reader.end_of_stream();
  EXPECT_TRUE(reader.done());
}

}  // namespace
}  // namespace gatehouse::http
