// SPDX-License-Identifier: Apache-2.0
#include "keymanager/revocations.h"

#include <gmock/gmock.h>

#include "keymanager/test_key_manager.h"
#include "storage/apis/revocation_store.h"
#include "storage/apis/token_store.h"

namespace gatehouse::keymanager {
namespace {

using storage::Transaction;

TEST(Revocations, OfManyThreadsAreNumberedWithoutAGapAndToldInOrder) {
  TestKeyManager server;
  std::vector<std::uint64_t> told;
  const auto subscription = server.bus().subscribe("revocations", [&](std::string_view message) {
    told.push_back(model::revocation_from(*parse_json_object(message))->number);
  });
  Revocations revocations(server.resources());
  constexpr std::size_t threads_count = 8;
  constexpr std::size_t each = 50;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < each; ++i) {
        EXPECT_TRUE(revocations.announce_user(1, fmt::format("{}-{}", t, i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(told.size(), threads_count * each);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], i + 1);
  const auto stored = server.databases().api_manager().read([](Transaction& transaction) {
    return storage::RevocationStore(transaction).since(100, 1000);
  });
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), threads_count * each - 100);
  EXPECT_EQ(stored->front().number, 101U);
}

TEST(Revocations, ThatFailLeaveNothingBehind) {
  TestKeyManager server;
  Revocations revocations(server.resources());
  storage::Client client;
  client.client_id = "c";
  const Result<> refused = revocations.revoke_client(
      client, [](Transaction&) -> Result<> { return fail(ErrorCode::internal, "on purpose"); });
  EXPECT_EQ(refused.error().message, "on purpose");
  EXPECT_EQ(*server.databases().api_manager().read([](Transaction& transaction) {
    return storage::RevocationStore(transaction).newest();
  }),
            0U);
  EXPECT_TRUE(revocations.announce_user(1, "u"));
}

TEST(Revocations, LiveAsLongAsTheLongestTokenOfTheirClient) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const std::string id = client.substr(0, client.find(':'));
  const auto issued =
      server.internal("POST", "clients/" + id + "/token", {{"seconds", 10 * 86'400}});
  const std::string token = text_or(issued.body, "access_token", "");
  server.form("/oauth2/revoke", "token=" + token, client);
  server.clock().advance(std::chrono::hours(24 * 9));
  ASSERT_TRUE(server->sweep());
  EXPECT_FALSE(server.validate(token).active);
  server.clock().advance(std::chrono::hours(25));
  EXPECT_EQ(*server->sweep(), 1);
  EXPECT_EQ(server.validate(token).code, 900903U);
}

TEST(RevocationStore, CoversTokensByWhatTheyAreAndWhen) {
  storage::TestDatabases databases;
  const Instant then = Instant(std::chrono::seconds(100));
  std::vector<model::Revocation> written{
      {0, 1, "token", "t", then, then},         {0, 1, "family", "f", then, then},
      {0, 1, "client", "c", then, then},        {0, 1, "user", "u", then, then},
      {0, 1, "user_client", "v d", then, then}, {0, 1, "user_changed", "w", then, then}};
  ASSERT_TRUE(databases.api_manager().write([&](Transaction& transaction) {
    return storage::RevocationStore(transaction).append(written);
  }));
  const Instant later = then + std::chrono::milliseconds(1);
  const struct {
    storage::TokenNames token;
    bool covered;
  } rows[] = {{{1, "t", "", "", "", later}, true},  {{1, "", "f", "", "", later}, true},
              {{1, "", "", "c", "", then}, true},   {{1, "", "", "c", "", later}, false},
              {{1, "", "", "", "u", then}, true},   {{1, "", "", "", "u", later}, false},
              {{1, "", "", "", "w", then}, false},  {{2, "t", "f", "c", "u", then}, false},
              {{1, "", "", "d", "v", then}, true},  {{1, "", "", "d", "v", later}, false},
              {{1, "", "", "d", "x", then}, false}, {{1, "f", "t", "u", "c", then}, false}};
  for (const auto& row : rows) {
    EXPECT_EQ(*databases.api_manager().read([&](Transaction& transaction) {
      return storage::RevocationStore(transaction).covers(row.token);
    }),
              row.covered)
        << row.token.token << row.token.family << row.token.client_id;
  }
}

TEST(TokenStore, UsesATokenOnceAndForgetsInBatches) {
  TestKeyManager server;
  const std::string client = server.client();
  const Instant then = server.clock().now();
  EXPECT_TRUE(server.databases().api_manager().write([&](Transaction& transaction) -> Result<> {
    storage::TokenStore store(transaction);
    for (int i = 0; i < 5; ++i) {
      store.insert({.hash = std::string(32, static_cast<char>('a' + i)),
                    .kind = storage::TokenKind::refresh,
                    .family = "f",
                    .client_id = client.substr(0, client.find(':')),
                    .user_id = "u",
                    .issued_at = then,
                    .expires_at = then + std::chrono::seconds(i)});
    }
    const Instant end = std::chrono::floor<std::chrono::hours>(then) + std::chrono::hours(1);
    const auto first = [&] { return **store.find(std::string(32, 'a'), end); };
    EXPECT_FALSE(first().used());
    EXPECT_TRUE(*store.use(first(), then));
    EXPECT_FALSE(*store.use(first(), then));
    EXPECT_TRUE(first().used());
    EXPECT_FALSE(*store.find(std::string(32, 'a'), end + std::chrono::hours(1)));
    storage::StoredToken unknown = first();
    unknown.hash = "unknown";
    EXPECT_FALSE(*store.use(unknown, then));
    EXPECT_EQ(*store.remove_expired(then + std::chrono::seconds(4), 3), 3);
    EXPECT_EQ(*store.remove_expired(then + std::chrono::seconds(4), 3), 1);
    store.remove_of_user(1, "u");
    EXPECT_FALSE(*store.find(std::string(32, 'e'), end));
    return {};
  }));
  const auto insert = [&] {
    return server.databases().api_manager().write([](Transaction& transaction) -> Result<> {
      storage::TokenStore(transaction)
          .insert({.hash = std::string(32, 'z'), .family = "f", .client_id = "c", .user_id = ""});
      return {};
    });
  };
  EXPECT_TRUE(insert());
  EXPECT_EQ(insert().error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace gatehouse::keymanager
