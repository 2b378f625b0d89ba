// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>

#include "gateway/test_world.h"

namespace gatehouse::gateway {
namespace {

const std::string good = "Authorization: Bearer good\r\n";

std::string get(const std::string& path, const std::string& fields = good) {
  return "GET " + path + " HTTP/1.1\r\nHost: gateway\r\n" + fields + "\r\n";
}

class ServeTest : public ::testing::Test {
 protected:
  void begin(TestBackend::Script script) {
    backend_ = std::make_unique<TestBackend>(std::move(script));
    world_.deploy(test_api("pizza", backend_->url() + "/base"));
    world_.start();
    world_.catch_up();
    client_ = std::make_unique<TestClient>(world_.port());
  }
  TestMessage call(const std::string& request, http::Method method = http::Method::get) {
    return client_->call(request, method);
  }

  std::unique_ptr<TestBackend> backend_;
  TestWorld world_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(ServeTest, ACallReachesItsBackendAndComesBack) {
  begin(TestBackend::answers("margherita"));
  const TestMessage answer = call(get("/pizza/1/menu?size=xl"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "margherita");
  EXPECT_NE(answer.field("activityid"), "(none)");
  const TestMessage request = backend_->requests().at(0);
  EXPECT_TRUE(request.head.starts_with("GET /base/menu?size=xl HTTP/1.1\r\n")) << request.head;
}

TEST_F(ServeTest, TheBackendSeesTheGatewaysWordAndNoCredential) {
  begin(TestBackend::answers("x"));
  call(get("/pizza/1/menu?apikey=k&a=1",
           good +
               "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\n"
               "X_Forwarded_For: 6.6.6.6\r\nX-JWT-Assertion: forged\r\nX-Real-IP: 6.6.6.6\r\n"
               "X-WSO2-CLIENT-CERTIFICATE: forged\r\nX_WSO2_CLIENT_CERTIFICATE: forged\r\n"
               "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /admin\r\napikey: k\r\n"
               "Connection: x-mine, keep-alive\r\nX-Mine: hop\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
               "Upgrade: h2c\r\nX-Kept: yes\r\nactivityid: my-id-1\r\n"
               "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
  const TestMessage request = backend_->requests().at(0);
  for (const char* gone :
       {"Authorization", "apikey", "Forwarded", "X_Forwarded_For", "X-JWT-Assertion", "X-Real-IP",
        "X-HTTP-Method-Override", "X-Original-URL", "X-Mine", "Keep-Alive", "TE", "Upgrade",
        "X-WSO2-CLIENT-CERTIFICATE", "X_WSO2_CLIENT_CERTIFICATE", "Connection"}) {
    EXPECT_EQ(request.field(gone), "(none)") << gone;
  }
  EXPECT_TRUE(request.head.starts_with("GET /base/menu?a=1 ")) << request.head;
  EXPECT_EQ(request.field("X-Forwarded-For"), "127.0.0.1");
  EXPECT_EQ(request.field("X-Forwarded-Host"), "gateway");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
  EXPECT_EQ(request.field("X-Kept"), "yes");
  EXPECT_EQ(request.field("activityid"), "my-id-1");
  const std::string trace = request.field("traceparent");
  EXPECT_TRUE(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-")) << trace;
  EXPECT_TRUE(trace.ends_with("-01")) << trace;
  EXPECT_EQ(trace.find("b7ad6b7169203331"), std::string::npos)
      << "the gateway is a span of its own";
}

TEST_F(ServeTest, ATrustedProxyIsBelieved) {
  world_.options.trusted_proxies = {net::Network::parse("127.0.0.0/8").value()};
  begin(TestBackend::answers("x"));
  call(get("/pizza/1/menu", good + "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"));
  const TestMessage request = backend_->requests().at(0);
  EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.7, 127.0.0.1");
  EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
}

TEST_F(ServeTest, OneConnectionToTheBackendServesManyCalls) {
  begin(TestBackend::answers("x"));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(get("/pizza/1/menu")).status, 200);
  EXPECT_EQ(backend_->connections(), 1U);
  EXPECT_EQ(world_.key_manager.asked(), 1U);
}

TEST_F(ServeTest, PipelinedCallsAreAnsweredInOrder) {
  begin([](TestSocket& socket, const TestMessage& request) {
    const std::string body = request.head.substr(0, request.head.find(" HTTP"));
    return TestBackend::answers(body)(socket, request);
  });
  std::string all;
  for (int i = 0; i < 10; ++i) all += get("/pizza/1/" + std::to_string(i));
  client_->write(all);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(client_->read_answer().body, "GET /base/" + std::to_string(i));
  }
}

TEST_F(ServeTest, FaultsNameTheirReason) {
  begin(TestBackend::answers("x"));
  struct Row {
    std::string path;
    std::string fields;
    int status;
    const char* code;
  };
  for (const Row& row : {Row{"/pasta", good, 404, "404"}, Row{"/pizza/1/menu", "", 401, "900902"},
                         Row{"/pizza/1/menu", "Authorization: Bearer bad\r\n", 401, "900901"},
                         Row{"/pizza/1/%2e%2e/%2e%2e/%2e%2e/x", good, 400, "400"}}) {
    const TestMessage answer = call(get(row.path, row.fields));
    EXPECT_EQ(answer.status, row.status);
    EXPECT_NE(answer.body.find(std::string("\"code\":\"") + row.code + "\""), std::string::npos)
        << answer.body;
    EXPECT_NE(answer.field("activityid"), "(none)");
  }
  EXPECT_EQ(call(get("/pizza/1/menu", "")).field("WWW-Authenticate"),
            "OAuth2 realm=\"WSO2 API Manager\"");
  const TestMessage xml = call(get("/pizza/1/menu", "Accept: application/xml\r\n"));
  EXPECT_TRUE(xml.body.starts_with("<ams:fault")) << xml.body;
  EXPECT_TRUE(backend_->requests().empty());
}

TEST_F(ServeTest, WhoTriesManyUnknownTokensIsNotAskedAbout) {
  world_.options.token_trials_max = 5;
  begin(TestBackend::answers("x"));
  for (int i = 0; i < 8; ++i) {
    const std::string guess = "Authorization: Bearer guess" + std::to_string(i) + "\r\n";
    const TestMessage answer = call(get("/pizza/1/menu", guess));
    EXPECT_EQ(answer.status, i < 5 ? 401 : 429) << i;
    if (i < 5) continue;
    const auto wait = parse_number(answer.field("Retry-After"));
    EXPECT_TRUE(wait && *wait >= 1 && *wait <= 12) << answer.head;
    EXPECT_NE(answer.body.find("\"code\":\"429\""), std::string::npos) << answer.body;
  }
  EXPECT_EQ(world_.key_manager.asked(), 5U);
  EXPECT_TRUE(backend_->requests().empty());
}

TEST_F(ServeTest, ALimitIsExactAndSaysWhenToComeBack) {
  begin(TestBackend::answers("x"));
  EXPECT_EQ(call(get("/pizza/1/rare")).status, 200);
  EXPECT_EQ(call(get("/pizza/1/rare")).status, 200);
  for (int i = 0; i < 3; ++i) {
    const TestMessage answer = call(get("/pizza/1/rare"));
    EXPECT_EQ(answer.status, 429);
    EXPECT_NE(answer.body.find("\"code\":\"900802\""), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("nextAccessTime"), std::string::npos);
    const auto wait = parse_number(answer.field("Retry-After"));
    ASSERT_TRUE(wait);
    EXPECT_LE(*wait, 3'600U);
    EXPECT_EQ(answer.field("RateLimit-Policy"), "\"TwoPerHour\";q=2;w=3600");
    EXPECT_TRUE(answer.field("RateLimit").starts_with("\"TwoPerHour\";r=0;t="));
  }
  EXPECT_EQ(backend_->requests().size(), 2U);
}

TEST_F(ServeTest, BodiesStreamBothWaysWhateverTheirSizeAndFraming) {
  begin([](TestSocket& socket, const TestMessage& request) {
    // Chunked back, in odd pieces.
    socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string_view rest = request.body;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, 70'001);
      rest.remove_prefix(part.size());
      http::ChunkHead room;
      if (!socket.write(std::string(http::chunk_head(room, part.size())) + std::string(part) +
                        "\r\n")) {
        return false;
      }
    }
    return socket.write("0\r\n\r\n");
  });
  std::string body;
  for (std::size_t i = 0; i < 3'000'000; ++i) body += static_cast<char>('a' + i * 7 % 26);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{40'000}, body.size()}) {
    const std::string part = body.substr(0, size);
    const std::string head = "POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + good;
    std::thread writer([&] {
      client_->write(head + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + part);
    });
    const TestMessage by_length = client_->read_answer(http::Method::post);
    writer.join();
    EXPECT_TRUE(by_length.whole);
    EXPECT_TRUE(by_length.body == part) << size;

    std::thread chunk_writer([&] {
      http::ChunkHead room;
      std::string chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
      if (!part.empty()) {
        chunks += std::string(http::chunk_head(room, part.size())) + part + "\r\n";
      }
      client_->write(chunks + "0\r\n\r\n");
    });
    const TestMessage by_chunks = client_->read_answer(http::Method::post);
    chunk_writer.join();
    EXPECT_TRUE(by_chunks.whole);
    EXPECT_TRUE(by_chunks.body == part) << size;
  }
  EXPECT_EQ(backend_->connections(), 1U);
}

TEST_F(ServeTest, AClientThatExpectsContinueGetsItOnlyWhenItMayCall) {
  begin(TestBackend::answers("x"));
  const std::string tail = "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  client_->write("POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + good + tail);
  while (client_->unread().find("\r\n\r\n") == std::string::npos) ASSERT_TRUE(client_->read());
  EXPECT_EQ(client_->unread(), "HTTP/1.1 100 Continue\r\n\r\n");
  client_->unread().clear();
  client_->write("body");
  EXPECT_EQ(client_->read_answer().status, 200);
  EXPECT_EQ(backend_->requests().at(0).body, "body");
  EXPECT_EQ(backend_->requests().at(0).field("Expect"), "(none)");

  client_->write("POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + tail);
  EXPECT_EQ(client_->read_answer().status, 401);
}

// The client takes nothing, so "100 Continue" has to wait for room, and the backend answers
// meanwhile, without the body. Only one of the two may be on its way to the client.
TEST_F(ServeTest, AnAnswerWaitsForTheContinueBeforeIt) {
  std::promise<void> answered;
  HeadBackend backend([&](TestSocket& socket, const std::string&) {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx");
    answered.set_value();
  });
  world_.deploy(test_api("pizza", backend.url()));
  world_.start();
  world_.catch_up();
  TestClient other(world_.port());
  TestClient client(world_.port(), 4'096);
  // It is accepted, and its token known.
  EXPECT_EQ(client.call(get("/healthz")).status, 200);
  const int end = end_opposite(client.descriptor());
  const std::string request = "POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + good +
                              "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  // What the client sends makes room, as it says what has arrived: until there is none to make.
  std::size_t junk = 0;
  for (std::size_t i = 0; i + 1 < request.size(); ++i) {
    client.write(request.substr(i, 1));
    junk += fill(end);
  }
  client.write(request.substr(request.size() - 1));
  answered.get_future().wait();
  EXPECT_EQ(other.call(get("/healthz")).status, 200);  // the loop has seen what the backend wrote
  while (client.unread().size() < junk) ASSERT_TRUE(client.read());
  client.unread().erase(0, junk);
  const std::string rest = client.read_to_end();
  EXPECT_TRUE(rest.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << rest;
  EXPECT_TRUE(rest.ends_with("\r\n\r\nxxx")) << rest;
}

TEST_F(ServeTest, HeadHasNoBodyAndKeepsTheConnection) {
  begin([](TestSocket& socket, const TestMessage&) {
    return socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  });
  const std::string request = "HEAD /pizza/1/menu HTTP/1.1\r\nHost: g\r\n" + good + "\r\n";
  for (int i = 0; i < 2; ++i) {
    const TestMessage answer = call(request, http::Method::head);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("Content-Length"), "10");
  }
  EXPECT_EQ(backend_->connections(), 1U);
}

TEST_F(ServeTest, AnOldClientGetsTheEndOfTheConnectionInsteadOfChunks) {
  begin([](TestSocket& socket, const TestMessage&) {
    return socket.write(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  });
  client_->write("GET /pizza/1/menu HTTP/1.0\r\nHost: g\r\n" + good + "\r\n");
  const std::string answer = client_->read_to_end();
  EXPECT_TRUE(answer.ends_with("\r\n\r\nabc")) << answer;
  EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
}

TEST_F(ServeTest, ABackendThatIsNotThereIs503) {
  {
    backend_ = std::make_unique<TestBackend>(TestBackend::answers("x"));
  }
  const std::string url = backend_->url();
  backend_.reset();
  world_.deploy(test_api("pizza", url));
  world_.start();
  world_.catch_up();
  client_ = std::make_unique<TestClient>(world_.port());
  const TestMessage answer = call(get("/pizza/1/menu"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("101503"), std::string::npos) << answer.body;
}

TEST_F(ServeTest, ASilentBackendIs504) {
  backend_ = std::make_unique<TestBackend>([](TestSocket& socket, const TestMessage&) {
    socket.read();  // until the gateway gives up
    return false;
  });
  model::DeployedApi api = test_api("pizza", backend_->url());
  api.production.timeout_ms = 50;
  world_.deploy(api);
  world_.start();
  world_.catch_up();
  client_ = std::make_unique<TestClient>(world_.port());
  const TestMessage answer = call(get("/pizza/1/menu"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_NE(answer.body.find("101504"), std::string::npos) << answer.body;
}

struct BrokenAnswer {
  const char* name;
  const char* bytes;
  int status;
  const char* code;
};

class BrokenBackend : public ServeTest, public ::testing::WithParamInterface<BrokenAnswer> {};

TEST_P(BrokenBackend, IsAFaultAndItsConnectionIsNotUsedAgain) {
  begin([](TestSocket& socket, const TestMessage&) {
    socket.write(GetParam().bytes);
    return false;
  });
  const TestMessage answer = call(get("/pizza/1/menu"));
  EXPECT_EQ(answer.status, GetParam().status);
  if (*GetParam().code != '\0') {
    EXPECT_NE(answer.body.find(GetParam().code), std::string::npos) << answer.body;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenBackend,
    ::testing::Values(
        BrokenAnswer{"closes_at_once", "", 502, "101505"},
        BrokenAnswer{"half_a_head", "HTTP/1.1 200 OK\r\nContent-Le", 502, "101505"},
        BrokenAnswer{"not_http", "SSH-2.0-OpenSSH\r\n\r\n", 502, "101500"},
        BrokenAnswer{"two_framings",
                     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                     502, "101500"},
        BrokenAnswer{"folded_field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 502, "101500"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ServeTest, HalfABodyDoesNotLookLikeAWholeOne) {
  begin([](TestSocket& socket, const TestMessage& request) {
    if (request.head.find("chunked") != std::string::npos) {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
    } else {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    }
    return false;
  });
  for (const char* path : {"/pizza/1/length", "/pizza/1/chunked"}) {
    TestClient client(world_.port());
    const TestMessage answer = client.call(get(path));
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.whole) << path;
  }
}

TEST_F(ServeTest, BytesAfterAnAnswerAreNeverSomebodyElsesAnswer) {
  begin([](TestSocket& socket, const TestMessage&) {
    return socket.write(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(get("/pizza/1/menu")).body, "ok");
  EXPECT_EQ(backend_->connections(), 5U);
}

TEST_F(ServeTest, ACallOnAConnectionThatHasGoneIsRepeatedOnceIfThatIsSafe) {
  std::atomic<int> served{0};
  begin([&](TestSocket& socket, const TestMessage& request) {
    // The second request of each connection finds nobody.
    const bool first_of_connection = served++ % 2 == 0;
    if (!first_of_connection) return false;
    return TestBackend::answers("x")(socket, request);
  });
  EXPECT_EQ(call(get("/pizza/1/menu")).status, 200);
  EXPECT_EQ(call(get("/pizza/1/menu")).status, 200);  // cut, then repeated
  const std::string post =
      "POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + good + "Content-Length: 1\r\n\r\nx";
  EXPECT_EQ(call(post).status, 502);  // cut, and perhaps done already
}

TEST_F(ServeTest, AnAnswerBeforeTheEndOfTheRequestIsPassedOn) {
  HeadBackend backend([](TestSocket& socket, const std::string&) {
    while (socket.unread().find("beginning") == std::string::npos) {
      if (!socket.read()) return;
    }
    socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch");
  });
  world_.deploy(test_api("pizza", backend.url()));
  world_.start();
  world_.catch_up();
  TestClient client(world_.port());
  client.write("POST /pizza/1/order HTTP/1.1\r\nHost: g\r\n" + good +
               "Content-Length: 1000000\r\n\r\nonly the beginning");
  const TestMessage answer = client.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "much");
  EXPECT_EQ(answer.field("Connection"), "close");
}

TEST_F(ServeTest, AMalformedRequestIsRefusedAndNothingIsForwarded) {
  begin(TestBackend::answers("x"));
  for (const char* request :
       {"GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nContent-Length: 1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nHost: h\r\n\r\n",
        "GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nConnection: authorization\r\n\r\n",
        "NONSENSE\r\n\r\n"}) {
    TestClient client(world_.port());
    client.write(request);
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("activityid: "), std::string::npos);
    EXPECT_NE(answer.find("\"code\":\"400\""), std::string::npos);
  }
}

TEST_F(ServeTest, LinkLocalAddressesAndOurOwnPortsAreNoBackends) {
  world_.options.own_ports = {9};
  world_.deploy(test_api("meta", "http://169.254.169.254"));
  world_.deploy(test_api("own", "http://127.0.0.1:9"));
  begin(TestBackend::answers("x"));
  for (const char* path : {"/meta/1/open/x", "/own/1/open/x"}) {
    const TestMessage answer = call(get(path, ""));
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("101503"), std::string::npos) << answer.body;
  }
}

TEST_F(ServeTest, TokenRequestsGoToTheKeyManager) {
  begin(TestBackend::answers("x"));
  const std::string body = "grant_type=client_credentials";
  const TestMessage answer =
      call("POST /token?a=1 HTTP/1.1\r\nHost: g\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.field("X-Target"), "/oauth2/token?a=1");
  EXPECT_NE(answer.field("activityid"), "(none)");
}

struct PathCase {
  const char* name;
  const char* sent;
  const char* forwarded;  // empty: refused with 400
};

class ServedPath : public ServeTest, public ::testing::WithParamInterface<PathCase> {};

// What is matched is what is forwarded, in one form.
TEST_P(ServedPath, IsTheCanonicalOne) {
  begin(TestBackend::answers("x"));
  const TestMessage answer = call(get(GetParam().sent));
  if (*GetParam().forwarded == '\0') {
    EXPECT_EQ(answer.status, 400);
    EXPECT_TRUE(backend_->requests().empty());
    return;
  }
  ASSERT_EQ(backend_->requests().size(), 1U) << answer.body;
  const std::string head = backend_->requests()[0].head;
  EXPECT_EQ(head.substr(0, head.find(" HTTP")), "GET " + std::string(GetParam().forwarded));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ServedPath,
    ::testing::Values(
        PathCase{"plain", "/pizza/1/menu", "/base/menu"},
        PathCase{"context_alone", "/pizza/1", "/base"},
        PathCase{"slash_at_the_end", "/pizza/1/", "/base/"},
        PathCase{"dot_segments", "/pizza/1/a/../menu", "/base/menu"},
        PathCase{"coded_dots", "/pizza/1/a/%2e%2E/menu", "/base/menu"},
        PathCase{"into_another_api", "/pizza/2/../1/menu", "/base/menu"},
        PathCase{"double_slash", "//pizza//1//menu", "/base/menu"},
        PathCase{"coded_letter", "/pizza/1/m%65nu", "/base/menu"},
        PathCase{"query_is_kept", "/pizza/1/menu?a=../b&c=%2e", "/base/menu?a=../b&c=%2e"},
        PathCase{"coded_slash", "/pizza/1/a%2fb", ""}, PathCase{"backslash", "/pizza/1/a%5cb", ""},
        PathCase{"matrix_dots", "/pizza/1/..;/admin", ""}, PathCase{"nul", "/pizza/1/a%00", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ServeTest, HealthIsToldWithoutABody) {
  begin(TestBackend::answers("x"));
  for (const char* path :
       {"/healthz", "/readyz", "/api/am/gateway/v2/server-startup-healthcheck"}) {
    const TestMessage answer = call(get(path, ""));
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.body, "");
  }
  EXPECT_EQ(call(get("/internal/data/v1/snapshot", "")).status, 404);
  EXPECT_EQ(call(get("/metrics", "")).status, 404);
}

}  // namespace
}  // namespace gatehouse::gateway
