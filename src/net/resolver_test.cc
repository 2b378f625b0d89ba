// SPDX-License-Identifier: Apache-2.0
#include "net/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

// Knows one name, and counts how often it is asked.
struct Names {
  std::atomic<int> asked = 0;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();

  Resolver::LookUp look_up() {
    return [this](const std::string& host) -> Result<std::vector<Address>> {
      ++asked;
      released.wait();
      if (host == "empty.test") return std::vector<Address>{};
      if (host != "known.test") return fail(ErrorCode::unavailable, "unknown");
      return std::vector<Address>{Address::v4(192, 0, 2, 1), *Address::parse("2001:db8::1")};
    };
  }
};

Task<> ask(Resolver& resolver, const std::string& host, Tick deadline, std::string& log) {
  const Result<std::vector<Endpoint>> found = co_await resolver.resolve(host, 80, deadline);
  if (!found) {
    log += "failed;";
    co_return;
  }
  for (const Endpoint& endpoint : *found) log += endpoint.text() + ";";
}

Task<> wait_for_all(Loop& loop, const TaskGroup& group) {
  while (group.size() > 0) co_await loop.sleep_for(1ms);
}

class ResolverTest : public ::testing::Test {
 protected:
  std::string answer(const std::string& host, Tick deadline = never) {
    std::string log;
    loop.run_until_done(ask(resolver, host, deadline, log));
    return log;
  }

  Names names;
  Loop loop;
  Pool pool{{.name = "test", .threads = 1, .queue_max = 1}};
  Resolver resolver{loop, pool, names.look_up()};
};

TEST_F(ResolverTest, AnswersAnAddressByItself) {
  EXPECT_EQ(answer("192.0.2.7"), "192.0.2.7:80;");
  EXPECT_EQ(answer("[::1]"), "[::1]:80;");
  EXPECT_EQ(names.asked, 0);
  names.release.set_value();
}

TEST_F(ResolverTest, AsksEqualQuestionsOnceAndRemembersTheAnswer) {
  const std::string host = "known.test";
  std::string log;
  TaskGroup group;
  group.spawn(ask(resolver, host, never, log));
  group.spawn(ask(resolver, host, never, log));
  names.release.set_value();
  loop.run_until_done(wait_for_all(loop, group));
  const std::string once = "192.0.2.1:80;[2001:db8::1]:80;";
  EXPECT_EQ(log, once + once);
  EXPECT_EQ(answer(host), once);
  EXPECT_EQ(names.asked, 1);
}

TEST_F(ResolverTest, FailsForNamesWithoutAddresses) {
  names.release.set_value();
  EXPECT_EQ(answer("unknown.test"), "failed;");
  EXPECT_EQ(answer("empty.test"), "failed;");
  EXPECT_EQ(answer("unknown.test"), "failed;");
  EXPECT_EQ(names.asked, 2);
}

TEST_F(ResolverTest, GivesUpAtTheDeadlineAndWhenThePoolIsFull) {
  EXPECT_EQ(answer("known.test", loop.tick() + 1ms), "failed;");
  while (names.asked == 0) std::this_thread::yield();
  ASSERT_TRUE(pool.submit([] {}));
  EXPECT_EQ(answer("other.test"), "failed;");
  EXPECT_EQ(names.asked, 1);
  names.release.set_value();
  pool.stop();
}

TEST(LookUp, FindsTheNamesOfThisMachine) {
  const Result<std::vector<Address>> local = look_up("localhost");
  ASSERT_TRUE(local) << local.error().detail;
  for (const Address& address : *local) EXPECT_TRUE(address.is_loopback());
  EXPECT_FALSE(look_up("no such name"));
}

}  // namespace
}  // namespace gatehouse::net
