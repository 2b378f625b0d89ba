// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/random.h"
#include "net/condition.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<> sleep_and_note(Loop& loop, std::chrono::milliseconds time, std::vector<long>& order) {
  const Tick due = loop.tick() + time;
  co_await loop.sleep_until(due);
  EXPECT_GE(loop.tick(), due);
  order.push_back(time.count());
  if (order.size() == 3) loop.stop();
}

TEST(Loop, WakesSleepersInTheOrderOfTheirInstants) {
  Loop loop;
  std::vector<long> order;
  for (const auto time : {9ms, 1ms, 5ms}) loop.spawn(sleep_and_note(loop, time, order));
  loop.run();
  EXPECT_EQ(order, (std::vector<long>{1, 5, 9}));
}

TEST(Loop, CallsWhatOtherThreadsPostInTheOrderOfEachThread) {
  constexpr int threads = 4;
  constexpr int posts = 5000;
  Loop loop;
  std::vector<int> last(threads, -1);
  int left = threads * posts;
  std::vector<std::thread> posters;
  for (std::size_t t = 0; t < threads; ++t) {
    posters.emplace_back([&loop, &last, &left, t] {
      for (int i = 0; i < posts; ++i) {
        loop.post([&loop, &last, &left, t, i] {
          EXPECT_TRUE(loop.is_this_thread());
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
          if (--left == 0) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(left, 0);
}

TEST(Loop, DestroysPostedFunctionsThatItNeverCalled) {
  const auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, OutlivesAPostedFunctionThatThrows) {
  Loop loop;
  loop.post([] { throw std::runtime_error("of a library"); });
  loop.post([&loop] { loop.stop(); });
  loop.run();
}

TEST(Loop, StopsWhenAskedBeforeItRunsAndRunsAgain) {
  Loop loop;
  loop.stop();
  loop.run();
  int calls = 0;
  loop.post([&] {
    ++calls;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(calls, 1);
}

Task<> take_turns(Loop& loop, char name, std::string& order) {
  for (int i = 0; i < 3; ++i) {
    order += name;
    co_await loop.yield();
  }
}

Task<> take_turns_together(Loop& loop, std::string& order) {
  loop.spawn(take_turns(loop, 'a', order));
  loop.spawn(take_turns(loop, 'b', order));
  while (order.size() < 6) co_await loop.yield();
}

TEST(Loop, YieldLetsTheOthersGoFirst) {
  Loop loop;
  std::string order;
  loop.run_until_done(take_turns_together(loop, order));
  EXPECT_EQ(order, "ababab");
}

TEST(Timer, FiresOnceAtTheInstantSetLast) {
  Loop loop;
  int fired = 0;
  Tick at{};
  Timer timer(loop, [&] {
    ++fired;
    at = loop.tick();
    loop.stop();
  });
  Timer cancelled(loop, [] { FAIL(); });
  const Tick due = loop.tick() + 3ms;
  timer.set(loop.tick() + 1ms);
  timer.set(due);
  cancelled.set(loop.tick() + 1ms);
  cancelled.cancel();
  loop.run();
  EXPECT_EQ(fired, 1);
  EXPECT_GE(at, due);
  EXPECT_FALSE(timer.is_set());
}

TEST(Timer, MayBeSetFromItsOwnCallback) {
  Loop loop;
  int fired = 0;
  std::function<void()> again;
  Timer timer(loop, [&again] { again(); });
  again = [&] {
    if (++fired == 3) return loop.stop();
    timer.set(loop.tick());
  };
  timer.set(loop.tick());
  loop.run();
  EXPECT_EQ(fired, 3);
}

class Numbered final : public TimerNode {
 public:
  explicit Numbered(std::vector<Tick>& fired) : fired_(fired) {}

 private:
  void on_timer() override { fired_.push_back(due()); }
  std::vector<Tick>& fired_;
};

TEST(TimerHeap, KeepsItsOrderWhileTimersAreMovedAndCancelled) {
  SeededRandom random(7);
  TimerHeap heap;
  std::vector<Tick> fired;
  std::vector<std::unique_ptr<Numbered>> nodes;
  for (int i = 0; i < 300; ++i) nodes.push_back(std::make_unique<Numbered>(fired));
  for (int i = 0; i < 5000; ++i) {
    Numbered& node = *nodes[random.number() % nodes.size()];
    if (random.number() % 4 == 0) {
      heap.cancel(node);
    } else {
      heap.set(node, Tick(std::chrono::milliseconds(random.number() % 1000)));
    }
  }
  const auto set = static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node->is_set(); }));
  heap.fire(Tick(500ms));
  EXPECT_GT(heap.next(), Tick(500ms));
  heap.fire(Tick(1s));
  EXPECT_EQ(fired.size(), set);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

Task<> wait_for(Condition& condition, Tick deadline, std::string& log, char name) {
  const bool told = co_await condition.wait_until(deadline);
  log += told ? name : '-';
}

Task<> tell(Loop& loop, Condition& condition, std::string& log) {
  TaskGroup group;
  group.spawn(wait_for(condition, never, log, 'a'));
  group.spawn(wait_for(condition, never, log, 'b'));
  group.spawn(wait_for(condition, never, log, 'c'));
  group.spawn(wait_for(condition, loop.tick() + 1ms, log, 'd'));
  group.spawn(wait_for(condition, loop.tick(), log, 'e'));
  co_await loop.sleep_for(3ms);
  condition.notify_one();
  co_await loop.yield();
  log += '.';
  condition.notify_all();
  co_await loop.yield();
  EXPECT_EQ(group.size(), 0U);
}

TEST(Condition, WakesTheLongestWaiterFirstAndGivesUpAtTheDeadline) {
  Loop loop;
  Condition condition(loop);
  std::string log;
  loop.run_until_done(tell(loop, condition, log));
  EXPECT_EQ(log, "--a.bc");
}

Task<> cancel_waiters(Loop& loop, Condition& condition, std::string& log) {
  {
    TaskGroup group;
    group.spawn(wait_for(condition, never, log, 'a'));
    group.spawn(wait_for(condition, loop.tick() + 1ms, log, 'b'));
    condition.notify_one();  // 'a' is ready already when it dies
  }
  condition.notify_all();
  co_await loop.sleep_for(2ms);
}

TEST(Condition, ForgetsTasksThatDieWhileTheyWait) {
  Loop loop;
  Condition condition(loop);
  std::string log;
  loop.run_until_done(cancel_waiters(loop, condition, log));
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace gatehouse::net
