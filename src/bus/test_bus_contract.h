// SPDX-License-Identifier: Apache-2.0
//
// What every bus promises, as tests that each one runs:
//
//   INSTANTIATE_TEST_SUITE_P(Local, BusContract, ::testing::Values(local_buses), name_of_case);
//
// Thread:  listeners note what they hear under a mutex; the test waits for it with a deadline.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "bus/bus.h"

namespace gatehouse::bus {

inline constexpr std::chrono::seconds test_patience{10};

// Hears one subject and remembers it.
class TestListener {
 public:
  TestListener(Bus& bus, std::string subject)
      : subscription_(bus.subscribe(std::move(subject), [this](std::string_view message) {
          const std::lock_guard lock(mutex_);
          heard_.emplace_back(message);
          changed_.notify_all();
        })) {}

  // All that was heard, once it is this many; fewer when that takes too long.
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, test_patience, [&] { return heard_.size() >= count; });
    return heard_;
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  void end() { subscription_.reset(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;  // guarded by mutex_
  std::unique_ptr<Subscription> subscription_;
};

// Two nodes on one bus. In one process both are the same.
class TestBuses {
 public:
  virtual ~TestBuses() = default;
  virtual Bus& here() = 0;
  virtual Bus& there() = 0;
  // Returns once what is subscribed hears what is published from now on.
  virtual void settle() = 0;
};

struct BusCase {
  const char* name;
  std::function<std::unique_ptr<TestBuses>()> make;
};

class BusContract : public ::testing::TestWithParam<BusCase> {
 protected:
  const std::unique_ptr<TestBuses> buses_ = GetParam().make();
  Bus& here_ = buses_->here();
  Bus& there_ = buses_->there();
};

TEST_P(BusContract, OtherNodesHearWhatOnePublishesInOrder) {
  TestListener listener(there_, "news");
  buses_->settle();
  std::vector<std::string> sent;
  for (int i = 0; i < 1000; ++i) here_.publish("news", sent.emplace_back(std::to_string(i)));
  EXPECT_EQ(listener.wait_for(sent.size()), sent);
}

TEST_P(BusContract, APublisherHearsItselfOnceAndAtOnce) {
  TestListener mine(here_, "news");
  TestListener theirs(there_, "news");
  TestListener end(there_, "end");
  buses_->settle();
  here_.publish("news", "one");
  EXPECT_THAT(mine.heard(), ::testing::ElementsAre("one"));
  EXPECT_THAT(theirs.wait_for(1), ::testing::ElementsAre("one"));
  // Were there an echo, it would be here before the answer of the other node.
  TestListener answer(here_, "answer");
  buses_->settle();
  there_.publish("answer", "");
  answer.wait_for(1);
  EXPECT_THAT(mine.heard(), ::testing::ElementsAre("one"));
}

TEST_P(BusContract, ASubjectIsHeardByItsListenersAlone) {
  TestListener first(there_, "limits.to.a");
  TestListener again(there_, "limits.to.a");
  TestListener other(there_, "limits.to.a.b");
  buses_->settle();
  here_.publish("limits.to", "no");
  here_.publish("limits.to.a", "yes");
  here_.publish("limits.to.a.b", "other");
  EXPECT_THAT(other.wait_for(1), ::testing::ElementsAre("other"));
  EXPECT_THAT(first.heard(), ::testing::ElementsAre("yes"));
  EXPECT_THAT(again.heard(), ::testing::ElementsAre("yes"));
}

TEST_P(BusContract, AnEndedSubscriptionHearsNothing) {
  TestListener ended(there_, "news");
  TestListener stays(there_, "news");
  buses_->settle();
  here_.publish("news", "one");
  stays.wait_for(1);
  ended.end();
  here_.publish("news", "two");
  EXPECT_THAT(stays.wait_for(2), ::testing::ElementsAre("one", "two"));
  EXPECT_THAT(ended.heard(), ::testing::ElementsAre("one"));
}

TEST_P(BusContract, BytesAndSizesAreKept) {
  TestListener listener(there_, "news");
  buses_->settle();
  std::string all(256, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  const std::string large(900'000, 'x');
  for (const std::string& message : {std::string(), all, large}) here_.publish("news", message);
  EXPECT_THAT(listener.wait_for(3), ::testing::ElementsAre("", all, large));
}

TEST_P(BusContract, PublishersOfManyThreadsAreHeardEachInOrder) {
  constexpr int threads = 4;
  constexpr int each = 500;
  TestListener listener(there_, "news");
  buses_->settle();
  std::vector<std::thread> publishers;
  for (int who = 0; who < threads; ++who) {
    publishers.emplace_back([&, who] {
      for (int i = 0; i < each; ++i)
        here_.publish("news", std::string{char('a' + who)} + std::to_string(i));
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  std::array<int, threads> next{};
  for (const std::string& message : listener.wait_for(threads * each)) {
    EXPECT_EQ(message.substr(1),
              std::to_string(next.at(static_cast<std::size_t>(message[0] - 'a'))++));
  }
  EXPECT_THAT(next, ::testing::Each(each));
}

}  // namespace gatehouse::bus
