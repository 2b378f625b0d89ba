// SPDX-License-Identifier: Apache-2.0
#include "keymanager/revocations.h"

#include <gmock/gmock.h>

#include <semaphore>

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

// Held back by an open write, so that all others wait together.
TEST(Revocations, OfOneBatchEachFailsAlone) {
  TestKeyManager server;
  Revocations revocations(server.resources());
  storage::Client client;
  client.client_id = "c";
  std::counting_semaphore<> begun{0};
  std::counting_semaphore<> may_go_on{0};
  std::thread first([&] {
    EXPECT_TRUE(revocations.revoke_client(client, [&](Transaction&) -> Result<> {
      begun.release();
      may_go_on.acquire();
      return {};
    }));
  });
  begun.acquire();
  std::vector<std::thread> others;
  std::atomic<int> kept = 0;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 6; ++i) {
    others.emplace_back([&, i] {
      const Result<> done = revocations.revoke_client(client, [&](Transaction&) -> Result<> {
        if (i % 3 == 0) return fail(ErrorCode::internal, "on purpose");
        return {};
      });
      (done ? kept : refused) += 1;
    });
  }
  may_go_on.release();
  first.join();
  for (std::thread& thread : others) thread.join();
  EXPECT_EQ(kept, 4);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(*server.databases().api_manager().read([](Transaction& transaction) {
    return storage::RevocationStore(transaction).newest();
  }),
            5U);
}

TEST(Revocations, OfManyFamiliesAreOneBatch) {
  TestKeyManager server;
  Revocations revocations(server.resources());
  storage::Client client;
  client.client_id = "c";
  std::vector<Revocations::Family> families;
  for (int i = 0; i < 300; ++i) families.push_back({client, fmt::format("f{}", i)});
  for (const Result<>& each : revocations.revoke_families(families)) EXPECT_TRUE(each);
  const auto stored = server.databases().api_manager().read([](Transaction& transaction) {
    return storage::RevocationStore(transaction).since(0, 1000);
  });
  ASSERT_EQ(stored->size(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ((*stored)[i].number, i + 1);
    EXPECT_EQ((*stored)[i].value, fmt::format("f{}", i));
  }
  EXPECT_TRUE(revocations.revoke_families({}).empty());
}

// RFC 7009: what each request of a batch gets is what it would have got alone.
TEST(RevocationEndpoint, AnswersEachRequestOfABatchForItself) {
  TestKeyManager server;
  const std::string client = server.client();
  const std::string other = server.client("JWT");
  const auto issue = [&](const std::string& to) {
    return text_or(server.token("grant_type=client_credentials", to).body, "access_token", "");
  };
  const std::string mine = issue(client);
  const std::string again = issue(client);
  const std::string jwt = issue(other);
  const std::string stays = issue(client);
  const struct {
    std::string body;
    std::string basic;
    int status;
  } rows[] = {{"token=" + mine, client, 200},
              {"token=" + mine, client, 200},
              {"token=unknown", client, 200},
              {"token=" + stays, other, 400},
              {"token=" + stays, client + "x", 401},
              {"token=" + stays, "", 401},
              {"token=", client, 400},
              {"token=" + jwt, other, 200},
              {"token=" + again, client, 200}};
  std::vector<http::Request> requests;
  for (const auto& row : rows) {
    requests.push_back(http::make_request("POST", "/oauth2/revoke", row.body,
                                          "application/x-www-form-urlencoded"));
    if (!row.basic.empty()) {
      requests.back().headers.add("Authorization", "Basic " + to_base64(row.basic));
    }
  }
  std::vector<const http::Request*> pointers;
  for (const http::Request& request : requests) pointers.push_back(&request);
  http::Handler* const endpoint = server->public_handler().gathers(requests.front());
  ASSERT_NE(endpoint, nullptr);
  const std::vector<http::Response> answers = endpoint->handle_all(pointers);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(answers[i].status, rows[i].status) << i << answers[i].body;
  }
  for (const std::string& token : {mine, again, jwt}) EXPECT_FALSE(server.validate(token).active);
  EXPECT_TRUE(server.validate(stays).active);
}

// An entry is kept no longer than a token that it means could live.
TEST(Revocations, AreGoneOnceTheirTokensHaveExpired) {
  TestKeyManager server;
  const std::string client = server.client();
  for (int i = 0; i < 20; ++i) {
    const auto issued = server.token("grant_type=client_credentials", client);
    server.form("/oauth2/revoke", "token=" + text_or(issued.body, "access_token", ""), client);
  }
  const auto count = [&] {
    return server.databases()
        .api_manager()
        .read([](Transaction& transaction) {
          return storage::RevocationStore(transaction).since(0, 1000);
        })
        ->size();
  };
  EXPECT_EQ(count(), 20U);
  const auto longest = std::chrono::seconds(3600);
  server.clock().advance(longest);
  ASSERT_TRUE(server->sweep());
  EXPECT_EQ(count(), 20U);
  server.clock().advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(server->sweep());
  EXPECT_EQ(count(), 0U);
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
