// SPDX-License-Identifier: Apache-2.0
//
// What every http::Client promises, tried on each of them.
#include "http/client.h"

#include <gtest/gtest.h>

#include "core/log.h"
#include "http/local_client.h"
#include "http/pooled_client.h"
#include "http/server_fixture.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

enum class Kind { local, pooled, pooled_tls };

class ClientTest : public ServerTest, public ::testing::WithParamInterface<Kind> {
 protected:
  ClientTest() {
    if (GetParam() == Kind::local) {
      client_ = std::make_unique<LocalClient>(loop_, pool_, handler_);
      return;
    }
    if (GetParam() == Kind::pooled_tls) {
      open_tls();
    } else {
      open();
    }
    client_ = std::make_unique<PooledClient>(loop_, resolver_,
                                             Origin("localhost", server_->port(), tls_client_),
                                             PooledClient::Options{});
  }
  ~ClientTest() override {
    handler_.slow_may_end.release(8);
    pool_.stop();
    names_.stop();
  }

  Result<Response> send(const Request& request, std::chrono::milliseconds timeout = 10s) {
    return loop_.run_until_done(client_->send(request, timeout));
  }
  // ask() on a thread of its own, while this one runs the loop.
  Result<Response> ask(const Request& request) {
    Result<Response> response = fail(ErrorCode::internal, "unfinished");
    std::thread asker([&] {
      response = client_->ask(request, 10s);
      loop_.stop();
    });
    loop_.run();
    asker.join();
    return response;
  }

  net::Pool names_{{.name = "names"}};
  net::Resolver resolver_{loop_, names_};
  std::unique_ptr<Client> client_;
};

TEST_P(ClientTest, BringsRequestAndAnswerAcross) {
  const Request request =
      make_request("POST", "/a%20b/c?d=e&f", std::string(100'000, 'x'), "text/plain");
  for (const Result<Response>& response : {send(request), ask(request)}) {
    ASSERT_TRUE(response) << response.error().detail;
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(response->body.starts_with("POST /a b/c d=e&f ")) << response->body.substr(0, 50);
    EXPECT_TRUE(response->body.ends_with(std::string(100'000, 'x')));
    EXPECT_EQ(response->headers.value_or("content-type", ""), "text/plain");
    EXPECT_EQ(response->headers.count("Content-Length"), 0U);
  }
}

TEST_P(ClientTest, AsksAgainAndAgain) {
  for (int i = 0; i < 50; ++i) {
    const Result<Response> memory = send(make_request("GET", "/memory"));
    ASSERT_TRUE(memory) << memory.error().detail;
    EXPECT_EQ(memory->body, "from memory");
    const Result<Response> echo = send(make_request("DELETE", fmt::format("/{}", i)));
    ASSERT_TRUE(echo) << echo.error().detail;
    EXPECT_TRUE(echo->body.starts_with(fmt::format("DELETE /{} ", i)));
  }
  EXPECT_EQ(send(make_request("GET", "/large"))->body.size(), 3'000'000U);
  EXPECT_EQ(send(make_request("GET", "/nothing"))->status, 204);
}

TEST_P(ClientTest, ReturnsTheStatusOfABugAsAnAnswer) {
  set_log_level(LogLevel::off);
  EXPECT_EQ(send(make_request("GET", "/throw"))->status, 500);
  EXPECT_EQ(send(make_request("GET", "/memory/throw"))->status, 500);
  EXPECT_EQ(ask(make_request("GET", "/throw"))->status, 500);
  set_log_level(LogLevel::info);
}

TEST_P(ClientTest, GivesUpAtItsTimeout) {
  const Result<Response> late = send(make_request("GET", "/slow"), 50ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
  handler_.slow_may_end.release();
  EXPECT_EQ(send(make_request("GET", "/memory"))->status, 200);
}

std::string name_of(const ::testing::TestParamInfo<Kind>& kind) {
  switch (kind.param) {
    case Kind::local: return "Local";
    case Kind::pooled: return "Pooled";
    case Kind::pooled_tls: return "PooledTls";
  }
  GH_ASSERT_NOT_REACHED();
}

INSTANTIATE_TEST_SUITE_P(Clients, ClientTest,
                         ::testing::Values(Kind::local, Kind::pooled, Kind::pooled_tls), name_of);

}  // namespace
}  // namespace gatehouse::http
