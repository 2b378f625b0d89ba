// SPDX-License-Identifier: Apache-2.0
#include "keymanager/authorize/redirect_uri.h"

#include <gtest/gtest.h>

namespace gatehouse::keymanager {
namespace {

struct MatchCase {
  const char* name;
  const char* registered;
  const char* asked;
  bool match;
};

class RedirectUri : public ::testing::TestWithParam<MatchCase> {};

TEST_P(RedirectUri, IsTakenOnlyAsItIsRegistered) {
  const MatchCase& row = GetParam();
  EXPECT_EQ(is_registered(row.asked, {"https://other.example/", row.registered}), row.match);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9700, RedirectUri,
    ::testing::Values(
        MatchCase{"the_same", "https://app.example/cb", "https://app.example/cb", true},
        MatchCase{"with_query", "https://a.example/cb?x=1", "https://a.example/cb?x=1", true},
        MatchCase{"own_scheme", "com.example.app:/cb", "com.example.app:/cb", true},
        MatchCase{"longer_path", "https://a.example/cb", "https://a.example/cb/x", false},
        MatchCase{"shorter_path", "https://a.example/cb/x", "https://a.example/cb", false},
        MatchCase{"trailing_slash", "https://a.example/cb", "https://a.example/cb/", false},
        MatchCase{"more_query", "https://a.example/cb", "https://a.example/cb?x=1", false},
        MatchCase{"fragment", "https://a.example/cb", "https://a.example/cb#x", false},
        MatchCase{"case_of_host", "https://a.example/cb", "https://A.example/cb", false},
        MatchCase{"other_scheme", "https://a.example/cb", "http://a.example/cb", false},
        MatchCase{"other_port", "https://a.example/cb", "https://a.example:444/cb", false},
        MatchCase{"suffix_of_host", "https://a.example/cb", "https://a.example.evil/cb", false},
        MatchCase{"user_info", "https://a.example/cb", "https://a.example@evil/cb", false},
        MatchCase{"backslash", "https://a.example/cb", "https://a.example\\@evil/cb", false},
        MatchCase{"dot_segments", "https://a.example/cb", "https://a.example/x/../cb", false},
        MatchCase{"percent_code", "https://a.example/cb", "https://a.example/%63b", false},
        MatchCase{"space_behind", "https://a.example/cb", "https://a.example/cb ", false},
        MatchCase{"newline", "https://a.example/cb", "https://a.example/cb\nX: y", false},
        MatchCase{"script_even_registered", "javascript:alert(1)", "javascript:alert(1)", false},
        MatchCase{"script_in_capitals", "JavaScript:alert(1)", "JavaScript:alert(1)", false},
        MatchCase{"data_even_registered", "data:text/html,x", "data:text/html,x", false},
        MatchCase{"without_scheme", "www.google.lk", "www.google.lk", false},
        MatchCase{"without_host", "https:///cb", "https:///cb", false},
        MatchCase{"relative", "/cb", "/cb", false}, MatchCase{"empty", "", "", false},
        MatchCase{"loopback_port", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true},
        MatchCase{"loopback_other_port", "http://127.0.0.1:80/cb", "http://127.0.0.1:8/cb", true},
        MatchCase{"loopback_v6", "http://[::1]/cb", "http://[::1]:61023/cb", true},
        MatchCase{"loopback_by_name", "http://localhost:1/cb", "http://localhost:2/cb", true},
        MatchCase{"loopback_other_path", "http://127.0.0.1/cb", "http://127.0.0.1:5/x", false},
        MatchCase{"loopback_other_host", "http://127.0.0.1/cb", "http://[::1]/cb", false},
        MatchCase{"loopback_with_tls", "https://127.0.0.1/cb", "https://127.0.0.1:5/cb", false},
        MatchCase{"loopback_as_prefix", "http://127.0.0.1/cb", "http://127.0.0.1.evil/cb", false},
        MatchCase{"loopback_user", "http://127.0.0.1/cb", "http://127.0.0.1:5@evil/cb", false},
        MatchCase{"loopback_empty_port", "http://127.0.0.1/cb", "http://127.0.0.1:/cb", false},
        MatchCase{"other_host_port", "http://10.0.0.1/cb", "http://10.0.0.1:5/cb", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(RedirectUri, HasAnOriginForThePolicyOfPages) {
  EXPECT_EQ(origin_of("https://a.example:8443/cb?x=1"), "https://a.example:8443");
  EXPECT_EQ(origin_of("https://a.example"), "https://a.example");
  EXPECT_EQ(origin_of("http://127.0.0.1:5/cb"), "http://127.0.0.1:5");
  EXPECT_EQ(origin_of("com.example.app:/cb"), "com.example.app:");
  EXPECT_EQ(origin_of("com.example.app://host/cb"), "com.example.app:");
}

}  // namespace
}  // namespace gatehouse::keymanager
