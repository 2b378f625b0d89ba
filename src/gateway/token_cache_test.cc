// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_cache.h"

#include <gtest/gtest.h>

#include <set>

#include "core/random.h"
#include "gateway/revocations.h"

namespace gatehouse::gateway {
namespace {

Token token_of(std::string client) {
  Token token;
  token.client_id = std::move(client);
  return token;
}

TEST(TokenCache, HoldsWhatWasPutUntilItIsErased) {
  SeededRandom random(3);
  TokenCache cache(64);
  std::set<int> expected;
  for (int round = 0; round < 20'000; ++round) {
    const int number = static_cast<int>(random.number() % 60);  // never full: nothing is evicted
    const Sha256 hash = sha256(std::to_string(number));
    if (random.number() % 2 == 0) {
      cache.put(hash, token_of(std::to_string(number)));
      expected.insert(number);
    } else {
      cache.erase(hash);
      expected.erase(number);
    }
    ASSERT_EQ(cache.size(), expected.size());
    const int probe = static_cast<int>(random.number() % 60);
    const Token* found = cache.find(sha256(std::to_string(probe)));
    ASSERT_EQ(found != nullptr, expected.contains(probe)) << probe;
    if (found != nullptr) {
      ASSERT_EQ(found->client_id, std::to_string(probe));
    }
  }
}

TEST(TokenCache, AFullOneForgetsWhatWasNotUsedLately) {
  TokenCache cache(8);
  const Sha256 favourite = sha256("favourite");
  cache.put(favourite, token_of("favourite"));
  for (int i = 0; i < 100; ++i) {
    ASSERT_NE(cache.find(favourite), nullptr) << i;
    cache.put(sha256(std::to_string(i)), token_of("flood"));
    EXPECT_LE(cache.size(), 8U);
  }
}

TEST(TokenCache, ForgetsEveryTokenThatIsMeant) {
  TokenCache cache(64);
  for (int i = 0; i < 50; ++i) {
    cache.put(sha256(std::to_string(i)), token_of(i % 2 == 0 ? "even" : "odd"));
  }
  cache.erase_if([](const Sha256&, const Token& token) { return token.client_id == "even"; });
  EXPECT_EQ(cache.size(), 25U);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(cache.find(sha256(std::to_string(i))) != nullptr, i % 2 == 1);
  }
}

struct RevocationCase {
  const char* name;
  const char* kind;
  std::string value;
  std::int64_t issued_before_ms;
  Revoked revoked;
};

class RevocationRule : public ::testing::TestWithParam<RevocationCase> {};

TEST_P(RevocationRule, MeansTheTokenOrNot) {
  Token token = token_of("client");
  token.tenant = 7;
  token.user_tenant = 8;
  token.user_id = "user";
  token.family = "family";
  token.jti = "jti";
  token.issued_at = from_ms(100);
  const Sha256 hash = sha256("token");
  model::Revocation revocation{7,
                               1,
                               GetParam().kind,
                               GetParam().value,
                               from_ms(GetParam().issued_before_ms),
                               from_ms(1'000)};
  Revocations revocations;
  revocations.add(revocation, from_ms(200));
  EXPECT_EQ(revocations.check(hash, token, 0), GetParam().revoked);
  EXPECT_EQ(revocations.check(hash, token, 6), GetParam().revoked);
  // A verdict read together with number 7 or a later one has seen it already.
  EXPECT_EQ(revocations.check(hash, token, 7), Revoked::no);
  EXPECT_EQ(Revocations::means(revocation, sha256_hex("token"), token),
            GetParam().revoked != Revoked::no);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RevocationRule,
    ::testing::Values(
        RevocationCase{"by_digest", "token", sha256_hex("token"), 0, Revoked::yes},
        RevocationCase{"by_jti", "token", "jti", 0, Revoked::yes},
        RevocationCase{"of_another_token", "token", "other", 0, Revoked::no},
        RevocationCase{"by_user_and_client", "user_client", "user client", 100, Revoked::yes},
        RevocationCase{"user_at_another_client", "user_client", "user other", 100, Revoked::no},
        RevocationCase{"another_user_of_the_client", "user_client", "bob client", 100, Revoked::no},
        RevocationCase{"by_family", "family", "family", 100, Revoked::yes},
        RevocationCase{"by_client", "client", "client", 100, Revoked::yes},
        RevocationCase{"issued_later", "client", "client", 99, Revoked::no},
        RevocationCase{"by_user", "user", "user", 100, Revoked::yes},
        RevocationCase{"user_changed", "user_changed", "user", 100, Revoked::ask_again},
        RevocationCase{"tenant_changed", "tenant_changed", "7", 100, Revoked::ask_again},
        RevocationCase{"tenant_of_the_user_changed", "tenant_changed", "8", 100,
                       Revoked::ask_again},
        RevocationCase{"tenant_changed_before", "tenant_changed", "7", 99, Revoked::no},
        RevocationCase{"another_tenant_changed", "tenant_changed", "1", 100, Revoked::no},
        RevocationCase{"no_tenant_changed", "tenant_changed", "0", 100, Revoked::no},
        RevocationCase{"of_nobody", "user", "", 100, Revoked::no}),
    [](const auto& row) { return std::string(row.param.name); });

// Its scopes are its issuer's to give: there is nothing to ask here.
TEST(Revocations, OfATenantDoNotMeanTokensOfAnotherKeyManager) {
  Token token;
  token.tenant = 7;
  token.key_manager = "Elsewhere";
  token.issued_at = from_ms(100);
  const model::Revocation changed{1, 7, "tenant_changed", "7", from_ms(100), from_ms(500)};
  Revocations revocations;
  revocations.add(changed, from_ms(0));
  EXPECT_EQ(revocations.check({}, token, 0), Revoked::no);
  EXPECT_FALSE(Revocations::means(changed, "", token));
  token.key_manager.clear();
  EXPECT_EQ(revocations.check({}, token, 0), Revoked::ask_again);
  EXPECT_TRUE(Revocations::means(changed, "", token));
}

TEST(Revocations, AreForgottenOnceTheirTokensHaveExpired) {
  Revocations revocations;
  revocations.add({1, 1, "token", "a", {}, from_ms(500)}, from_ms(0));
  revocations.add({2, 1, "token", "b", {}, from_ms(3'600'000)}, from_ms(120'000));
  EXPECT_EQ(revocations.size(), 1U);
  EXPECT_EQ(revocations.number(), 2U);
}

}  // namespace
}  // namespace gatehouse::gateway
