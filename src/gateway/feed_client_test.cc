// SPDX-License-Identifier: Apache-2.0
#include "gateway/feed_client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gateway/test_world.h"
#include "model/hint.h"

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

TEST_F(LearningTest, ABusyControlPlaneIsAskedAgainWhenItSays) {
  deploy();
  world_.control_plane.be_busy();
  world_.start();
  world_.catch_up();
  EXPECT_EQ(call(), 200);
  EXPECT_EQ(world_.control_plane.snapshots_asked(), 2U);
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

// --- What is told

// A gateway that asks by itself too seldom for a test to see.
class ToldTest : public LearningTest {
 protected:
  void start() {
    deploy();
    world_.options.poll = std::chrono::hours(1);
    world_.start();
    world_.catch_up();
    tell_of_the_rest();
  }
  // Whatever it still asks for has been answered.
  void tell_of_the_rest() { asked_before_ = world_.control_plane.asked(); }
  std::size_t asked() const { return world_.control_plane.asked() - asked_before_; }

  model::FeedRange range(std::uint64_t from, std::uint64_t to, const char* state) {
    model::DeployedApi api = test_api("pizza", backend_.url());
    api.state = state;
    model::FeedRange range;
    range.tag = "first";
    range.from = from;
    range.to = to;
    range.upserts = {{"api", "pizza", to_json(api)}};
    return range;
  }
  void tell(const model::FeedRange& range) {
    world_.bus.publish(model::changes_subject(world_.options.environments),
                       json::serialize(to_json(range)));
  }
  void hint(std::uint64_t number) {
    world_.bus.publish(bus::subject_changes, fmt::format("{{\"number\":{}}}", number));
  }
  bool stands_at(std::uint64_t number) {
    return world_.gateway->wait_for(number, std::chrono::seconds(10));
  }

  std::size_t asked_before_ = 0;
};

TEST_F(ToldTest, ASmallChangeIsTakenInWithoutAsking) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  tell(range(here, here + 1, "BLOCKED"));
  hint(here + 1);
  while (world_.gateway->number() != here + 1) std::this_thread::yield();
  EXPECT_EQ(call(), 503);
  EXPECT_EQ(asked(), 0U);
}

TEST_F(ToldTest, ARangeThatBeginsEarlierIsTakenInAndAnOlderOneIsNot) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  tell(range(here, here + 2, "BLOCKED"));
  tell(range(here - 1, here + 1, "PUBLISHED"));  // how it stood before
  tell(range(here - 1, here + 2, "PUBLISHED"));
  tell(range(here + 1, here + 3, "BLOCKED"));
  while (world_.gateway->number() != here + 3) std::this_thread::yield();
  EXPECT_EQ(call(), 503);
  EXPECT_EQ(asked(), 0U);
}

TEST_F(ToldTest, AGapIsAskedFor) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  deploy();
  deploy();
  tell(range(here + 1, here + 2, "BLOCKED"));
  ASSERT_TRUE(stands_at(here + 2));
  EXPECT_EQ(call(), 200);  // as the control plane has it
}

TEST_F(ToldTest, AnotherHistoryIsNotTakenFromTheBus) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  model::FeedRange other = range(here, here + 1, "BLOCKED");
  other.tag = "other";
  tell(other);
  deploy();
  ASSERT_TRUE(stands_at(here + 1));
  EXPECT_EQ(call(), 200);
}

TEST_F(ToldTest, ARevocationIsInForceBeforeWhatFollowsIt) {
  start();
  EXPECT_EQ(call(), 200);
  const std::uint64_t here = world_.control_plane.number();
  world_.key_manager.take_back("good");
  world_.control_plane.revoke({1, 1, "token", sha256_hex("good"), {}, world_.clock.now()});
  deploy();
  model::FeedRange after = range(here, here + 1, "PUBLISHED");
  after.revocation = 1;
  tell(after);
  ASSERT_TRUE(stands_at(here + 1));
  EXPECT_EQ(call(), 401);
}

TEST_F(ToldTest, WhatWasToldIsKeptOnTheDisk) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  tell(range(here - 1, here + 1, "BLOCKED"));
  while (world_.gateway->number() != here + 1) std::this_thread::yield();
  world_.gateway.reset();
  world_.control_plane.set_down(true);
  world_.start();
  ASSERT_TRUE(stands_at(here + 1));
  EXPECT_EQ(call(), 503);
}

TEST_F(ToldTest, TheChangesOfOtherEnvironmentsAreOnAnotherSubject) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  world_.bus.publish(model::changes_subject({"elsewhere"}),
                     json::serialize(to_json(range(here, here + 1, "BLOCKED"))));
  tell(range(here, here + 1, "PUBLISHED"));
  while (world_.gateway->number() != here + 1) std::this_thread::yield();
  EXPECT_EQ(call(), 200);
}

TEST_F(ToldTest, AnOpenQuestionBringsAChangeWithoutABus) {
  world_.watched = [this](net::Loop& loop) {
    return std::make_unique<http::LocalClient>(loop, world_.pool, world_.control_plane);
  };
  start();
  for (int i = 0; i < 3; ++i) {
    world_.control_plane.remove("api", "pizza");
    deploy();
    const std::uint64_t number = world_.control_plane.number();
    while (world_.gateway->number() != number) std::this_thread::yield();
    EXPECT_EQ(call(), 200);
  }
}

// --- A client that names the change it depends on

TEST_F(ToldTest, ARequestWaitsForTheChangeThatItNames) {
  start();
  const std::uint64_t here = world_.control_plane.number();
  model::FeedRange pasta;
  pasta.tag = "first";
  pasta.from = here;
  pasta.to = here + 1;
  const model::DeployedApi api = test_api("pasta", backend_.url());
  pasta.upserts = {{"api", "pasta", to_json(api)}};
  EXPECT_EQ(call("/pasta/1/open/x", ""), 404);
  std::thread later([&] {
    // Once the request is there, which the loop serves in the order of arrival or later.
    std::this_thread::yield();
    tell(pasta);
  });
  EXPECT_EQ(call("/pasta/1/open/x", fmt::format("Gatehouse-Change: {}\r\n", here + 1)), 200);
  later.join();
}

TEST_F(ToldTest, ARequestThatNamesAChangeThatDoesNotComeIsAnswered) {
  start();
  for (const char* named : {"999999", "1", "none", ""}) {
    EXPECT_EQ(call("/pasta/1/open/x", fmt::format("Gatehouse-Change: {}\r\n", named)), 404);
  }
  EXPECT_EQ(call("/pizza/1/menu", good + "Gatehouse-Change: 999999\r\n"), 200);
}

}  // namespace
}  // namespace gatehouse::gateway
