// SPDX-License-Identifier: Apache-2.0
#include "http/upstream.h"

#include <gtest/gtest.h>

#include "http/pooled_client.h"
#include "http/scripted_backend.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

class UpstreamTest : public ::testing::Test {
 protected:
  ~UpstreamTest() override { names_.stop(); }

  PooledClient client(UpstreamPool::Options pool = {}) {
    return PooledClient(loop_, resolver_, Origin("127.0.0.1", backend_.port()),
                        {.body_bytes_max = 1000, .pool = std::move(pool)});
  }
  Result<Response> get(PooledClient& client, std::string method = "GET") {
    const Request request = make_request(std::move(method), "/");
    return loop_.run_until_done(client.send(request, timeout_));
  }
  // Until what the backend sends unasked has arrived.
  void let_pass(std::chrono::milliseconds time) { loop_.run_until_done(sleep(time)); }
  net::Task<> sleep(std::chrono::milliseconds time) { co_await loop_.sleep_for(time); }

  std::chrono::milliseconds timeout_ = 10s;
  net::Loop loop_;
  net::Pool names_{{.name = "names"}};
  net::Resolver resolver_{loop_, names_};
  ScriptedBackend backend_{loop_};
};

constexpr std::string_view good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

TEST_F(UpstreamTest, UsesAConnectionAgain) {
  PooledClient client = this->client();
  for (int i = 0; i < 20; ++i) {
    backend_.answers.emplace_back(good);
    ASSERT_EQ(get(client)->body, "good");
  }
  EXPECT_EQ(backend_.connections, 1);
  EXPECT_TRUE(backend_.requests[0].starts_with(
      fmt::format("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", backend_.port())));
}

// Attack class 27: after each of these the connection must not carry another request.
TEST_F(UpstreamTest, DropsAConnectionThatIsNotClean) {
  struct Case {
    std::string_view answer;
    std::string_view method = "GET";
  };
  constexpr Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: "
       "4\r\n\r\nevil"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood<later>HTTP/1.1 200 OK\r\nContent-Length: "
       "4\r\n\r\nevil"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood<close>"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood<later><close>"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ngood"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\nevil"},
      {"HTTP/1.1 200 OK\r\n\r\ngood<close>"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil"},
      {"HTTP/1.1 304 Not Modified\r\n\r\nevil"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HEAD"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n"},
  };
  for (const Case& c : cases) {
    PooledClient client = this->client();
    backend_.connections = 0;
    backend_.answers.emplace_back(c.answer);
    const Result<Response> first = get(client, std::string(c.method));
    ASSERT_TRUE(first) << c.answer << first.error().detail;
    EXPECT_TRUE(first->body.empty() || first->body == "good") << c.answer;
    const bool stays = c.answer.find("<close>") == std::string_view::npos;
    do {
      let_pass(5ms);
    } while (stays && !backend_.idle);
    let_pass(1ms);  // one more turn: the loop hears what was sent
    backend_.answers.emplace_back(good);
    EXPECT_EQ(get(client)->body, "good") << c.answer;
    EXPECT_EQ(backend_.connections, 2) << c.answer;
    backend_.idle = true;
  }
}

TEST_F(UpstreamTest, TakesNoAnswerThatIsNotHttp) {
  constexpr std::string_view answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ngood",
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\ngood",
      "HTTP/1.1 200 OK\nContent-Length: 4\n\ngood",
      "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
      "SSH-2.0-OpenSSH\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\ngood\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n<close>",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngood<close>",
      "HTTP/1.1 200 OK\r\nContent-Le<close>",
      "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
      "<close>",
  };
  for (const std::string_view answer : answers) {
    PooledClient client = this->client();
    std::string text(answer);
    if (text.find(": 2000") != std::string::npos) text += std::string(2000, 'x');
    backend_.answers.push_back(text);
    const Result<Response> response = get(client);
    ASSERT_FALSE(response) << answer;
    EXPECT_EQ(response.error().code, ErrorCode::unavailable) << answer;
  }
}

TEST_F(UpstreamTest, PassesInterimAnswersUpToALimit) {
  PooledClient client = this->client();
  backend_.answers.push_back(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
      std::string(good));
  EXPECT_EQ(get(client)->body, "good");
  std::string flood;
  for (int i = 0; i < 20; ++i) flood += "HTTP/1.1 100 Continue\r\n\r\n";
  backend_.answers.push_back(flood + std::string(good));
  EXPECT_FALSE(get(client));
}

TEST_F(UpstreamTest, ReadsEveryFraming) {
  PooledClient client = this->client();
  backend_.answers.emplace_back(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ngo\r\n<later>2\r\nod\r\n0\r\nA: "
      "b\r\n\r\n");
  EXPECT_EQ(get(client)->body, "good");
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\nConten<later>t-Length: 4\r\n\r\ng<later>ood");
  EXPECT_EQ(get(client)->body, "good");
  EXPECT_EQ(backend_.connections, 1);
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\n\r\ngo<later>od<close>");
  EXPECT_EQ(get(client)->body, "good");
}

TEST_F(UpstreamTest, RepeatsWhatADeadConnectionSwallowedOnlyIfItIsIdempotent) {
  PooledClient client = this->client();
  for (const std::string_view method : {"GET", "PUT", "DELETE", "POST", "PATCH"}) {
    backend_.answers.emplace_back(good);
    ASSERT_TRUE(get(client)) << method;
    backend_.answers.emplace_back("");
    backend_.answers.emplace_back(good);
    const bool repeated = method != "POST" && method != "PATCH";
    EXPECT_EQ(get(client, std::string(method)).has_value(), repeated) << method;
    backend_.answers.clear();
  }
  // A new connection that is cut has failed: repeating it would only double the load.
  PooledClient fresh = this->client();
  backend_.answers.emplace_back("");
  EXPECT_FALSE(get(fresh));
  EXPECT_TRUE(backend_.answers.empty());
}

TEST_F(UpstreamTest, GivesUpOnASilentBackend) {
  PooledClient client = this->client();
  timeout_ = 50ms;
  backend_.answers.emplace_back("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngo");
  EXPECT_FALSE(get(client));
}

TEST_F(UpstreamTest, ForgetsIdleConnections) {
  BlockPool blocks;
  UpstreamPool pool(loop_, blocks, resolver_, {.idle_max = 2, .idle_timeout = 10ms});
  const Origin origin("127.0.0.1", backend_.port());
  const auto hold_three = [](UpstreamPool& its_pool, const Origin& its_origin,
                             ScriptedBackend& backend) -> net::Task<> {
    std::vector<std::unique_ptr<Upstream>> held;
    for (int i = 0; i < 3; ++i) {
      Result<std::unique_ptr<Upstream>> upstream =
          co_await its_pool.acquire(its_origin, net::never);
      GH_ASSERT(upstream.has_value());
      backend.answers.emplace_back(good);
      const Result<> sent = co_await (*upstream)->write("GET / HTTP/1.1\r\n\r\n");
      const Result<> answered = co_await (*upstream)->read_head(Method::get);
      GH_ASSERT(sent && answered);
      (*upstream)->take_body();
      held.push_back(*std::move(upstream));
    }
    for (auto& upstream : held) its_pool.release(std::move(upstream));
  };
  loop_.run_until_done(hold_three(pool, origin, backend_));
  EXPECT_EQ(pool.idle(), 2U);
  while (pool.idle() > 0) let_pass(5ms);
}

TEST_F(UpstreamTest, ConnectsToAllowedAddressesOnly) {
  PooledClient client = this->client(
      {.allowed = [](const net::Endpoint& endpoint) { return !endpoint.address.is_loopback(); }});
  const Result<Response> response = get(client);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::forbidden);
  EXPECT_EQ(backend_.connections, 0);
}

TEST(Origin, IsReadFromAUrl) {
  struct Case {
    std::string_view url;
    std::string_view authority;  // empty: refused
    std::uint16_t port = 0;
  };
  constexpr Case cases[] = {
      {"http://Example.com/a", "example.com", 80},
      {"http://example.com:8080", "example.com:8080", 8080},
      {"HTTP://example.com:80?x", "example.com", 80},
      {"http://[::1]:9/a", "[::1]:9", 9},
      {"ftp://example.com", ""},
      {"example.com", ""},
      {"http://", ""},
      {"http:///a", ""},
      {"http://user@example.com/", ""},
      {"http://a b/", ""},
      {"http://a:99999/", ""},
  };
  for (const Case& c : cases) {
    const Result<Origin> origin = Origin::parse(c.url, nullptr);
    ASSERT_EQ(origin.has_value(), !c.authority.empty()) << c.url;
    if (!origin) continue;
    EXPECT_EQ(origin->authority(), c.authority);
    EXPECT_EQ(origin->port(), c.port);
  }
}

}  // namespace
}  // namespace gatehouse::http
