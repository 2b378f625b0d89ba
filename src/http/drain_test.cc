// SPDX-License-Identifier: Apache-2.0
#include "http/drain.h"

#include "http/server_fixture.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view get_memory = "GET /memory HTTP/1.1\r\nHost: a\r\n\r\n";

class DrainTest : public ServerTest {
 protected:
  void drain(const DrainOptions& options) {
    server_->drain(options, [this] {
      over_ = true;
      loop_.stop();
    });
  }
  void run_until_over() {
    if (!over_) loop_.run();
    EXPECT_TRUE(over_);
    EXPECT_EQ(server_->connections(), 0U);
  }
  bool port_is_open() { return loop_.run_until_done(can_connect(loop_, server_->port())); }
  static net::Task<bool> can_connect(net::Loop& loop, std::uint16_t port) {
    const net::Endpoint endpoint = net::Endpoint::loopback(port);
    const net::ConnectOptions options{loop.tick() + 5s, nullptr, ""};
    const auto stream = co_await net::connect(loop, std::span(&endpoint, 1), options);
    co_return stream.has_value();
  }

  bool over_ = false;
};

TEST_F(DrainTest, IsOverAtOnceWhenNobodyIsThere) {
  open();
  drain({});
  EXPECT_TRUE(over_);
  EXPECT_FALSE(port_is_open());
}

TEST_F(DrainTest, ClosesConnectionsWithTheirNextAnswer) {
  open();
  RawClient idle = client();
  EXPECT_FALSE(idle.ask(get_memory).says("Connection: close"));
  drain({});
  EXPECT_FALSE(over_);
  EXPECT_FALSE(port_is_open());
  const auto answer = idle.ask(get_memory);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.says("Connection: close"));
  run_until_over();
}

TEST_F(DrainTest, WaitsForRequestsUnderWay) {
  open();
  RawClient slow = client();
  slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!handler_.slow_begun.try_acquire()) EXPECT_EQ(client().ask(get_memory).status, 200);
  drain({.idle = 1ms});
  handler_.slow_may_end.release();
  const auto answer = slow.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.says("Connection: close"));
  run_until_over();
}

TEST_F(DrainTest, GoesOnAcceptingForAWhile) {
  open();
  drain({.accept = 100ms});
  EXPECT_TRUE(client().ask(get_memory).says("Connection: close"));
  EXPECT_FALSE(over_);
  run_until_over();
  EXPECT_FALSE(port_is_open());
}

TEST_F(DrainTest, AnswersWhoWaitedInTheQueueOfThePort) {
  open();
  RawClient first = client();  // accepted
  const auto early = std::make_unique<RawClient>(loop_, server_->port());
  drain({});
  EXPECT_EQ(first.ask(get_memory).status, 200);
  EXPECT_EQ(early->ask(get_memory).status, 200);
  run_until_over();
}

TEST_F(DrainTest, CutsIdleConnectionsAndThenEverybody) {
  open();
  RawClient idle = client();
  EXPECT_EQ(idle.ask(get_memory).status, 200);
  RawClient sending = client();
  sending.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(idle.ask(get_memory).status, 200);  // by now the other one has been read
  drain({.idle = 20ms, .deadline = 100ms});
  EXPECT_TRUE(idle.at_end());
  EXPECT_FALSE(over_);
  run_until_over();
  EXPECT_EQ(sending.read().status, 0);
}

TEST_F(DrainTest, StopCutsEverybodyNow) {
  open();
  RawClient idle = client();
  EXPECT_EQ(idle.ask(get_memory).status, 200);
  RawClient sending = client();
  sending.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(idle.ask(get_memory).status, 200);
  server_->stop();
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(sending.read().status, 0);
  EXPECT_FALSE(port_is_open());
}

}  // namespace
}  // namespace gatehouse::http
