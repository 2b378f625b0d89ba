// SPDX-License-Identifier: Apache-2.0
#include "http/web_url.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

struct UrlCase {
  const char* url;
  const char* host;
  bool tamper_proof;
};

TEST(WebUrl, HasAHostAndMayBeProofAgainstTampering) {
  for (const UrlCase& row : {
           UrlCase{"https://idp.example/keys", "idp.example", true},
           {"HTTPS://IdP.example", "idp.example", true},
           {"https://[::1]:9443/keys", "[::1]", true},
           {"http://localhost:8080/keys", "localhost", true},
           {"http://127.0.0.1", "127.0.0.1", true},
           {"http://idp.example/keys", "idp.example", false},
           {"http://127.0.0.1.evil.example/", "127.0.0.1.evil.example", false},
           {"http://localhost@evil.example/", "", false},
           {"https://user:word@idp.example/", "", false},
           {"https:///keys", "", false},
           {"https://idp.example/a b", "", false},
           {"file:///etc/passwd", "", false},
           {"idp.example", "", false},
           {"", "", false},
       }) {
    EXPECT_EQ(host_of(row.url), row.host) << row.url;
    EXPECT_EQ(is_tamper_proof(row.url), row.tamper_proof) << row.url;
  }
}

}  // namespace
}  // namespace gatehouse::http
