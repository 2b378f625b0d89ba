// SPDX-License-Identifier: Apache-2.0
#include "http/gathering.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <stdexcept>

namespace gatehouse::http {
namespace {

// Echoes bodies, and keeps how many came together. A batch of the body "wait" waits for
// `may_go_on`.
class Choir final : public Handler {
 public:
  Response handle(const Request& request) override {
    return make_response(200, "text/plain", request.body);
  }
  std::vector<Response> handle_all(std::span<const Request* const> requests) override {
    const std::string& first = requests.front()->body;
    {
      const std::lock_guard lock(mutex_);
      sizes_.push_back(requests.size());
    }
    if (first == "throw") throw std::runtime_error("a bug");
    if (first == "wait") {
      begun.release();
      may_go_on.acquire();
    }
    return Handler::handle_all(requests);
  }
  std::vector<std::size_t> sizes() {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }

  std::counting_semaphore<> begun{0};
  std::counting_semaphore<> may_go_on{0};

 private:
  std::mutex mutex_;
  std::vector<std::size_t> sizes_;
};

class GatheringTest : public ::testing::Test {
 protected:
  ~GatheringTest() override { pool_.stop(); }

  net::Task<> ask(std::string body) {
    auto request = std::make_unique<const Request>(make_request("POST", "/", std::move(body)));
    Result<Response> answer = co_await gathering_.answer(choir_, std::move(request));
    ++answered_;
    if (answer) {
      bodies_.push_back(answer->status == 200 ? answer->body : std::to_string(answer->status));
    } else {
      bodies_.push_back(std::string(answer.error().message));
    }
    if (answered_ == expected_) loop_.stop();
  }
  // As many as may run; each has begun before the next request comes.
  void hold_all_batches() {
    for (std::size_t i = 0; i < Gathering::running_max; ++i) {
      loop_.spawn(ask("wait"));
      loop_.post([&] { loop_.stop(); });
      loop_.run();
      choir_.begun.acquire();
    }
  }
  void run(std::size_t expected) {
    expected_ = answered_ + expected;
    loop_.run();
  }

  net::Loop loop_;
  net::Pool pool_{{.name = "pool", .threads = 2}};
  Choir choir_;
  Gathering gathering_{loop_, pool_};
  std::vector<std::string> bodies_;
  std::size_t answered_ = 0;
  std::size_t expected_ = 0;
};

TEST_F(GatheringTest, HandsOverInOneBatchWhatArrivesInOneTurn) {
  for (const char* body : {"a", "b", "c"}) loop_.spawn(ask(body));
  run(3);
  EXPECT_EQ(bodies_, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(choir_.sizes(), (std::vector<std::size_t>{3}));
  loop_.spawn(ask("d"));
  run(1);
  EXPECT_EQ(choir_.sizes(), (std::vector<std::size_t>{3, 1}));
}

TEST_F(GatheringTest, GathersWhileAsManyBatchesAsMayRunAreOnTheirWay) {
  hold_all_batches();
  for (int i = 0; i < 10; ++i) loop_.spawn(ask(std::to_string(i)));
  loop_.post([&] { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(choir_.sizes().size(), Gathering::running_max);
  choir_.may_go_on.release(Gathering::running_max);
  run(Gathering::running_max + 10);
  EXPECT_EQ(choir_.sizes(), (std::vector<std::size_t>{1, 1, 10}));
}

TEST_F(GatheringTest, HasALargestBatch) {
  for (std::size_t i = 0; i < Gathering::batch_max + 1; ++i) loop_.spawn(ask("x"));
  run(Gathering::batch_max + 1);
  std::vector<std::size_t> sizes = choir_.sizes();
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, Gathering::batch_max}));
}

TEST_F(GatheringTest, AnswersFiveHundredToAllWhenTheHandlerThrows) {
  loop_.spawn(ask("throw"));
  loop_.spawn(ask("b"));
  run(2);
  EXPECT_EQ(bodies_, (std::vector<std::string>{"500", "500"}));
}

TEST_F(GatheringTest, SaysSoWhenThePoolHasStopped) {
  pool_.stop();
  loop_.spawn(ask("a"));
  run(1);
  EXPECT_EQ(bodies_, (std::vector<std::string>{"The server is stopping"}));
}

TEST_F(GatheringTest, SaysSoWhenTooManyWait) {
  hold_all_batches();
  for (std::size_t i = 0; i < Gathering::waiting_max; ++i) loop_.spawn(ask("waits"));
  EXPECT_TRUE(bodies_.empty());
  loop_.spawn(ask("one too many"));
  EXPECT_EQ(bodies_, (std::vector<std::string>{"The server is busy"}));
  choir_.may_go_on.release(Gathering::running_max);
  run(Gathering::running_max + Gathering::waiting_max);
  EXPECT_EQ(std::count(bodies_.begin(), bodies_.end(), "waits"),
            static_cast<std::ptrdiff_t>(Gathering::waiting_max));
}

TEST_F(GatheringTest, SurvivesAskersThatGo) {
  {
    net::TaskGroup group;
    group.spawn(ask("wait"));
    loop_.post([&] { loop_.stop(); });
    loop_.run();
    choir_.begun.acquire();
  }
  choir_.may_go_on.release();
  loop_.spawn(ask("b"));
  run(1);
  EXPECT_EQ(bodies_, (std::vector<std::string>{"b"}));
}

}  // namespace
}  // namespace gatehouse::http
