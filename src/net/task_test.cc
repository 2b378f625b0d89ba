// SPDX-License-Identifier: Apache-2.0
#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/task_group.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<int> ready(int value) { co_return value; }

Task<Result<std::unique_ptr<int>>> boxed(int value) {
  if (value < 0) co_return fail(ErrorCode::invalid_argument, "negative");
  co_return std::make_unique<int>(value);
}

Task<long> sum_of_ready(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await ready(1);
  co_return sum;
}

TEST(Task, CompletesAMillionReadyAwaitsWithoutGrowingTheStack) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(sum_of_ready(1'000'000)), 1'000'000);
}

Task<int> chain(int depth) {
  if (depth == 0) co_return 0;
  Task<int> next = chain(depth - 1);
  const int below = co_await next;
  co_return below + 1;
}

TEST(Task, ReturnsThroughADeepChainWithoutGrowingTheStack) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(chain(100'000)), 100'000);
}

Task<std::string> describe() {
  Result<std::unique_ptr<int>> good = co_await boxed(7);
  Result<std::unique_ptr<int>> bad = co_await boxed(-1);
  co_return std::to_string(**good) + " " + bad.error().message;
}

TEST(Task, CarriesValuesThatOnlyMoveAndErrors) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(describe()), "7 negative");
}

Task<> throwing() {
  throw std::runtime_error("of a library");
  co_return;
}

Task<std::string> catching() {
  std::string caught;
  try {
    co_await throwing();
  } catch (const std::runtime_error& error) {
    caught = error.what();
  }
  co_return caught;
}

TEST(Task, HandsAnExceptionToWhoeverAwaitsIt) {
  Loop loop;
  EXPECT_EQ(loop.run_until_done(catching()), "of a library");
}

class Note {
 public:
  Note(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  ~Note() { log_.push_back(name_); }
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

Task<> inner(Loop& loop, std::vector<std::string>& log) {
  const Note note(log, "inner");
  co_await loop.sleep_for(1h);
  log.push_back("never");
}

Task<> outer(Loop& loop, std::vector<std::string>& log) {
  const Note note(log, "outer");
  co_await inner(loop, log);
  log.push_back("never");
}

TEST(TaskGroup, CancelsWhatWaitsInnermostFirst) {
  Loop loop;
  std::vector<std::string> log;
  {
    TaskGroup group;
    group.spawn(outer(loop, log));
    EXPECT_EQ(group.size(), 1U);
    EXPECT_NE(loop.timers().next(), never);
  }
  EXPECT_EQ(log, (std::vector<std::string>{"inner", "outer"}));
  EXPECT_EQ(loop.timers().next(), never);
}

TEST(TaskGroup, OutlivesATaskThatThrows) {
  TaskGroup group;
  group.spawn(throwing());
  EXPECT_EQ(group.size(), 0U);
}

TEST(Task, NeverAwaitedNeverRuns) {
  std::vector<std::string> log;
  Loop loop;
  {
    const Task<> task = outer(loop, log);
  }
  EXPECT_TRUE(log.empty());
}

}  // namespace
}  // namespace gatehouse::net
