// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/token_parts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/apis/client_store.h"
#include "storage/apis/token_store.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

using std::chrono::hours;

class TokenParts : public ::testing::TestWithParam<TestEngine> {
 protected:
  void SetUp() override {
    Client client;
    client.client_id = "client";
    ASSERT_TRUE(database().write(
        [&](Transaction& transaction) { return ClientStore(transaction).insert(client); }));
  }

  Database& database() { return databases_.api_manager(); }

  StoredToken token(char name, hours life) const {
    return {.hash = std::string(32, name),
            .family = std::string(1, name),
            .client_id = "client",
            .user_id = "",
            .issued_at = now_,
            .expires_at = now_ + life};
  }
  void keep(const StoredToken& token) {
    ASSERT_TRUE(database().write([&](Transaction& transaction) -> Result<> {
      TokenStore(transaction).insert(token);
      return {};
    }));
  }
  bool found(const StoredToken& token) {
    const Instant end = std::chrono::floor<hours>(token.expires_at) + hours(1);
    return database()
        .read(
            [&](Transaction& transaction) { return TokenStore(transaction).find(token.hash, end); })
        ->has_value();
  }

  const Instant now_ = from_ms(1'700'000'000'000);
  TestDatabases databases_{GetParam()};
};

TEST_P(TokenParts, ForgetEachTokenAfterItsTimeAndNoneBefore) {
  // The first of each life comes before its partition, the second after.
  std::vector<StoredToken> tokens;
  const hours lives[] = {hours(1), hours(3), hours(24), hours(72), hours(24 * 30)};
  for (std::size_t i = 0; i < std::size(lives); ++i) {
    tokens.push_back(token(static_cast<char>('a' + i), lives[i]));
    keep(tokens.back());
  }
  ASSERT_TRUE(make_token_parts(database(), now_));
  ASSERT_TRUE(make_token_parts(database(), now_ + hours(1)));
  for (std::size_t i = 0; i < std::size(lives); ++i) {
    tokens.push_back(token(static_cast<char>('A' + i), lives[i]));
    keep(tokens.back());
  }
  for (const hours after : {hours(0), hours(2), hours(5), hours(50), hours(100), hours(24 * 32)}) {
    ASSERT_TRUE(make_token_parts(database(), now_ + after));
    ASSERT_TRUE(forget_tokens(database(), now_ + after, 1'000));
    for (const StoredToken& kept : tokens) {
      if (kept.expires_at >= now_ + after) {
        EXPECT_TRUE(found(kept)) << kept.family << after.count();
      }
      // A day that has begun to end is forgotten as a whole, so up to 25 hours later.
      if (kept.expires_at + hours(25) < now_ + after) {
        EXPECT_FALSE(found(kept)) << kept.family << after.count();
      }
    }
  }
}

TEST_P(TokenParts, AFamilyIsRemovedFromAllOfThem) {
  ASSERT_TRUE(make_token_parts(database(), now_));
  std::vector<std::string> families;
  for (char name = 'a'; name < 'a' + 19; ++name) {
    keep(token(name, hours(1 + (name % 4) * 20)));
    families.emplace_back(1, name);
  }
  keep(token('z', hours(1)));
  ASSERT_TRUE(database().write([&](Transaction& transaction) -> Result<> {
    TokenStore(transaction).remove_families(2, families);
    return {};
  }));
  EXPECT_TRUE(found(token('a', hours(1 + ('a' % 4) * 20))));
  ASSERT_TRUE(database().write([&](Transaction& transaction) -> Result<> {
    TokenStore(transaction).remove_families(1, families);
    return {};
  }));
  for (char name = 'a'; name < 'a' + 19; ++name) {
    EXPECT_FALSE(found(token(name, hours(1 + (name % 4) * 20)))) << name;
  }
  EXPECT_TRUE(found(token('z', hours(1))));
}

TEST_P(TokenParts, ManyAreFoundTogetherInTheirOrder) {
  ASSERT_TRUE(make_token_parts(database(), now_));
  std::vector<TokenAsked> asked;
  for (char name = 'A'; name <= 'z'; ++name) {
    // Lives of an hour to four days fall into many parts; each third token is not there.
    const StoredToken one = token(name, hours(1 + (name % 20) * 5));
    if (name % 3 != 0) keep(one);
    asked.push_back({one.hash, std::chrono::floor<hours>(one.expires_at) + hours(1)});
  }
  const auto found = database().read(
      [&](Transaction& transaction) { return TokenStore(transaction).find_all(asked); });
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_EQ(found->size(), asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto name = static_cast<char>('A' + i);
    ASSERT_EQ((*found)[i].has_value(), name % 3 != 0) << name;
    if ((*found)[i]) {
      EXPECT_EQ((*found)[i]->family, std::string(1, name));
    }
  }
  asked.push_back(asked.front());
  EXPECT_FALSE(database().read(
      [&](Transaction& transaction) { return TokenStore(transaction).find_all(asked); }));
}

TEST_P(TokenParts, MoreThanABiteIsForgottenAtOnce) {
  ASSERT_TRUE(make_token_parts(database(), now_));
  ASSERT_TRUE(database().write([&](Transaction& transaction) -> Result<> {
    for (int i = 0; i < 700; ++i) {
      StoredToken one = token('a', hours(24 * 30));
      one.hash = fmt::format("{:032}", i);
      TokenStore(transaction).insert(one);
    }
    return {};
  }));
  const Instant later = now_ + hours(24 * 32);
  EXPECT_EQ(*forget_tokens(database(), later, 600), 600);
  EXPECT_EQ(*forget_tokens(database(), later, 600), 100);
}

TEST_P(TokenParts, OfUsesAtOnceOnlyOneCounts) {
  ASSERT_TRUE(make_token_parts(database(), now_));
  for (char name = 'a'; name < 'k'; ++name) {
    const StoredToken refresh = token(name, hours(24));
    keep(refresh);
    std::atomic<int> used = 0;
    std::vector<std::jthread> users;
    for (int i = 0; i < 8; ++i) {
      users.emplace_back([&] {
        const auto mine = database().write(
            [&](Transaction& transaction) { return TokenStore(transaction).use(refresh, now_); });
        ASSERT_TRUE(mine) << mine.error().detail;
        used += *mine ? 1 : 0;
      });
    }
    users.clear();
    EXPECT_EQ(used, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, TokenParts,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
