// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include "gateway/test_world.h"
#include "http/pooled_client.h"

namespace gatehouse::gateway {
namespace {

const std::string call_of_menu =
    "GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer good\r\n\r\n";

TEST(Gateway, ServesHttpsAndTellsTheBackend) {
  TestBackend backend(TestBackend::answers("secret"));
  TestWorld world;
  const net::CertificateFiles files{world.folder + "/tls.crt", world.folder + "/tls.key"};
  ASSERT_TRUE(net::make_self_signed(files, "localhost"));
  net::TlsServer::Options options;
  options.files = files;
  world.options.tls = net::TlsServer::open(options).value();
  world.deploy(test_api("pizza", backend.url()));
  world.start();
  world.catch_up();

  net::Loop loop;
  net::Resolver resolver(loop, world.pool);
  net::TlsClient::Options trust;
  trust.trust = net::TlsClient::Trust::insecure;
  http::PooledClient client(
      loop, resolver,
      http::Origin("127.0.0.1", world.gateway->ports().https, net::TlsClient::open(trust).value()),
      {});
  http::Request request = http::make_request("GET", "/pizza/1/menu");
  request.headers.add("Authorization", "Bearer good");
  const auto answer = loop.run_until_done(client.send(request, std::chrono::seconds(10)));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "secret");
  EXPECT_EQ(backend.requests().at(0).field("X-Forwarded-Proto"), "https");
}

TEST(Gateway, ATakenPortIsNamed) {
  TestWorld first;
  first.start();
  TestWorld second;
  second.options.ports.http = first.port();
  second.gateway = std::make_unique<Gateway>(
      Gateway::Parts{
          second.clock, second.random, second.metrics, second.bus, second.pool, second.feed,
          [&](net::Loop& loop) -> std::unique_ptr<http::Client> {
            return std::make_unique<http::LocalClient>(loop, second.pool, second.key_manager);
          }},
      second.options);
  const Result<> started = second.gateway->start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(std::to_string(first.port())), std::string::npos)
      << started.error().message;
}

TEST(Gateway, IsReadyOnlyWithASnapshotAndSaysSoOnItsPorts) {
  TestWorld world;
  world.control_plane.set_down(true);
  world.start();
  TestClient client(world.port());
  const std::string ready = "GET /readyz HTTP/1.1\r\nHost: g\r\n\r\n";
  EXPECT_FALSE(world.gateway->ready());
  EXPECT_EQ(client.call(ready).status, 503);
  EXPECT_EQ(client.call(call_of_menu).status, 503);
  EXPECT_EQ(client.call("GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n").status, 200);
  world.control_plane.set_down(false);
  world.catch_up();
  EXPECT_TRUE(world.gateway->ready());
  EXPECT_EQ(client.call(ready).status, 200);
}

class Restarted : public ::testing::Test {
 protected:
  Restarted() {
    world_.options.token_key = "key";
    world_.deploy(test_api("pizza", backend_.url()));
    for (const char* token : {"revoked", "late"}) {
      world_.key_manager.issue(token, world_.valid_token());
    }
    world_.start();
    world_.catch_up();
    for (const char* token : {"good", "revoked"}) EXPECT_EQ(call(token), 200) << token;
  }
  // Once the gateway has asked the control plane, it may believe what it remembers.
  void restart() {
    world_.gateway.reset();
    world_.key_manager.set_down(true);
    world_.start();
    world_.catch_up();
    const Tick deadline = world_.clock.tick() + std::chrono::seconds(10);
    while (call("good") == 503 && world_.clock.tick() < deadline) {
    }
  }
  int call(const std::string& token) {
    return TestClient(world_.port())
        .call("GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " + token +
              "\r\n\r\n")
        .status;
  }

  TestBackend backend_{TestBackend::answers("x")};
  TestWorld world_;
};

TEST_F(Restarted, ServesKnownCallersWhileNoKeyManagerAnswers) {
  restart();
  EXPECT_EQ(call("good"), 200);
  EXPECT_EQ(call("revoked"), 200);  // not yet
  EXPECT_EQ(call("late"), 503);     // it was never seen
  EXPECT_EQ(call("unknown"), 503);
  world_.key_manager.set_down(false);
  EXPECT_EQ(call("late"), 200);
  EXPECT_EQ(call("unknown"), 401);
}

// Whether the gateway heard of it before it went, or only after.
TEST_F(Restarted, KnowsWhatWasRevokedMeanwhile) {
  model::Revocation revocation;
  revocation.kind = "token";
  revocation.number = 1;
  revocation.value = sha256_hex("revoked");
  revocation.expires_at = world_.clock.now() + std::chrono::hours(1);
  world_.gateway->stop();
  world_.control_plane.revoke(revocation);
  restart();
  EXPECT_EQ(call("good"), 200);
  EXPECT_EQ(call("revoked"), 503);
  world_.control_plane.set_down(true);
  restart();
  EXPECT_EQ(call("good"), 200);
  EXPECT_EQ(call("revoked"), 503);
}

TEST_F(Restarted, FailsClosedWhereThatIsWanted) {
  world_.gateway.reset();
  world_.options.cache_rules.stale_max = std::chrono::seconds(0);
  world_.key_manager.set_down(true);
  world_.start();
  world_.catch_up();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call("good"), 503);
}

class ManyWorkers : public ::testing::Test {
 protected:
  static constexpr unsigned workers = 4;

  ManyWorkers() {
    world_.deploy(test_api("pizza", backend_.url()));
    world_.start();
    world_.catch_up();
  }
  static std::string call_with(const std::string& token) {
    return "GET /pizza/1/menu HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " + token + "\r\n\r\n";
  }
  // Over a connection of its own, which any worker may take.
  int call(const std::string& token) {
    return TestClient(world_.port()).call(call_with(token)).status;
  }

  TestBackend backend_{TestBackend::answers("x")};
  TestWorld world_{workers};
};

TEST_F(ManyWorkers, ATokenKnownToOneIsServedByTheOthersWhileTheKeyManagerIsAway) {
  EXPECT_EQ(call("good"), 200);
  world_.key_manager.set_down(true);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(call("good"), 200);
  EXPECT_EQ(call("never-seen"), 503);
}

TEST_F(ManyWorkers, AskTheKeyManagerOnceForEachToken) {
  constexpr int tokens = 100;
  for (int i = 0; i < tokens; ++i) {
    world_.key_manager.issue("token" + std::to_string(i), world_.valid_token());
  }
  std::atomic<int> served{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      for (int connection = 0; connection < 3; ++connection) {
        TestClient client(world_.port());
        for (int i = 0; i < tokens; ++i) {
          if (client.call(call_with("token" + std::to_string(i))).status == 200) ++served;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(served, 8 * 3 * tokens);
  EXPECT_EQ(world_.key_manager.asked(), static_cast<std::size_t>(tokens));
}

TEST_F(ManyWorkers, MayStopWhileTheyAskEachOther) {
  world_.key_manager.hold(true);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 32; ++i) {
    clients.push_back(std::make_unique<TestClient>(world_.port()));
    clients.back()->write(call_with("token" + std::to_string(i)));
  }
  while (world_.key_manager.waiting() == 0) std::this_thread::yield();
  std::thread answers([&] { world_.key_manager.hold(false); });
  world_.gateway->stop();
  answers.join();
}

TEST(Gateway, DrainingAnswersWhatIsUnderWayAndEndsConnections) {
  std::atomic<bool> asked{false};
  std::atomic<bool> go{false};
  TestBackend backend([&](TestSocket& socket, const TestMessage& request) {
    asked = true;
    while (!go) std::this_thread::yield();
    return TestBackend::answers("late")(socket, request);
  });
  TestWorld world;
  world.deploy(test_api("pizza", backend.url()));
  world.start();
  world.catch_up();
  TestClient client(world.port());
  client.write(call_of_menu);
  while (!asked) std::this_thread::yield();
  http::DrainOptions options;
  options.idle = std::chrono::milliseconds(0);
  world.gateway->drain(options);
  EXPECT_FALSE(world.gateway->drained());
  go = true;
  const TestMessage answer = client.read_answer();
  EXPECT_EQ(answer.body, "late");
  while (!world.gateway->drained()) std::this_thread::yield();
}

std::string get(const std::string& path, const std::string& fields) {
  return "GET " + path + " HTTP/1.1\r\nHost: g\r\n" + fields + "\r\n";
}

// Which peers may say whose certificate a request comes with. Each row asks an API that needs one,
// and with a token that is bound to one.
TEST(Gateway, ACertificateInAHeaderIsBelievedOfTrustedProxiesOnly) {
  const std::string header = "X-WSO2-CLIENT-CERTIFICATE: " + to_base64("the certificate") + "\r\n";
  const std::string thumbprint = to_base64url(to_bytes(sha256("the certificate")));
  const net::Network here = net::Network::parse("127.0.0.0/8").value();
  const net::Network elsewhere = net::Network::parse("10.0.0.0/8").value();
  struct Row {
    const char* what;
    std::vector<net::Network> proxies;
    bool forwarded;
    std::string header;
    int status;
  };
  for (const Row& row :
       {Row{"a trusted proxy", {here}, true, header, 200},
        Row{"it says nothing", {here}, true, "", 401},
        Row{"it names another", {here}, true, "X-WSO2-CLIENT-CERTIFICATE: eA==\r\n", 401},
        Row{"it speaks of addresses only", {here}, false, header, 401},
        Row{"another peer", {elsewhere}, true, header, 401},
        Row{"nobody", {}, true, header, 401}}) {
    TestBackend backend(TestBackend::answers("x"));
    TestWorld world;
    world.options.trusted_proxies = row.proxies;
    world.options.forwarded_certificates = row.forwarded;
    world.deploy(test_api("pizza", backend.url()));
    model::DeployedApi mutual = test_api("mutual", backend.url());
    mutual.security_schemes = {"mutualssl"};
    mutual.client_certificates = {{thumbprint,
                                   model::KeyType::production,
                                   "Unlimited",
                                   {},
                                   world.clock.now() + std::chrono::hours(1)}};
    world.deploy(mutual);
    model::Validation bound = world.valid_token();
    bound.certificate_thumbprint = thumbprint;
    world.key_manager.issue("bound", bound);
    world.start();
    world.catch_up();
    TestClient client(world.port());
    EXPECT_EQ(client.call(get("/mutual/1/menu", row.header)).status, row.status) << row.what;
    EXPECT_EQ(
        client.call(get("/pizza/1/menu", "Authorization: Bearer bound\r\n" + row.header)).status,
        row.status)
        << row.what;
    // The next request of a proxy's connection is somebody else's.
    EXPECT_EQ(client.call(get("/mutual/1/menu", "")).status, 401) << row.what;
    for (const TestMessage& request : backend.requests()) {
      EXPECT_EQ(request.field("X-WSO2-CLIENT-CERTIFICATE"), "(none)") << row.what;
    }
  }
}

}  // namespace
}  // namespace gatehouse::gateway
