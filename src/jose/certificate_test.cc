// SPDX-License-Identifier: Apache-2.0
#include "jose/certificate.h"

#include <gtest/gtest.h>

#include "core/test_protected_pem.h"
#include "jose/pem.h"
#include "jose/test_certificates.h"

namespace gatehouse::jose {
namespace {

TEST(Certificate, SaysWhatItIs) {
  const auto read = read_certificate(std::string("Bag Attributes\n").append(shop_certificate));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->subject, "O=Shops,CN=shop");
  EXPECT_EQ(read->version, 3);
  EXPECT_EQ(to_rfc3339(read->not_before).substr(0, 19), "2026-01-01T00:00:00");
  EXPECT_EQ(to_rfc3339(read->not_after).substr(0, 19), "2027-01-01T00:00:00");
  EXPECT_EQ(read->thumbprint, shop_thumbprint);
  EXPECT_FALSE(read->holds_at(read->not_before - std::chrono::milliseconds(1)));
  EXPECT_TRUE(read->holds_at(read->not_before));
  EXPECT_FALSE(read->holds_at(read->not_after));
}

TEST(Certificate, IsTheSameInBothForms) {
  const auto pem = read_certificate(shop_certificate);
  ASSERT_TRUE(pem);
  const auto der = read_certificate(pem->der);
  ASSERT_TRUE(der) << der.error().message;
  EXPECT_EQ(der->pem, pem->pem);
  EXPECT_EQ(der->thumbprint, pem->thumbprint);
}

TEST(Certificate, OfAProtectedBlockIsNotAskedFor) {
  const std::string pem = protected_pem(std::string(shop_certificate));
  const TestTerminal terminal;
  EXPECT_FALSE(read_certificate(pem));
  EXPECT_FALSE(jwk_from_pem(pem));
}

TEST(Certificate, RefusesWhatIsNone) {
  const std::string key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  for (const std::string& text :
       {std::string(), std::string("x"), key, std::string(shop_certificate.substr(0, 300)),
        std::string(pem_bytes_max + 1, 'x')}) {
    const auto read = read_certificate(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace gatehouse::jose
