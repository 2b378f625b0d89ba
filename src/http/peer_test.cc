// SPDX-License-Identifier: Apache-2.0
#include "http/peer.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(ClientAddress, IsTheLastThatNoTrustedProxyVouchesAgainst) {
  struct Case {
    std::string_view socket;
    std::string_view fields;
    std::string_view client;
  };
  constexpr Case cases[] = {
      {"198.51.100.1", "", "198.51.100.1"},
      {"198.51.100.1", "X-Forwarded-For: 1.1.1.1\r\n", "198.51.100.1"},
      {"10.0.0.1", "", "10.0.0.1"},
      {"10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1"},
      {"10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.1.1.1\r\n", "1.1.1.1"},
      {"10.0.0.1", "X-Forwarded-For: 9.9.9.9, 1.1.1.1, 10.0.0.2\r\n", "1.1.1.1"},
      {"10.0.0.1", "X-Forwarded-For: 10.0.0.3,10.0.0.2\r\n", "10.0.0.3"},
      {"10.0.0.1", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1"},
      {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, evil, 10.0.0.2\r\n", "10.0.0.2"},
      {"10.0.0.1", "X-Forwarded-For: 1.1.1.1,\r\n", "10.0.0.1"},
      {"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
      {"10.0.0.1", "X_Forwarded_For: 1.1.1.1\r\n", "10.0.0.1"},
      {"::ffff:10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\n", "1.1.1.1"},
  };
  const std::vector<net::Network> trusted = {*net::Network::parse("10.0.0.0/8")};
  for (const Case& c : cases) {
    RequestHead head;
    const std::string text = fmt::format("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", c.fields);
    ASSERT_EQ(head.read(text), HeadState::complete);
    EXPECT_EQ(client_address(head, *net::Address::parse(c.socket), trusted).text(), c.client)
        << c.socket << " " << c.fields;
  }
}

}  // namespace
}  // namespace gatehouse::http
