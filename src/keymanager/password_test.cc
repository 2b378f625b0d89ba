// SPDX-License-Identifier: Apache-2.0
#include "keymanager/password.h"

#include <gtest/gtest.h>

#include "keymanager/basic.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

TEST(Passwords, MatchOnlyTheirOwnHash) {
  SystemRandom random;
  Passwords passwords(random, {.memory_kib = 64, .passes = 1}, {});
  const std::string hash = *passwords.hash("geheim");
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_NE(*passwords.hash("geheim"), hash);
  EXPECT_TRUE(*passwords.matches("geheim", hash));
  for (const std::string& wrong : {std::string("Geheim"), std::string(""), std::string("geheim "),
                                   std::string("geheim\0", 7), std::string(100'000, 'x')}) {
    EXPECT_FALSE(*passwords.matches(wrong, hash));
  }
  EXPECT_FALSE(*passwords.matches("geheim", ""));
  EXPECT_FALSE(*passwords.matches("geheim", "not a hash"));
  EXPECT_FALSE(passwords.hash(""));
  EXPECT_FALSE(passwords.hash(std::string(password_bytes_max + 1, 'x')));
}

TEST(Passwords, CostWhatTheDesignSays) {
  SystemRandom random;
  Passwords passwords(random, PasswordCost{}, {});
  EXPECT_TRUE(passwords.hash("x")->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

struct BasicCase {
  const char* name;
  std::string header;
  std::optional<NameAndSecret> pair;
};

class BasicHeader : public ::testing::TestWithParam<BasicCase> {};

TEST_P(BasicHeader, IsReadStrictly) {
  const std::optional<NameAndSecret> pair = client_credentials_of(GetParam().header);
  ASSERT_EQ(pair.has_value(), GetParam().pair.has_value());
  if (!pair) return;
  EXPECT_EQ(pair->name, GetParam().pair->name);
  EXPECT_EQ(pair->secret, GetParam().pair->secret);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7617, BasicHeader,
    ::testing::Values(
        BasicCase{"plain", "Basic " + to_base64("a:b"), NameAndSecret{"a", "b"}},
        BasicCase{"scheme_is_caseless", "bASIC " + to_base64("a:b"), NameAndSecret{"a", "b"}},
        BasicCase{"colon_in_the_secret", "Basic " + to_base64("a:b:c"), NameAndSecret{"a", "b:c"}},
        BasicCase{"form_encoded", "Basic " + to_base64("a%3A+1:%25"), NameAndSecret{"a: 1", "%"}},
        BasicCase{"empty_secret", "Basic " + to_base64("a:"), NameAndSecret{"a", ""}},
        BasicCase{"no_colon", "Basic " + to_base64("ab"), std::nullopt},
        BasicCase{"not_utf8", "Basic " + to_base64("a:\xff"), std::nullopt},
        BasicCase{"broken_percent", "Basic " + to_base64("a:%4"), std::nullopt},
        BasicCase{"no_padding", "Basic YTpiYw", std::nullopt},
        BasicCase{"tail", "Basic YTpi x", std::nullopt},
        BasicCase{"no_space", "BasicYTpi", std::nullopt},
        BasicCase{"other_scheme", "Bearer YTpi", std::nullopt},
        BasicCase{"empty", "", std::nullopt}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::keymanager
