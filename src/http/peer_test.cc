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

TEST(ForwardedCertificate, IsReadAsBalancersWriteIt) {
  struct Case {
    std::string_view what;
    std::string_view fields;
    std::string_view bytes;
  };
  // In base64 it has both characters that mean something in a URL.
  constexpr std::string_view bytes = "cert>>>??";
  constexpr Case cases[] = {
      {"none", "", ""},
      {"base64", "X-WSO2-CLIENT-CERTIFICATE: Y2VydD4+Pj8/\r\n", bytes},
      {"any case", "x-wso2-client-certificate: Y2VydD4+Pj8/\r\n", bytes},
      {"base64, encoded", "X-WSO2-CLIENT-CERTIFICATE: Y2VydD4%2BPj8%2f\r\n", bytes},
      {"PEM, encoded",
       "X-WSO2-CLIENT-CERTIFICATE: -----BEGIN%20CERTIFICATE-----%0AY2VydD4%2B%0APj8%2F%0A"
       "-----END%20CERTIFICATE-----%0A\r\n",
       bytes},
      {"PEM with CRLF, encoded",
       "X-WSO2-CLIENT-CERTIFICATE: -----BEGIN%20CERTIFICATE-----%0D%0AY2VydD4%2B%0D%0APj8%2F%0D%0A"
       "-----END%20CERTIFICATE-----\r\n",
       bytes},
      {"PEM in one line",
       "X-WSO2-CLIENT-CERTIFICATE: -----BEGIN CERTIFICATE----- Y2VydD4+ Pj8/ "
       "-----END CERTIFICATE-----\r\n",
       bytes},
      {"a chain: the first one is the client's",
       "X-WSO2-CLIENT-CERTIFICATE: -----BEGIN CERTIFICATE----- Y2VydD4+Pj8/ -----END "
       "CERTIFICATE----- -----BEGIN CERTIFICATE----- eA== -----END CERTIFICATE-----\r\n",
       bytes},
      {"twice",
       "X-WSO2-CLIENT-CERTIFICATE: Y2VydD4+Pj8/\r\nX-WSO2-CLIENT-CERTIFICATE: Y2VydD4+Pj8/\r\n",
       ""},
      {"a twin", "X_WSO2_CLIENT_CERTIFICATE: Y2VydD4+Pj8/\r\n", ""},
      {"no base64", "X-WSO2-CLIENT-CERTIFICATE: Y2VydD4*\r\n", ""},
      {"a broken percent code", "X-WSO2-CLIENT-CERTIFICATE: Y2VydD4%2\r\n", ""},
      {"empty", "X-WSO2-CLIENT-CERTIFICATE: \r\n", ""},
  };
  for (const Case& c : cases) {
    RequestHead head;
    const std::string text = fmt::format("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", c.fields);
    ASSERT_EQ(head.read(text), HeadState::complete) << c.what;
    EXPECT_EQ(forwarded_certificate(head), c.bytes) << c.what;
  }
}

}  // namespace
}  // namespace gatehouse::http
