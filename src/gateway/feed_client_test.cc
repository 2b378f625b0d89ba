// SPDX-License-Identifier: Apache-2.0
#include "gateway/feed_client.h"

#include <gtest/gtest.h>

#include "gateway/test_world.h"

namespace gatehouse::gateway {
namespace {

const std::string good = "Authorization: Bearer good\r\n";

class LearningTest : public ::testing::Test {
 protected:
  LearningTest() : backend_(TestBackend::answers("x")), world_(2) {}

  int call(const std::string& path = "/pizza/1/menu", const std::string& fields = good) {
    TestClient client(world_.port());
    return client.call("GET " + path + " HTTP/1.1\r\nHost: g\r\n" + fields + "\r\n").status;
  }
  void deploy() { world_.deploy(test_api("pizza", backend_.url())); }

  TestBackend backend_;
  TestWorld world_;
};

TEST_F(LearningTest, AChangeIsServedByEveryWorkerOnceWaitedFor) {
  world_.start();
  world_.catch_up();
  EXPECT_EQ(call(), 404);
  for (int i = 0; i < 10; ++i) {
    deploy();
    world_.catch_up();
    EXPECT_EQ(call(), 200);
    world_.control_plane.remove("api", "pizza");
    world_.catch_up();
    EXPECT_EQ(call(), 404);
  }
}

TEST_F(LearningTest, AnotherHistoryIsTakenOverWhole) {
  deploy();
  world_.start();
  world_.catch_up();
  world_.control_plane.begin_again("restored");
  world_.control_plane.remove("subscription", "sub");
  while (call() != 403) std::this_thread::yield();  // the poll finds it
}

TEST_F(LearningTest, ARestartWithoutAControlPlaneServesWhatTheDiskKnows) {
  deploy();
  world_.start();
  world_.catch_up();
  world_.control_plane.set("api", "pasta", to_json(test_api("pasta", backend_.url())));
  world_.catch_up();
  world_.gateway.reset();
  world_.control_plane.set_down(true);
  world_.start();
  ASSERT_TRUE(world_.gateway->wait_for(1, std::chrono::seconds(10)));
  EXPECT_TRUE(world_.gateway->ready());
  EXPECT_EQ(call(), 200);
  EXPECT_EQ(call("/pasta/1/open/x", ""), 200);
  EXPECT_EQ(world_.gateway->heard_at(), Instant{});
}

TEST_F(LearningTest, ARevokedTokenIsRefusedAsSoonAsTheBusHasSpoken) {
  deploy();
  world_.start();
  world_.catch_up();
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const std::string token = "token-" + std::to_string(number);
    const std::string fields = "Authorization: Bearer " + token + "\r\n";
    world_.key_manager.issue(token, world_.valid_token());
    EXPECT_EQ(call("/pizza/1/menu", fields), 200);
    EXPECT_EQ(call("/pizza/1/menu", fields), 200);
    world_.key_manager.take_back(token);
    world_.revoke({number, 1, "token", sha256_hex(token), {}, world_.clock.now()});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(call("/pizza/1/menu", fields), 401);
  }
}

TEST_F(LearningTest, ARevocationThatTheBusLostIsFoundByThePoll) {
  deploy();
  world_.start();
  world_.catch_up();
  EXPECT_EQ(call(), 200);
  world_.key_manager.take_back("good");
  world_.control_plane.revoke({1, 1, "token", sha256_hex("good"), {}, world_.clock.now()});
  while (call() != 401) std::this_thread::yield();
}

TEST_F(LearningTest, WhatIsRememberedServesWhileNoKeyManagerAnswers) {
  deploy();
  world_.options.workers = 1;
  world_.options.cache_rules.ttl = std::chrono::seconds(0);
  world_.start();
  world_.catch_up();
  EXPECT_EQ(call(), 200);
  world_.key_manager.set_down(true);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(), 200);
  TestClient client(world_.port());
  const TestMessage unknown =
      client.call("GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer other\r\n\r\n");
  EXPECT_EQ(unknown.status, 503);
  EXPECT_NE(unknown.body.find("900900"), std::string::npos);
  EXPECT_NE(unknown.field("Retry-After"), "(none)");
}

TEST_F(LearningTest, WithTheCacheOffEveryCallAsks) {
  deploy();
  world_.options.cache_rules.enabled = false;
  world_.start();
  world_.catch_up();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(), 200);
  EXPECT_EQ(world_.key_manager.asked(), 5U);
}

TEST_F(LearningTest, UsageArrivesExactlyOnceThoughAnswersAreLost) {
  deploy();
  world_.start();
  world_.catch_up();
  world_.control_plane.lose_usage_answers(2);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(call(), 200);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(call("/pizza/1/menu", ""), 401);
  world_.gateway->stop();
  EXPECT_EQ(world_.control_plane.calls("pizza", 2), 30U);
  EXPECT_EQ(world_.control_plane.calls("pizza", 4), 7U);
}

}  // namespace
}  // namespace gatehouse::gateway
