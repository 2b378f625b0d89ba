// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include "core/log.h"
#include "http/server_fixture.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

TEST_F(ServerTest, AnswersFromMemoryAndFromThePool) {
  open();
  RawClient client = this->client();
  EXPECT_EQ(client.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").body, "from memory");
  const auto answer =
      client.ask("POST /a/%62?c=d HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST /a/b c=d 127.0.0.1 false hello");
  EXPECT_TRUE(answer.says("\r\nDate: "));
  EXPECT_TRUE(answer.says("\r\nContent-Length: 35\r\n"));
  EXPECT_FALSE(answer.says("\r\nConnection:"));
}

TEST_F(ServerTest, SpeaksTls) {
  open_tls();
  RawClient client = this->client();
  EXPECT_EQ(client.ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").body, "GET /x  127.0.0.1 true ");
  EXPECT_EQ(client.ask("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").body.size(), 3'000'000U);
  EXPECT_EQ(client.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").body, "from memory");
}

TEST_F(ServerTest, TakesChunkedBodiesCutAnywhere) {
  open();
  const std::string request =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
  RawClient client = this->client();
  for (std::size_t cut = 1; cut < request.size(); cut += 7) {
    client.send(request.substr(0, cut));
    client.send(request.substr(cut));
    ASSERT_EQ(client.read().body, "POST /x  127.0.0.1 false abcde") << cut;
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  open();
  std::string requests;
  for (int i = 0; i < 500; ++i) {
    requests += fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i % 3 == 0 ? "memory" : "x");
    requests += fmt::format("POST /{} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i);
  }
  RawClient client = this->client();
  client.send(requests);
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client.read().body, i % 3 == 0 ? "from memory" : "GET /x  127.0.0.1 false ");
    ASSERT_EQ(client.read().body, fmt::format("POST /{}  127.0.0.1 false abc", i));
  }
}

TEST_F(ServerTest, KeepsOrEndsTheConnectionAsTheClientSays) {
  open();
  RawClient old = client();
  EXPECT_TRUE(old.ask("GET /memory HTTP/1.0\r\n\r\n").says("Connection: close"));
  EXPECT_TRUE(old.at_end());

  RawClient old_but_kept = client();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(old_but_kept.ask("GET /memory HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    .says("Connection: keep-alive"));
  }
  RawClient closing = client();
  EXPECT_TRUE(closing.ask("GET /memory HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                  .says("Connection: close"));
  EXPECT_TRUE(closing.at_end());

  RawClient half = client();
  half.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  half.end_sending();
  EXPECT_EQ(half.read().status, 200);
  EXPECT_TRUE(half.at_end());
}

TEST_F(ServerTest, AnswersHeadLikeGetWithoutABody) {
  open();
  RawClient client = this->client();
  const auto answer = client.ask("HEAD /memory HTTP/1.1\r\nHost: a\r\n\r\n", Method::head);
  EXPECT_TRUE(answer.says("Content-Length: 11\r\n"));
  EXPECT_EQ(client.ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
  EXPECT_EQ(client.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").body, "from memory");
}

TEST_F(ServerTest, SendsContinueWhenItWantsTheBody) {
  open({.body_bytes_max = 10});
  RawClient waiting = client();
  const std::string head =
      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(waiting.ask(head).status, 100);
  EXPECT_EQ(waiting.ask("hello").body, "POST /x  127.0.0.1 false hello");
  // Whoever does not wait for it does not get it.
  EXPECT_EQ(waiting.ask(head + "hello").status, 200);

  RawClient too_large = client();
  const auto refused = too_large.ask(
      "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(refused.status, 413);
  EXPECT_TRUE(refused.says("Connection: close"));
  EXPECT_TRUE(too_large.at_end());
}

TEST_F(ServerTest, RefusesBodiesBeyondItsLimit) {
  open({.body_bytes_max = 10});
  RawClient stated = client();
  EXPECT_EQ(
      stated.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world").status,
      413);
  EXPECT_TRUE(stated.at_end());
  RawClient chunked = client();
  EXPECT_EQ(chunked
                .ask("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "6\r\nhello \r\n6\r\nworld!\r\n")
                .status,
            413);
  EXPECT_TRUE(chunked.at_end());
  RawClient fitting = client();
  EXPECT_EQ(
      fitting.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhelloworld").status,
      200);
}

TEST_F(ServerTest, RefusesMalformedRequestsAndEndsTheConnection) {
  open();
  struct Case {
    std::string_view request;
    int status;
  };
  constexpr Case cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
  };
  for (const Case& c : cases) {
    RawClient client = this->client();
    const auto answer =
        client.ask(std::string(c.request) + "GET /memory HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, c.status) << c.request;
    EXPECT_TRUE(answer.says("Connection: close")) << c.request;
    EXPECT_TRUE(answer.body.starts_with(fmt::format(R"({{"code":{},)", c.status))) << answer.body;
    EXPECT_TRUE(client.at_end()) << c.request;
  }
  RawClient client = this->client();
  const std::string large =
      "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n";
  EXPECT_EQ(client.ask(large).status, 431);
  RawClient long_target = this->client();
  EXPECT_EQ(
      long_target.ask("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").status,
      414);
}

TEST_F(ServerTest, RefusesAPathWithoutOneMeaningAndGoesOn) {
  open();
  RawClient client = this->client();
  EXPECT_EQ(client.ask("GET /a/..;/b HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(client.ask("GET /%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(client.ask("GET //a/../memory HTTP/1.1\r\nHost: a\r\n\r\n").body, "from memory");
}

TEST_F(ServerTest, TurnsExceptionsInto500) {
  open();
  RawClient client = this->client();
  set_log_level(LogLevel::off);
  EXPECT_EQ(client.ask("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  EXPECT_EQ(client.ask("GET /memory/throw HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  set_log_level(LogLevel::info);
  EXPECT_EQ(client.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
}

TEST_F(ServerTest, SkipsABodyThatNobodyReads) {
  open();
  RawClient client = this->client();
  client.send("POST /a/..;/b HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
  client.send(std::string(40'000, 'G'));
  EXPECT_EQ(client.read().status, 400);
  EXPECT_EQ(client.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").body, "from memory");

  RawClient larger = this->client();
  larger.send("POST /a/..;/b HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n");
  EXPECT_TRUE(larger.read().says("Connection: close"));
}

// Attack class 22: who sends slowly loses the connection at the deadline, not a thread.
TEST_F(ServerTest, EndsSlowClientsAtTheirDeadlines) {
  ServerOptions options;
  options.connection.head_timeout = 100ms;
  options.connection.body_timeout = 100ms;
  options.connection.idle_timeout = 100ms;
  open(std::move(options));

  RawClient silent = client();
  EXPECT_TRUE(silent.at_end());
  RawClient slow_head = client();
  EXPECT_EQ(slow_head.ask("GET / HTTP/1.1\r\nHost:").status, 408);
  EXPECT_TRUE(slow_head.at_end());
  RawClient slow_body = client();
  EXPECT_EQ(slow_body.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe").status, 408);
  RawClient idle = client();
  EXPECT_EQ(idle.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_TRUE(idle.at_end());
}

TEST_F(ServerTest, BelievesForwardedForFromTrustedProxiesOnly) {
  ServerOptions options;
  options.trusted_proxies = {*net::Network::parse("127.0.0.0/8"),
                             *net::Network::parse("10.0.0.0/8")};
  open(std::move(options));
  RawClient client = this->client();
  EXPECT_EQ(
      client
          .ask(
              "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1, 192.0.2.7, 10.1.2.3\r\n\r\n")
          .body,
      "GET /x  192.0.2.7 false ");
}

TEST_F(ServerTest, AcceptsNoMoreThanItsMaximum) {
  open({.connections_max = 2});
  auto first = std::make_unique<RawClient>(loop_, server_->port());
  RawClient second = client();
  EXPECT_EQ(first->ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(second.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  RawClient third = client();
  third.send("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(second.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(server_->connections(), 2U);
  first.reset();
  EXPECT_EQ(third.read().status, 200);
}

TEST_F(ServerTest, GivesARequestToThePoolThatItBelongsTo) {
  net::Pool own({.name = "own"});
  handler_.own_pool = &own;
  pool_.stop();
  open();
  EXPECT_EQ(client().ask("GET /own HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_EQ(client().ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n").status, 503);
  own.stop();
}

// However a request comes, and whoever takes it.
TEST_F(ServerTest, SaysBusyWhenThePoolIsFull) {
  for (const char* state : {"open", "full"}) {
    const bool full = std::string_view(state) == "full";
    net::Pool one({.name = "one", .threads = 1, .queue_max = 1});
    std::binary_semaphore begun{0};
    std::binary_semaphore may_end{0};
    auto server = Server::open(loop_, one, handler_, clock_,
                               {.listener = {.endpoint = net::Endpoint::loopback(0)}});
    ASSERT_TRUE(server);
    if (full) {
      ASSERT_TRUE(one.submit([&] {
        begun.release();
        may_end.acquire();
      }));
      begun.acquire();
      ASSERT_TRUE(one.submit([] {}));
    }
    for (const char* path : {"/x", "/together"}) {
      const std::string head = fmt::format("POST {} HTTP/1.1\r\nHost: a\r\n", path);
      for (const auto& [begin, end] : std::vector<std::pair<std::string, std::string>>{
               {head + "Content-Length: 4\r\n\r\nbody", ""},
               {head + "Content-Length: 4\r\n\r\nbo", "dy"},
               {head + "Content-Length: 4\r\n\r\n", "body"},
               {head + "Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n", "2\r\ndy\r\n0\r\n\r\n"}}) {
        RawClient client(loop_, (*server)->port(), nullptr);
        client.send(begin);
        // The first piece has come when others have been served.
        RawClient other(loop_, (*server)->port(), nullptr);
        EXPECT_EQ(other.ask("GET /memory HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
        if (!end.empty()) client.send(end);
        const auto answer = client.read();
        EXPECT_EQ(answer.status, full ? 503 : 200) << state << begin;
        EXPECT_EQ(answer.says("Retry-After: 1\r\n"), full) << state << begin;
        if (!full) {
          EXPECT_TRUE(answer.body.ends_with("body")) << answer.body;
        }
      }
    }
    may_end.release();
    one.stop();
  }
}

}  // namespace
}  // namespace gatehouse::http
