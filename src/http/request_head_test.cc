// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "http/head.h"

namespace gatehouse::http {
namespace {

using namespace std::string_view_literals;

constexpr int taken = 0;
constexpr int waits = -1;

struct Outcome {
  int status = waits;  // of the refusal; `taken`, `waits`
  std::string reason;
  std::string facts;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.status << " '" << outcome.reason << "' " << outcome.facts;
}

Outcome outcome_of(const RequestHead& head, HeadState state) {
  if (state == HeadState::incomplete) return {};
  if (state == HeadState::refused)
    return {head.refusal().status, std::string(head.refusal().reason), ""};
  std::string facts = fmt::format("{} {} {} {} {} {} {}", head.method_text(), head.path(),
                                  head.query(), head.authority(), head.size(),
                                  static_cast<int>(head.framing()), head.content_length());
  for (const Field& field : head.fields()) {
    facts += fmt::format(" [{}={}]", head.name(field), head.value(field));
  }
  return {taken, "", facts};
}

Outcome read_whole(std::string_view text) {
  RequestHead head;
  return outcome_of(head, head.read(text));
}

// As if the bytes arrived in pieces that end at `cut` and at the end; each piece at another
// address.
Outcome read_cut(std::string_view text, std::size_t cut) {
  RequestHead head;
  const std::string first(text.substr(0, cut));
  const HeadState state = head.read(first);
  if (state != HeadState::incomplete) return outcome_of(head, state);
  const std::string second(text);
  return outcome_of(head, head.read(second));
}

Outcome read_bytewise(std::string_view text) {
  RequestHead head;
  std::string buffer;
  for (const char c : text) {
    buffer.push_back(c);
    const HeadState state = head.read(buffer);
    if (state != HeadState::incomplete) return outcome_of(head, state);
  }
  return {};
}

void expect_outcome(std::string_view text, int status) {
  const Outcome whole = read_whole(text);
  EXPECT_EQ(whole.status, status) << whole << "\n" << text;
  EXPECT_EQ(read_bytewise(text), whole) << text;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ASSERT_EQ(read_cut(text, cut), whole) << text << "\ncut at " << cut;
  }
  // What follows a head changes nothing about it.
  if (status == taken) {
    EXPECT_EQ(read_whole(std::string(text) + "GET / HTTP/1.1\r\n\r\n\x01"), whole);
  }
}

struct Row {
  std::string_view text;
  int status;
};

TEST(RequestLine, IsTakenInOneFormOnly) {
  constexpr Row rows[] = {
      {"GET / HTTP/1.1", taken},
      {"GET /a/b?c=d HTTP/1.1", taken},
      {"GET /? HTTP/1.1", taken},
      {"GET //a//b HTTP/1.1", taken},
      {"GET /%2e%2e/ HTTP/1.1", taken},
      {"get / HTTP/1.1", taken},
      {"M-SEARCH /x HTTP/1.1", taken},
      {"BREW /pot HTTP/1.1", taken},
      {"TRACE / HTTP/1.1", taken},
      {"OPTIONS * HTTP/1.1", taken},
      {"OPTIONS /a HTTP/1.1", taken},
      {"GET http://example.com/a HTTP/1.1", taken},
      {"GET http://EXAMPLE.com:80/a?b HTTP/1.1", taken},
      {"GET HTTP://example.com HTTP/1.1", taken},
      {"GET http://example.com?q HTTP/1.1", taken},
      {"GET https://example.com/ HTTP/1.1", taken},
      {"\r\nGET / HTTP/1.1", taken},
      {"GET /a|b{c} HTTP/1.1", taken},
      {"\r\n\r\nGET / HTTP/1.1", 400},
      {"\nGET / HTTP/1.1", 400},
      {" GET / HTTP/1.1", 400},
      {"GET  / HTTP/1.1", 400},
      {"GET /  HTTP/1.1", 400},
      {"GET / HTTP/1.1 ", 400},
      {"GET\t/ HTTP/1.1", 400},
      {"GET /\tHTTP/1.1", 400},
      {"GET /", 400},
      {"GET", 400},
      {"GET  HTTP/1.1", 400},
      {"GET / http/1.1", 400},
      {"GET / HTTP/1", 400},
      {"GET / HTTP/1.", 400},
      {"GET / HTTP/11", 400},
      {"GET / HTTP/1.10", 400},
      {"GET / HTTP /1.1", 400},
      {"GET / HTTPS/1.1", 400},
      {"GET / HTTP/1,1", 400},
      {"GET / HTTP/x.1", 400},
      {"GET / XHTTP/1.1", 400},
      {"GET / HTTP/0.9", 505},
      {"GET / HTTP/1.2", 505},
      {"GET / HTTP/2.0", 505},
      {"PRI * HTTP/2.0", 505},
      {"GET / HTTP/9.9", 505},
      {"GET a HTTP/1.1", 400},
      {"GET a/b HTTP/1.1", 400},
      {"GET * HTTP/1.1", 400},
      {"GET ** HTTP/1.1", 400},
      {"GET ?a HTTP/1.1", 400},
      {"GET /a#b HTTP/1.1", 400},
      {"GET /a?b#c HTTP/1.1", 400},
      {"GET /x#/admin HTTP/1.1", 400},
      {"GET ftp://example.com/ HTTP/1.1", 400},
      {"GET http:///a HTTP/1.1", 400},
      {"GET http://user@example.com/ HTTP/1.1", 400},
      {"GET http://user:word@example.com/ HTTP/1.1", 400},
      {"GET http://other.com/ HTTP/1.1", 400},
      {"GET http://example.com:81/ HTTP/1.1", 400},
      {"GET http://example.com\\@other.com/ HTTP/1.1", 400},
      {"GET http:/example.com/ HTTP/1.1", 400},
      {"GET //example.com HTTP/1.1", taken},
      {"CONNECT example.com:443 HTTP/1.1", 501},
      {"CONNECT / HTTP/1.1", 501},
      {"GET /\x01 HTTP/1.1", 400},
      {"GET /\x7f HTTP/1.1", 400},
      {"GET /\xc3\xa9 HTTP/1.1", 400},
      {"GET /a\x0b HTTP/1.1", 400},
      {"GET /\0 HTTP/1.1"sv, 400},
      {"G\0T / HTTP/1.1"sv, 400},
      {"G(T / HTTP/1.1", 400},
      {"GE\x80T / HTTP/1.1", 400},
      {"{\"a\":1}", 400},
      {"\x16\x03\x01\x02", 400},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1", 501},
  };
  for (const Row& row : rows) {
    expect_outcome(fmt::format("{}\r\nHost: example.com\r\n\r\n", row.text), row.status);
  }
}

TEST(RequestFields, AreTakenInOneFormOnly) {
  constexpr Row rows[] = {
      {"A: b\r\n", taken},
      {"A:b\r\n", taken},
      {"A: \t b \t \r\n", taken},
      {"A:\r\n", taken},
      {"A: \r\n", taken},
      {"A: b:c\r\n", taken},
      {"A: b\tc\r\n", taken},
      {"A: \xc3\xa9\r\n", taken},
      {"A: \xff\x80\r\n", taken},
      {"!#$%&'*+-.^_`|~9: b\r\n", taken},
      {"X_User: b\r\n", taken},
      {"A: b\r\nA: c\r\n", taken},
      {"A : b\r\n", 400},
      {"A\t: b\r\n", 400},
      {"x-user : admin\r\n", 400},
      {" A: b\r\n", 400},
      {"\tA: b\r\n", 400},
      {"A: b\r\n c\r\n", 400},
      {"A: b\r\n\tc\r\n", 400},
      {"A: b\r\n \r\n", 400},
      {": b\r\n", 400},
      {"A\r\n", 400},
      {"A b: c\r\n", 400},
      {"A(b): c\r\n", 400},
      {"A\"b: c\r\n", 400},
      {"A/b: c\r\n", 400},
      {"A@b: c\r\n", 400},
      {"A[b]: c\r\n", 400},
      {"A,b: c\r\n", 400},
      {"A;b: c\r\n", 400},
      {"A=b: c\r\n", 400},
      {"\xc3\xa9: c\r\n", 400},
      {"A\x7f: c\r\n", 400},
      {"A\0: c\r\n"sv, 400},
      {"A: b\0c\r\n"sv, 400},
      {"A: b\x01\r\n", 400},
      {"A: b\x0b\r\n", 400},
      {"A: b\x0c\r\n", 400},
      {"A: b\x1b[2J\r\n", 400},
      {"A: b\x7f\r\n", 400},
      {"A: b\n", 400},
      {"A: b\nC: d\r\n", 400},
      {"A: b\r", 400},
      {"A: b\rC: d\r\n", 400},
      {"A: b\r\r\n", 400},
      {"\rA: b\r\n", 400},
      {"\nA: b\r\n", 400},
      {"\n", 400},
      {"A:\n", 400},
      {"A: b\n\r\n", 400},
  };
  for (const Row& row : rows) {
    expect_outcome(fmt::format("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", row.text), row.status);
  }
}

TEST(RequestHost, IsOneValidName) {
  constexpr Row rows[] = {
      {"Host: example.com\r\n", taken},
      {"hOsT: example.com\r\n", taken},
      {"Host: example.com:8243\r\n", taken},
      {"Host: 127.0.0.1\r\n", taken},
      {"Host: [::1]\r\n", taken},
      {"Host: [2001:db8::1]:8280\r\n", taken},
      {"Host: my_service.internal\r\n", taken},
      {"Host: example.com.\r\n", taken},
      {"", 400},
      {"Host:\r\n", 400},
      {"Host: \r\n", 400},
      {"Host: a\r\nHost: a\r\n", 400},
      {"Host: a\r\nhost: b\r\n", 400},
      {"Host: a\r\nX_: c\r\nHOST: a\r\n", 400},
      {"Host: user@a\r\n", 400},
      {"Host: a b\r\n", 400},
      {"Host: a,b\r\n", 400},
      {"Host: a/b\r\n", 400},
      {"Host: a?b\r\n", 400},
      {"Host: a#b\r\n", 400},
      {"Host: a\\b\r\n", 400},
      {"Host: a%00b\r\n", 400},
      {"Host: %61\r\n", 400},
      {"Host: http://a\r\n", 400},
      {"Host: a:\r\n", 400},
      {"Host: a:0\r\n", 400},
      {"Host: a:b\r\n", 400},
      {"Host: a:80:80\r\n", 400},
      {"Host: a:65536\r\n", 400},
      {"Host: a:-1\r\n", 400},
      {"Host: a:+80\r\n", 400},
      {"Host: :80\r\n", 400},
      {"Host: ::1\r\n", 400},
      {"Host: [::1\r\n", 400},
      {"Host: [::g]\r\n", 400},
      {"Host: []\r\n", 400},
      {"Host: [::1]x\r\n", 400},
      {"Host: [::1%25eth0]\r\n", 400},
      {"Host: a..b\r\n", 400},
      {"Host: .a\r\n", 400},
      {"Host: \xc3\xa9.com\r\n", 400},
      {"Host: a;b\r\n", 400},
      {"Host: <a>\r\n", 400},
  };
  for (const Row& row : rows) {
    expect_outcome(fmt::format("GET / HTTP/1.1\r\n{}\r\n", row.text), row.status);
  }
}

TEST(RequestHost, MayBeMissingInHttp10) {
  expect_outcome("GET / HTTP/1.0\r\n\r\n", taken);
  expect_outcome("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400);
}

// Attack classes 1 and 3: what frames the body is stated once, plainly, and stays.
TEST(RequestFraming, HasOneMeaning) {
  constexpr Row rows[] = {
      {"Content-Length: 5\r\n", taken},
      {"content-length: 0\r\n", taken},
      {"Content-Length:5\r\n", taken},
      {"Content-Length: \t5 \r\n", taken},
      {"Transfer-Encoding: chunked\r\n", taken},
      {"tRANSFER-eNCODING: Chunked\r\n", taken},
      {"Transfer-Encoding:chunked\r\n", taken},
      {"Transfer-Encoding: chunked \r\n", taken},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {"transfer-encoding: CHUNKED\r\nCONTENT-LENGTH: 0\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 5,5\r\n", 400},
      {"Content-Length: 5, 6\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 5.0\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length: 05\r\n", 400},
      {"Content-Length: 00\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5a\r\n", 400},
      {"Content-Length: five\r\n", 400},
      {"Content-Length: 1e3\r\n", 400},
      {"Content-Length: 1_000\r\n", 400},
      {"Content-Length: \xd9\xa5\r\n", 400},
      {"Content-Length: 18446744073709551616\r\n", 400},
      {"Content-Length: 9223372036854775808\r\n", 400},
      {"Content-Length : 5\r\n", 400},
      {"Content_Length: 5\r\n", 400},
      {"Transfer_Encoding: chunked\r\n", 400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {" Transfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"Transfer-Encoding: chunked\x0c\r\n", 400},
      {"Transfer-Encoding: \xa0"
       "chunked\r\n",
       400},
      {"Transfer-Encoding:\r\n", 400},
      {"Transfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: xchunked\r\n", 400},
      {"Transfer-Encoding: chunkedx\r\n", 400},
      {"Transfer-Encoding: \"chunked\"\r\n", 400},
      {"Transfer-Encoding: chunked;q=1\r\n", 400},
      {"Transfer-Encoding: chunked, identity\r\n", 400},
      {"Transfer-Encoding: identity, chunked\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 400},
      {"Transfer-Encoding: chunked, chunked\r\n", 400},
      {"Transfer-Encoding: ,chunked\r\n", 400},
      {"Transfer-Encoding: chunked,\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Foo: bar\r\n\rTransfer-Encoding: chunked\r\n", 400},
      {"Expect: 100-continue\r\n", taken},
      {"Expect: 100-Continue\r\n", taken},
      {"Expect: 200-ok\r\n", 417},
      {"Expect:\r\n", 417},
      {"Expect: 100-continue\r\nExpect: 100-continue\r\n", 417},
  };
  for (const Row& row : rows) {
    expect_outcome(fmt::format("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n", row.text), row.status);
  }
  expect_outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

TEST(RequestConnection, NamesNoProtectedField) {
  constexpr Row rows[] = {
      {"close", taken},
      {"keep-alive", taken},
      {"Keep-Alive, Upgrade", taken},
      {"TE", taken},
      {"upgrade, HTTP2-Settings", taken},
      {"X-Mine, x-other", taken},
      {", close ,", taken},
      {"", taken},
      {"content-length", 400},
      {"Content-Length", 400},
      {"close, transfer-encoding", 400},
      {"Transfer-Encoding", 400},
      {"Host", 400},
      {"Authorization", 400},
      {"Cookie", 400},
      {"X-Forwarded-For", 400},
      {"X-Forwarded-For, Authorization, X-Real-Ip", 400},
      {"X_Forwarded_For", 400},
      {"X-Forwarded-Host", 400},
      {"X-Forwarded-Proto", 400},
      {"Forwarded", 400},
      {"X-Real-IP", 400},
      {"X-JWT-Assertion", 400},
      {"apikey", 400},
      {"Internal-Key", 400},
      {"Content-Type", 400},
      {"Expect", 400},
      {"Connection", 400},
      {"Origin", 400},
      {"activityid", 400},
      {"traceparent", 400},
      {"close keep-alive", 400},
      {"clo\"se", 400},
      {"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", 400},
  };
  for (const Row& row : rows) {
    expect_outcome(fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX-Mine: 1\r\n"
                               "Connection: {}\r\n\r\n",
                               row.text),
                   row.status);
  }
}

TEST(RequestConnection, DecidesWhetherTheClientGoesOn) {
  struct Case {
    std::string_view version;
    std::string_view fields;
    bool keep_alive;
    bool upgrade;
  };
  constexpr Case cases[] = {
      {"1.1", "", true, false},
      {"1.1", "Connection: close\r\n", false, false},
      {"1.1", "Connection: keep-alive\r\nConnection: CLOSE\r\n", false, false},
      {"1.1", "Connection: upgrade\r\n", true, false},
      {"1.1", "Upgrade: websocket\r\n", true, false},
      {"1.1", "Upgrade: websocket\r\nConnection: Upgrade\r\n", true, true},
      {"1.0", "", false, false},
      {"1.0", "Connection: Keep-Alive\r\n", true, false},
      {"1.0", "Connection: keep-alive, close\r\n", false, false},
  };
  for (const Case& c : cases) {
    RequestHead head;
    const std::string text = fmt::format("GET / HTTP/{}\r\nHost: a\r\n{}\r\n", c.version, c.fields);
    ASSERT_EQ(head.read(text), HeadState::complete) << text;
    EXPECT_EQ(head.keep_alive(), c.keep_alive) << text;
    EXPECT_EQ(head.wants_upgrade(), c.upgrade) << text;
  }
}

TEST(RequestHead, TellsItsFacts) {
  const std::string text =
      "PUT http://Api.example.com:80/pizza/menu?size=big HTTP/1.1\r\nHost: api.example.com\r\n"
      "Connection: X-Mine, keep-alive\r\nx-mine: 1\r\nX_Real_IP: 1.2.3.4\r\nX-Mine: 2\r\n"
      "Content-Length: 12\r\nAuthorization:  Bearer abc \r\nX-Other: y\r\n\r\nhello";
  RequestHead head;
  ASSERT_EQ(head.read(text), HeadState::complete);
  EXPECT_EQ(head.method(), Method::put);
  EXPECT_EQ(head.path(), "/pizza/menu");
  EXPECT_EQ(head.query(), "size=big");
  EXPECT_EQ(head.host(), "api.example.com");
  EXPECT_EQ(head.authority(), "api.example.com");
  EXPECT_EQ(head.framing(), Framing::length);
  EXPECT_EQ(head.content_length(), 12U);
  EXPECT_EQ(text.substr(head.size()), "hello");
  EXPECT_EQ(head.value(FieldId::authorization), "Bearer abc");
  EXPECT_EQ(head.find("x-OTHER")->id, FieldId::other);
  EXPECT_EQ(head.find(FieldId::x_real_ip), nullptr);
  EXPECT_EQ(head.find(FieldId::twin)->id, FieldId::twin);
  std::vector<std::string_view> named;
  for (const Field& field : head.fields()) {
    if (field.named_by_connection) named.push_back(head.value(field));
  }
  EXPECT_EQ(named, (std::vector<std::string_view>{"1", "2"}));

  const std::string elsewhere(text.data(), text.size());
  head.rebase(elsewhere.data());
  EXPECT_EQ(head.path().data(), elsewhere.data() + text.find("/pizza"));
}

TEST(RequestHead, HasLimits) {
  const auto request = [](std::size_t target, std::size_t fields, std::size_t value) {
    std::string text = "GET /" + std::string(target - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < fields; ++i)
      text += fmt::format("F{}: {}\r\n", i, std::string(value, 'v'));
    return text + "\r\n";
  };
  EXPECT_EQ(read_whole(request(8192, 1, 0)).status, taken);
  EXPECT_EQ(read_whole(request(8193, 1, 0)).status, 414);
  EXPECT_EQ(read_whole(request(60'000, 1, 0)).status, 414);
  EXPECT_EQ(read_whole(request(1, 100, 10)).status, taken);
  EXPECT_EQ(read_whole(request(1, 101, 10)).status, 431);
  EXPECT_EQ(read_whole(request(1, 100, 200)).status, 431);
  EXPECT_EQ(read_whole(request(1, 2, 16'300)).status, taken);
  EXPECT_EQ(read_whole(request(1, 2, 16'400)).status, 431);
  EXPECT_EQ(read_whole(request(1, 2, 70'000)).status, 431);
  EXPECT_EQ(read_bytewise(request(8193, 1, 0)).status, 414);
  EXPECT_EQ(read_bytewise(request(1, 2, 16'400)).status, 431);
  EXPECT_EQ(read_bytewise(request(1, 101, 1)).status, 431);
}

}  // namespace
}  // namespace gatehouse::http
