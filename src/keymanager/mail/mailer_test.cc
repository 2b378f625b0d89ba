// SPDX-License-Identifier: Apache-2.0
#include "keymanager/mail/mailer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

namespace gatehouse::keymanager::mail {
namespace {

using namespace std::chrono_literals;

Mailer::Write writes(const std::string& subject) {
  return [subject]() -> Result<std::optional<Message>> {
    Message message;
    message.subject = subject;
    return std::optional<Message>(std::move(message));
  };
}

// Notes what it is given, fails as often as told, and says when `expected` have come.
class FakeServer {
 public:
  explicit FakeServer(std::size_t expected) : expected_(expected) {}

  Mailer::Send send() {
    return [this](const Message& message, const std::stop_token&) -> Result<> {
      const std::lock_guard lock(mutex_);
      tries_.push_back(message.subject);
      if (tries_.size() == expected_) all_.set_value();
      if (failures > 0) {
        --failures;
        return fail(code, "not now");
      }
      return {};
    };
  }
  std::vector<std::string> wait() {
    all_.get_future().wait();
    const std::lock_guard lock(mutex_);
    return tries_;
  }

  int failures = 0;
  ErrorCode code = ErrorCode::unavailable;

 private:
  const std::size_t expected_;
  std::mutex mutex_;
  std::promise<void> all_;
  std::vector<std::string> tries_;
};

using Texts = std::vector<std::string>;

TEST(Mailer, SendsWhatIsAskedForInItsOrder) {
  Metrics metrics;
  FakeServer server(2);
  Mailer mailer(server.send(), metrics, {});
  ASSERT_TRUE(mailer.post(writes("a")));
  ASSERT_TRUE(mailer.post([]() -> Result<std::optional<Message>> {
    return std::optional<Message>();  // an unknown user
  }));
  ASSERT_TRUE(mailer.post(writes("b")));
  EXPECT_EQ(server.wait(), (Texts{"a", "b"}));
}

TEST(Mailer, TriesAgainAsOftenAsItSays) {
  Metrics metrics;
  FakeServer server(3);
  server.failures = 3;
  {
    Mailer mailer(server.send(), metrics, {.queue_max = 1, .delays = {1ms, 1ms}});
    ASSERT_TRUE(mailer.post(writes("a")));
    EXPECT_EQ(server.wait(), (Texts{"a", "a", "a"}));
  }
  EXPECT_NE(metrics.text().find("gatehouse_mails_total{outcome=\"lost\"} 1"), std::string::npos);
}

TEST(Mailer, GivesUpWhatIsRefusedForGood) {
  Metrics metrics;
  FakeServer server(2);
  server.failures = 1;
  server.code = ErrorCode::invalid_argument;
  Mailer mailer(server.send(), metrics, {.delays = {1ms}});
  ASSERT_TRUE(mailer.post(writes("a")));
  ASSERT_TRUE(mailer.post(writes("b")));
  EXPECT_EQ(server.wait(), (Texts{"a", "b"}));
}

TEST(Mailer, RefusesMoreThanItMayKeep) {
  Metrics metrics;
  FakeServer server(3);
  std::promise<void> begun;
  std::promise<void> go_on;
  Mailer mailer(server.send(), metrics, {.queue_max = 2});
  ASSERT_TRUE(mailer.post([&]() -> Result<std::optional<Message>> {
    begun.set_value();
    go_on.get_future().wait();
    return writes("a")();
  }));
  begun.get_future().wait();
  ASSERT_TRUE(mailer.post(writes("b")));
  ASSERT_TRUE(mailer.post(writes("c")));
  EXPECT_EQ(mailer.post(writes("d")).error().code, ErrorCode::exhausted);
  go_on.set_value();
  EXPECT_EQ(server.wait(), (Texts{"a", "b", "c"}));
}

TEST(Mailer, EndsAtOnceWithWhatStillWaits) {
  Metrics metrics;
  FakeServer server(1);
  server.failures = 1;
  Mailer mailer(server.send(), metrics, {.delays = {24h}});
  ASSERT_TRUE(mailer.post(writes("a")));
  server.wait();
}

TEST(Mailer, DoesNotWaitForASilentServerAtItsEnd) {
  Metrics metrics;
  std::promise<void> begun;
  Mailer mailer(
      [&](const Message&, const std::stop_token& stop) -> Result<> {
        begun.set_value();
        std::promise<void> stopped;
        const std::stop_callback callback(stop, [&] { stopped.set_value(); });
        stopped.get_future().wait();
        return fail(ErrorCode::unavailable, "stopped");
      },
      metrics, {});
  ASSERT_TRUE(mailer.post(writes("a")));
  begun.get_future().wait();
}

}  // namespace
}  // namespace gatehouse::keymanager::mail
