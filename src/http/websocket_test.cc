// SPDX-License-Identifier: Apache-2.0
#include "http/websocket.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatehouse::http {
namespace {

const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";  // of RFC 6455, section 1.3
const std::string accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const std::string handshake =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " + key +
    "\r\nSec-WebSocket-Version: 13\r\n";

struct WishCase {
  const char* name;
  std::string line;
  std::string fields;
  WebSocketWish wish;
};

class Wish : public ::testing::TestWithParam<WishCase> {};

TEST_P(Wish, IsReadFromTheHead) {
  const std::string text = GetParam().line + "\r\nHost: a\r\n" + GetParam().fields + "\r\n";
  RequestHead head;
  ASSERT_EQ(head.read(text), HeadState::complete);
  EXPECT_EQ(websocket_wish(head), GetParam().wish);
}

const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string key_field = "Sec-WebSocket-Key: " + key + "\r\n";

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, Wish,
    ::testing::Values(
        WishCase{"handshake", "GET / HTTP/1.1", handshake, WebSocketWish::opening},
        WishCase{"caseless", "GET / HTTP/1.1",
                 "connection: UPGRADE\r\nupgrade: WebSocket\r\n" + key_field + version,
                 WebSocketWish::opening},
        WishCase{"one_of_a_list", "GET / HTTP/1.1",
                 "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n" + key_field + version,
                 WebSocketWish::opening},
        WishCase{"nothing", "GET / HTTP/1.1", "", WebSocketWish::none},
        WishCase{
            "h2c", "GET / HTTP/1.1",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAA\r\n",
            WebSocketWish::none},
        WishCase{"not_in_connection", "GET / HTTP/1.1",
                 "Upgrade: websocket\r\n" + key_field + version, WebSocketWish::none},
        WishCase{"two_upgrades", "GET / HTTP/1.1",
                 upgrade + "Upgrade: websocket\r\n" + key_field + version, WebSocketWish::none},
        WishCase{"old_http", "GET / HTTP/1.0", handshake, WebSocketWish::none},
        WishCase{"another_method", "POST / HTTP/1.1", handshake, WebSocketWish::none},
        WishCase{"no_key", "GET / HTTP/1.1", upgrade + version, WebSocketWish::malformed},
        WishCase{"short_key", "GET / HTTP/1.1", upgrade + "Sec-WebSocket-Key: YWJj\r\n" + version,
                 WebSocketWish::malformed},
        WishCase{"no_base64", "GET / HTTP/1.1",
                 upgrade + "Sec-WebSocket-Key: ************************\r\n" + version,
                 WebSocketWish::malformed},
        WishCase{"two_keys", "GET / HTTP/1.1", handshake + key_field, WebSocketWish::malformed},
        WishCase{"two_versions", "GET / HTTP/1.1", handshake + "Sec-WebSocket-Version: 8\r\n",
                 WebSocketWish::malformed},
        WishCase{"a_body", "GET / HTTP/1.1", handshake + "Content-Length: 3\r\n",
                 WebSocketWish::malformed},
        WishCase{"chunks", "GET / HTTP/1.1", handshake + "Transfer-Encoding: chunked\r\n",
                 WebSocketWish::malformed},
        WishCase{"old_version", "GET / HTTP/1.1",
                 upgrade + key_field + "Sec-WebSocket-Version: 8\r\n",
                 WebSocketWish::other_version},
        WishCase{"no_version", "GET / HTTP/1.1", upgrade + key_field,
                 WebSocketWish::other_version}),
    [](const auto& row) { return std::string(row.param.name); });

struct AnswerCase {
  const char* name;
  std::string asked;  // beside the handshake
  std::string answer;
  bool opens;
};

class Opening : public ::testing::TestWithParam<AnswerCase> {};

TEST_P(Opening, NeedsTheAnswerToWhatWasAsked) {
  const std::string asked = "GET / HTTP/1.1\r\nHost: a\r\n" + handshake + GetParam().asked + "\r\n";
  RequestHead request;
  ASSERT_EQ(request.read(asked), HeadState::complete);
  const std::string text = GetParam().answer + "\r\n";
  ResponseHead answer;
  ASSERT_EQ(answer.read(text, Method::get), HeadState::complete) << answer.refusal().reason;
  EXPECT_EQ(opens_websocket(request, answer), GetParam().opens);
}

const std::string switching = "HTTP/1.1 101 Switching Protocols\r\n";
const std::string proof = "Sec-WebSocket-Accept: " + accept + "\r\n";

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, Opening,
    ::testing::Values(
        AnswerCase{"right", "", switching + upgrade + proof, true},
        AnswerCase{"another_status", "", "HTTP/1.1 200 OK\r\n" + upgrade + proof, false},
        AnswerCase{"old_http", "", "HTTP/1.0 101 x\r\n" + upgrade + proof, false},
        AnswerCase{"no_upgrade", "", switching + "Connection: Upgrade\r\n" + proof, false},
        AnswerCase{"no_connection", "", switching + "Upgrade: websocket\r\n" + proof, false},
        AnswerCase{"another_protocol", "",
                   switching + "Connection: Upgrade\r\nUpgrade: h2c\r\n" + proof, false},
        AnswerCase{"two_protocols", "",
                   switching + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + proof, false},
        AnswerCase{"no_proof", "", switching + upgrade, false},
        AnswerCase{"a_wrong_proof", "",
                   switching + upgrade + "Sec-WebSocket-Accept: " + key + "\r\n", false},
        AnswerCase{"two_proofs", "", switching + upgrade + proof + proof, false},
        AnswerCase{"chunks", "", switching + upgrade + proof + "Transfer-Encoding: chunked\r\n",
                   false},
        AnswerCase{"a_body", "", switching + upgrade + proof + "Content-Length: 5\r\n", false},
        AnswerCase{"offered", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n",
                   switching + upgrade + proof + "Sec-WebSocket-Protocol: c\r\n", true},
        AnswerCase{"not_offered", "Sec-WebSocket-Protocol: a, b\r\n",
                   switching + upgrade + proof + "Sec-WebSocket-Protocol: B\r\n", false},
        AnswerCase{"extension", "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                   switching + upgrade + proof + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                   true},
        AnswerCase{"unasked_extension", "",
                   switching + upgrade + proof + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
                   false}),
    [](const auto& row) { return std::string(row.param.name); });

// A frame with a payload of this size; `mask` adds a masking key.
std::string frame(unsigned char first, std::size_t size, bool mask = false) {
  std::string text(1, static_cast<char>(first));
  const auto bit = static_cast<unsigned char>(mask ? 0x80 : 0);
  if (size < 126) {
    text += static_cast<char>(bit | size);
  } else if (size < 65'536) {
    text += static_cast<char>(bit | 126U);
    text += {static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  } else {
    text += static_cast<char>(bit | 127U);
    for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift & 0xff);
  }
  if (mask) text += "mask";
  return text + std::string(size, 'x');
}

TEST(FrameCounter, FindsTheEndOfEachFrameHoweverTheBytesAreCut) {
  std::string all;
  std::vector<std::size_t> ends;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 70'000U, 0U}) {
    for (const bool mask : {false, true}) {
      all += frame(0x82, size, mask);
      ends.push_back(all.size());
    }
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4'096}, all.size()}) {
    FrameCounter frames;
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < all.size();) {
      at += frames.take(std::string_view(all).substr(at, piece));
      if (frames.between_frames()) found.push_back(at);
    }
    EXPECT_EQ(found, ends) << piece;
    EXPECT_FALSE(frames.closed());
  }
}

TEST(FrameCounter, KnowsThatNothingFollowsACloseFrame) {
  FrameCounter frames;
  frames.take(frame(0x81, 3));
  EXPECT_FALSE(frames.closed());
  const CloseFrame close = close_frame(CloseCode::policy_violation);
  EXPECT_EQ(std::string(close.data(), close.size()), "\x88\x02\x03\xf0");
  EXPECT_EQ(frames.take({close.data(), close.size()}), close.size());
  EXPECT_TRUE(frames.closed());
  EXPECT_TRUE(frames.between_frames());
}

}  // namespace
}  // namespace gatehouse::http
