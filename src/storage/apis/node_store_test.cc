// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/node_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

constexpr Instant noon = Instant(std::chrono::seconds(1'000'000));
constexpr std::chrono::hours hour{1};

class Nodes : public ::testing::TestWithParam<TestEngine> {
 protected:
  void write(const std::function<Result<>(NodeStore&)>& work) {
    const Result<> done = databases_.api_manager().write([&](Transaction& transaction) {
      NodeStore store(transaction);
      return work(store);
    });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  void add(const std::string& hash) {
    write([&](NodeStore& store) {
      return store.add_token(hash, {"gw-1", {"gateway", "traffic-manager"}, {"In", "Out"}, "seal"},
                             noon + hour);
    });
  }
  bool has(const std::string& hash, Instant now) {
    return databases_.api_manager()
        .read([&](Transaction& transaction) { return NodeStore(transaction).has_token(hash, now); })
        .value();
  }
  // The name of the node that the token was for, or nothing.
  std::string use(const std::string& hash, Instant now = noon) {
    std::string name;
    write([&](NodeStore& store) -> Result<> {
      GH_TRY(node, store.use_token(hash, now));
      name = node ? node->name : "";
      return {};
    });
    return name;
  }
  std::uint64_t least(const std::string& name) {
    return databases_.api_manager()
        .read([&](Transaction& transaction) { return NodeStore(transaction).serial_min(name); })
        .value();
  }

  TestDatabases databases_{GetParam()};
};

TEST_P(Nodes, ATokenIsUsedOnceBeforeItExpires) {
  add("a");
  add("b");
  write([](NodeStore& store) -> Result<> {
    GH_TRY(node, store.use_token("a", noon));
    EXPECT_TRUE(node);
    EXPECT_EQ(node->profiles, (std::vector<std::string>{"gateway", "traffic-manager"}));
    EXPECT_EQ(node->environments, (std::vector<std::string>{"In", "Out"}));
    EXPECT_EQ(node->seal, "seal");
    return {};
  });
  EXPECT_EQ(use("a"), "");
  EXPECT_EQ(use("nobody's"), "");
  EXPECT_TRUE(has("b", noon));
  EXPECT_FALSE(has("a", noon));
  EXPECT_FALSE(has("b", noon + hour));
  EXPECT_EQ(use("b", noon + hour), "");
  EXPECT_EQ(use("b", noon + hour - std::chrono::milliseconds(1)), "gw-1");
}

TEST_P(Nodes, OfManyWhoShowATokenAtTheSameMomentOneIsTaken) {
  add("a");
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (!use("a").empty()) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
}

TEST_P(Nodes, ARevokedNodeLosesItsTokensToo) {
  add("a");
  EXPECT_EQ(least("gw-1"), 0U);
  for (const std::uint64_t serial : {1U, 2U}) {
    write([](NodeStore& store) { return store.revoke("gw-1"); });
    EXPECT_EQ(least("gw-1"), serial);
  }
  EXPECT_EQ(use("a"), "");
  const auto revoked = databases_.api_manager().read(
      [](Transaction& transaction) { return NodeStore(transaction).revoked(); });
  ASSERT_EQ(revoked->size(), 1U);
  EXPECT_EQ(revoked->front().name, "gw-1");
  EXPECT_EQ(revoked->front().serial_min, 2U);
  add("b");
  EXPECT_EQ(use("b"), "gw-1");
}

TEST_P(Nodes, ExpiredTokensGo) {
  add("a");
  write([](NodeStore& store) { return store.forget_tokens(noon + hour); });
  EXPECT_EQ(use("a"), "gw-1");
  write([](NodeStore& store) {
    return store.forget_tokens(noon + hour + std::chrono::milliseconds(1));
  });
  add("a");  // the hash is free again
}

INSTANTIATE_TEST_SUITE_P(Engines, Nodes,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
