// SPDX-License-Identifier: Apache-2.0
#include "net/pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <string>

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<> all_kinds(Loop& loop, Pool& pool) {
  const std::thread::id here = std::this_thread::get_id();
  const auto where = [] { return std::this_thread::get_id(); };
  const Result<std::thread::id> there = co_await pool.run(loop, where);
  EXPECT_TRUE(there && *there != here);
  EXPECT_TRUE(loop.is_this_thread());

  const auto failing = []() -> Result<int> { return fail(ErrorCode::not_found, "none"); };
  const Result<int> failed = co_await pool.run(loop, failing);
  EXPECT_EQ(failed.error().code, ErrorCode::not_found);

  const auto nothing = [] {};
  const Result<> done = co_await pool.run(loop, nothing);
  EXPECT_TRUE(done);

  auto moving = [box = std::make_unique<int>(7)] { return std::make_unique<int>(*box + 1); };
  const Result<std::unique_ptr<int>> moved = co_await pool.run(loop, std::move(moving));
  EXPECT_EQ(**moved, 8);

  const auto throwing = []() -> int { throw std::runtime_error("of a library"); };
  const Result<int> caught = co_await pool.run(loop, throwing);
  EXPECT_EQ(caught.error().code, ErrorCode::internal);
  EXPECT_EQ(caught.error().detail, "of a library");
}

TEST(Pool, RunsElsewhereAndGoesOnHereWithEveryKindOfResult) {
  Loop loop;
  Pool pool({.name = "test", .threads = 2});
  loop.run_until_done(all_kinds(loop, pool));
}

Task<ErrorCode> refused(Loop& loop, Pool& pool) {
  const auto nothing = [] {};
  const Result<> outcome = co_await pool.run(loop, nothing);
  co_return outcome.error().code;
}

TEST(Pool, RefusesWhatDoesNotFitIntoItsQueue) {
  Loop loop;
  std::promise<void> started;
  std::promise<void> release;
  Pool pool({.name = "test", .threads = 1, .queue_max = 2});
  const auto block = [&] {
    started.set_value();
    release.get_future().wait();
  };
  ASSERT_TRUE(pool.submit(block));
  started.get_future().wait();
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_EQ(pool.queued(), 2U);
  EXPECT_EQ(pool.submit([] {}).error().code, ErrorCode::exhausted);
  EXPECT_EQ(loop.run_until_done(refused(loop, pool)), ErrorCode::exhausted);
  release.set_value();
}

TEST(Pool, RunsWhatIsQueuedBeforeItStops) {
  std::atomic<int> calls = 0;
  Pool pool({.name = "test", .threads = 2});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.submit([&] { ++calls; }));
  pool.stop();
  EXPECT_EQ(calls, 100);
  EXPECT_EQ(pool.submit([] {}).error().code, ErrorCode::unavailable);
}

TEST(Pool, StepsBackAsFarAsItIsTold) {
  const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
  Pool pool({.name = "test", .niceness = 3});
  std::promise<int> there;
  ASSERT_TRUE(pool.submit([&] { there.set_value(niceness()); }));
  EXPECT_EQ(there.get_future().get(), std::min(niceness() + 3, 19));
}

TEST(Pool, OutlivesAFunctionThatThrows) {
  std::promise<void> alive;
  Pool pool({.name = "test", .threads = 1});
  ASSERT_TRUE(pool.submit([] { throw std::runtime_error("of a library"); }));
  ASSERT_TRUE(pool.submit([&] { alive.set_value(); }));
  alive.get_future().wait();
}

Task<> wait_on_pool(Loop& loop, Pool& pool, std::promise<void>& release, std::string& log) {
  const auto block = [&release] { release.get_future().wait(); };
  const Result<> done = co_await pool.run(loop, block);
  log += done ? "resumed" : "failed";
}

TEST(Pool, ForgetsATaskThatDiesWhileItWaits) {
  Loop loop;
  std::string log;
  std::promise<void> release;
  Pool pool({.name = "test", .threads = 1});
  {
    TaskGroup group;
    group.spawn(wait_on_pool(loop, pool, release, log));
  }
  release.set_value();
  pool.stop();  // the answer has been posted
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace gatehouse::net
