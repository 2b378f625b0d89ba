// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "http/raw_client.h"
#include "http/upstream.h"
#include "net/listener.h"
#include "net/stream_pair.h"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Serves streams with Connection, as the gateway does: it reads bodies piece by piece.
class StreamingServer {
 public:
  explicit StreamingServer(net::Loop& loop) : drain_(loop) {
    auto listener = net::Listener::open(
        loop, {.endpoint = net::Endpoint::loopback(0)},
        [this](std::unique_ptr<net::Stream> stream) { tasks_.spawn(serve(std::move(stream))); });
    GH_ASSERT(listener.has_value());
    listener_ = *std::move(listener);
  }

  std::uint16_t port() const { return listener_->port(); }

  std::vector<std::string> bodies;
  std::string upgraded;  // what came after an upgrade

 private:
  net::Task<> serve(std::unique_ptr<net::Stream> stream) {
    Connection connection(std::move(stream), options_, blocks_, drain_);
    for (;;) {
      const Arrival arrival = co_await connection.read_head();
      if (arrival != Arrival::request) co_return;
      if (connection.head().wants_upgrade()) {
        co_await upgrade(connection);
        co_return;
      }
      if (!connection.body_done()) {
        const bool read = co_await read_body(connection);
        if (!read) co_return;
      }
      connection.decide_persistence();
      const Result<> written = co_await connection.write(answer);
      if (!written) co_return;
      const bool goes_on = co_await connection.finish();
      if (!goes_on) co_return;
    }
  }

  net::Task<bool> read_body(Connection& connection) {
    std::string body(connection.take_body().data);
    while (!connection.body_done()) {
      const Result<BodyPiece> piece = co_await connection.read_body_some();
      if (!piece) co_return false;
      body += piece->data;
    }
    bodies.push_back(body);
    co_return true;
  }

  net::Task<> upgrade(Connection& connection) {
    upgraded = connection.unread();
    const std::unique_ptr<net::Stream> stream = connection.take_stream();
    const Result<> written =
        co_await stream->write_all("HTTP/1.1 101 Switching Protocols\r\n\r\nhello");
    GH_ASSERT(written.has_value());
  }

  ConnectionOptions options_;
  BlockPool blocks_;
  Drain drain_;
  std::unique_ptr<net::Listener> listener_;
  net::TaskGroup tasks_;
};

TEST(Connection, ReadsBodiesPieceByPiece) {
  net::Loop loop;
  StreamingServer server(loop);
  RawClient client(loop, server.port());
  const std::string body(200'000, 'b');
  client.send(fmt::format("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size()));
  EXPECT_EQ(client.ask(body).body, "ok");
  std::string chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1000; ++i) chunked += "64\r\n" + std::string(100, 'c') + "\r\n";
  EXPECT_EQ(client.ask(chunked + "0\r\n\r\n").body, "ok");
  ASSERT_EQ(server.bodies.size(), 2U);
  EXPECT_EQ(server.bodies[0], body);
  EXPECT_EQ(server.bodies[1], std::string(100'000, 'c'));
}

// True when the second of two requests that came together is read before the loop turns.
net::Task<bool> second_is_read_at_once(net::StreamPair& pair, Connection& connection) {
  const Result<> sent = co_await pair.client->write_all(
      "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokGET /b HTTP/1.1\r\nHost: "
      "a\r\n\r\n");
  GH_ASSERT(sent.has_value());
  const Arrival first = co_await connection.read_head();
  EXPECT_EQ(first, Arrival::request);
  bool turned = false;
  connection.stream().loop().post([&turned] { turned = true; });
  const Result<BodyPiece> body = co_await connection.read_body_some();
  EXPECT_EQ(body->data, "ok");
  EXPECT_TRUE(connection.decide_persistence());
  const Result<> written = co_await connection.write(answer);
  EXPECT_TRUE(written);
  const bool goes_on = co_await connection.finish();
  EXPECT_TRUE(goes_on);
  const Arrival second = co_await connection.read_head();
  EXPECT_EQ(second, Arrival::request);
  EXPECT_EQ(connection.head().path(), "/b");
  const bool at_once = !turned;
  while (!turned) co_await connection.stream().loop().yield();
  co_return at_once;
}

TEST(Connection, ReadsWhatIsThereWithoutSuspending) {
  net::Loop loop;
  net::StreamPair pair(loop);
  const ConnectionOptions options;
  BlockPool blocks;
  Drain drain(loop);
  Connection connection(std::move(pair.server), options, blocks, drain);
  EXPECT_TRUE(loop.run_until_done(second_is_read_at_once(pair, connection)));
}

// Heads that begin anywhere in the block still have room for themselves and their bodies.
TEST(Connection, ReadsPipelinedRequestsOfAnySize) {
  net::Loop loop;
  StreamingServer server(loop);
  RawClient client(loop, server.port());
  std::string requests;
  for (std::size_t i = 0; i < 60; ++i) {
    const std::string padding(i * 911 % 15'000, 'p');
    const std::string body(i * 7919 % 50'000, 'b');
    requests += fmt::format("POST / HTTP/1.1\r\nHost: a\r\nP: {}\r\nContent-Length: {}\r\n\r\n{}",
                            padding, body.size(), body);
  }
  for (std::size_t at = 0; at < requests.size(); at += 10'007) {
    client.send(std::string_view(requests).substr(at, 10'007));
  }
  for (int i = 0; i < 60; ++i) ASSERT_EQ(client.read().body, "ok") << i;
}

TEST(Connection, HandsTheStreamOverForAnUpgrade) {
  net::Loop loop;
  StreamingServer server(loop);
  RawClient client(loop, server.port());
  const auto switched = client.ask(
      "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
      "websocket\r\n\r\n\x81\x01x");
  EXPECT_EQ(switched.status, 101);
  EXPECT_EQ(server.upgraded, "\x81\x01x");
}

// Asks over one upstream connection again and again: both sides of a proxied request.
net::Task<std::size_t> count_allocations(net::Loop& loop, const Origin& origin,
                                         UpstreamPool& pool) {
  constexpr std::string_view request =
      "POST /pizzashack/1.0.0/order?size=big HTTP/1.1\r\nHost: api.example.com\r\n"
      "User-Agent: test\r\nAccept: */*\r\nAuthorization: Bearer gate_abcdefghijklmnopqrstuvwxyz\r\n"
      "Content-Length: 5\r\n\r\nhello";
  std::size_t before = allocations;
  for (int round = 0; round < 200; ++round) {
    if (round == 100) before = allocations;  // by now every frame, block and list has its size
    const Tick deadline = loop.tick() + 5s;
    Result<std::unique_ptr<Upstream>> upstream = co_await pool.acquire(origin, deadline);
    GH_ASSERT(upstream.has_value());
    const Result<> sent = co_await (*upstream)->write(request);
    const Result<> answered = co_await (*upstream)->read_head(Method::post);
    GH_ASSERT(sent && answered);
    const BodyPiece piece = (*upstream)->take_body();
    EXPECT_EQ(piece.data, "ok");
    EXPECT_TRUE(piece.last);
    pool.release(*std::move(upstream));
  }
  const std::size_t after = allocations;
  co_return after - before;
}

TEST(WarmConnection, AllocatesNothingPerRequest) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "with the sanitizer frames come from the heap";
#endif
#endif
  net::Loop loop;
  StreamingServer server(loop);
  server.bodies.reserve(1000);
  net::Pool names({.name = "names"});
  net::Resolver resolver(loop, names);
  BlockPool blocks;
  UpstreamPool pool(loop, blocks, resolver, {});
  const Origin origin("127.0.0.1", server.port());
  EXPECT_EQ(loop.run_until_done(count_allocations(loop, origin, pool)), 0U);
  names.stop();
}

}  // namespace
}  // namespace gatehouse::http
