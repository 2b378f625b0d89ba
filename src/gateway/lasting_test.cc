// SPDX-License-Identifier: Apache-2.0
//
// Calls that last, through a gateway: when they end before their time, and what is left of them.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "gateway/test_websocket.h"
#include "gateway/test_world.h"

namespace gatehouse::gateway {
namespace {

using http::CloseCode;

constexpr std::string_view first_event = "5\r\nevent\r\n";

class LastingTest : public ::testing::Test {
 protected:
  explicit LastingTest(unsigned workers = 1) : world_(workers) {
    world_.options.trusted_proxies = {net::Network::parse("127.0.0.0/8").value()};
    world_.options.forwarded_certificates = true;
    world_.options.connect_timeout = std::chrono::minutes(1);  // longer than a client waits here
  }

  void SetUp() override {
    model::DeployedApi api = test_api("pizza", backend_.url());
    api.operations.push_back({"GET", "/scoped/events", model::AuthType::any, "", {"admin"}});
    world_.deploy(api);
    issue("good");
    issue("other");
    world_.start();
    world_.catch_up();
  }
  model::Validation identity(const std::string& token) const {
    model::Validation validation = world_.valid_token();
    validation.user_id = "user-" + token;
    validation.family = "family-" + token;
    validation.scopes = {"admin"};
    return validation;
  }
  void issue(const std::string& token) { world_.key_manager.issue(token, identity(token)); }

  static std::string request(const std::string& path, const std::string& fields) {
    return "GET /pizza/1" + path + " HTTP/1.1\r\nHost: g\r\n" + fields + "\r\n";
  }
  static std::string bearer(const std::string& token) {
    return "Authorization: Bearer " + token + "\r\n";
  }
  // A client whose call has begun to be answered.
  std::unique_ptr<TestClient> open(const std::string& path, const std::string& fields) {
    auto client = std::make_unique<TestClient>(world_.port());
    client->write(request(path, fields));
    while (client->unread().find("\r\n\r\n") == std::string::npos) {
      if (!client->read()) break;
    }
    const std::string answer = read_bytes(*client, client->unread().find("\r\n\r\n") + 4);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 101 "))
        << answer;
    return client;
  }
  std::unique_ptr<TestClient> open_events(const std::string& token = "good",
                                          const std::string& path = "/events") {
    auto client = open(path, bearer(token));
    EXPECT_EQ(read_bytes(*client, first_event.size()), first_event);
    return client;
  }
  std::unique_ptr<TestClient> open_websocket(const std::string& token = "good") {
    return open("/chat", websocket_handshake + bearer(token));
  }
  void revoke(const std::string& kind, const std::string& value) {
    model::Revocation revocation;
    revocation.number = ++revocation_;
    revocation.kind = kind;
    revocation.value = value;
    revocation.issued_before = world_.clock.now();
    revocation.expires_at = world_.clock.now() + std::chrono::hours(1);
    world_.revoke(revocation);
  }
  // Of two calls with the same token the one that needs a scope ends, when its scopes have gone.
  void expect_asked_about(const std::string& kind, const std::string& value) {
    const std::unique_ptr<TestClient> scoped = open_events("good", "/scoped/events");
    const std::unique_ptr<TestClient> open_to_all = open_websocket();
    model::Validation without = identity("good");
    without.scopes.clear();
    world_.key_manager.issue("good", without);
    world_.key_manager.stand_at(1);
    revoke(kind, value);
    EXPECT_EQ(scoped->read_to_end(), "");
    expect_alive(*open_to_all);
  }
  // What the metrics say of worker 0.
  std::string backend_failures() {
    const std::string text = world_.metrics.text();
    const std::string name = "\ngatehouse_gateway_backend_failures_total{worker=\"0\"} ";
    const std::size_t begin = text.find(name) + name.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  // Nothing came, and no end either: what is sent still arrives.
  void expect_alive(TestClient& websocket) {
    websocket.write("ping");
    EXPECT_EQ(read_bytes(websocket, 6), text_frame("ping"));
  }

  // Of the lines of the access log, once the gateway has stopped.
  std::vector<int> logged_codes() {
    world_.gateway->stop();
    world_.gateway.reset();
    std::ifstream log(world_.folder + "/access.log");
    std::vector<int> codes;
    for (std::string line; std::getline(log, line);) {
      codes.push_back(static_cast<int>(number_or(parse_json_object(line).value(), "code", 0)));
    }
    return codes;
  }

  static void answer(TestSocket& socket, const std::string& head) {
    if (head.find(" /chat") != std::string::npos) {
      socket.write(websocket_opening());
      while (read_bytes(socket, 4) == "ping") socket.write(text_frame("ping"));
    } else if (head.find("/events") != std::string::npos) {
      socket.write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
          "Transfer-Encoding: chunked\r\n\r\n" +
          std::string(first_event));
    }
    while (socket.read()) {  // and nothing more, until the gateway leaves
    }
  }

  std::atomic<int> arrived_{0};  // requests at the backend
  HeadBackend backend_{[this](TestSocket& socket, const std::string& head) {
    ++arrived_;
    answer(socket, head);
  }};
  TestWorld world_;
  std::uint64_t revocation_ = 0;
};

TEST_F(LastingTest, EachWayToRevokeEndsStreamsAndWebSocketsOfTheTokenAlone) {
  const std::unique_ptr<TestClient> bystander = open_websocket("other");
  int round = 0;
  for (const auto& [kind, name] : std::vector<std::pair<std::string, std::string>>{
           {"token", ""}, {"family", "family-"}, {"user", "user-"}, {"client", "client"}}) {
    const std::string token = "token-" + std::to_string(round++);
    issue(token);
    if (kind == "client") {
      model::Validation another = identity(token);
      world_.control_plane.set("key_mapping", "map2",
                               to_json(model::KnownKeyMapping{"map2", 1, "client2", "shop",
                                                              model::KeyType::production, ""}));
      world_.catch_up();
      another.client_id = "client2";
      world_.key_manager.issue(token, another);
    }
    const std::unique_ptr<TestClient> events = open_events(token);
    const std::unique_ptr<TestClient> websocket = open_websocket(token);
    const std::string value = kind == "token"    ? sha256_hex(token)
                              : kind == "client" ? "client2"
                                                 : name + token;
    revoke(kind, value);
    EXPECT_EQ(events->read_to_end(), "") << kind;
    EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation)) << kind;
  }
  expect_alive(*bystander);
}

// Nothing is accepted there, and the one place in its queue is taken: connecting takes for ever.
TEST_F(LastingTest, ACallThatIsConnectingIsToldWhyAtOnce) {
  const int listener = loopback_listener();
  ASSERT_EQ(::listen(listener, 0), 0);
  const TestClient first_in_queue(port_of(listener));
  const std::string url = "http://127.0.0.1:" + std::to_string(port_of(listener));
  model::DeployedApi deaf = test_api("deaf", url);
  deaf.production.timeout_ms = 60'000;
  world_.deploy(deaf);
  world_.control_plane.set(
      "subscription", "deaf",
      to_json(model::KnownSubscription{"deaf", 1, "deaf", "shop", "Gold", "UNBLOCKED"}));
  world_.catch_up();
  const auto events = open_events();  // the token is known from now on
  const std::string health = "GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n";
  TestClient client(world_.port());
  EXPECT_EQ(client.call(health).status, 200);
  client.write("GET /deaf/1/x HTTP/1.1\r\nHost: g\r\n" + bearer("good") + "\r\n");
  // The loop serves sockets in the order in which they have something.
  TestClient later(world_.port());
  EXPECT_EQ(later.call(health).status, 200);
  revoke("token", sha256_hex("good"));
  const TestMessage answer = client.read_answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_NE(answer.body.find("900901"), std::string::npos) << answer.body;
  EXPECT_EQ(backend_failures(), "0");
  ::close(listener);
}

TEST_F(LastingTest, ACallWithoutAnAnswerIsToldWhy) {
  TestClient client(world_.port());
  client.write(request("/silent", bearer("good")));
  TestClient upload(world_.port());
  upload.write("POST /pizza/1/silent HTTP/1.1\r\nHost: g\r\n" + bearer("good") +
               "Content-Length: 1000000\r\n\r\nonly the beginning");
  while (arrived_ < 2) std::this_thread::yield();
  revoke("token", sha256_hex("good"));
  for (TestClient* each : {&client, &upload}) {
    const TestMessage answer = each->read_answer();
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.body.find("900901"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(client.call(request("/silent", bearer("good"))).status, 401);
  EXPECT_EQ(upload.read_to_end(), "");
  EXPECT_EQ(arrived_, 2);
}

// A young call has no names yet, and what this gateway knows it need not ask for.
TEST_F(LastingTest, ARevocationHoldsWhileTheKeyManagerIsAway) {
  const auto events = open_events();
  const auto websocket = open_websocket();
  world_.key_manager.set_down(true);
  revoke("token", sha256_hex("good"));
  EXPECT_EQ(events->read_to_end(), "");
  EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation));
}

TEST_F(LastingTest, AnExpiredTokenEndsThem) {
  model::Validation validation = identity("short");
  validation.expires_at = world_.clock.now() + std::chrono::milliseconds(500);
  world_.key_manager.issue("short", validation);
  const std::unique_ptr<TestClient> events = open_events("short");
  const std::unique_ptr<TestClient> websocket = open_websocket("short");
  EXPECT_EQ(events->read_to_end(), "");
  EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation));
  EXPECT_GE(world_.clock.now(), validation.expires_at);
}

TEST_F(LastingTest, WhatANewCallWouldBeRefusedForEndsThem) {
  using namespace model;
  const KnownSubscription subscription{"sub", 1, "pizza", "shop", "Gold", "UNBLOCKED"};
  const auto change = [&](const char* kind, const std::string& id, const json::object& value) {
    if (value.empty()) {
      world_.control_plane.remove(kind, id);
    } else {
      world_.control_plane.set(kind, id, value);
    }
    world_.catch_up();
  };
  KnownSubscription blocked = subscription;
  blocked.status = "BLOCKED";
  DeployedApi api = test_api("pizza", backend_.url());
  DeployedApi blocked_api = api;
  blocked_api.state = "BLOCKED";
  struct Row {
    const char* kind;
    const char* id;
    json::object change;
    json::object back;
  };
  for (const Row& row :
       {Row{"subscription", "sub", to_json(blocked), to_json(subscription)},
        Row{"subscription", "sub", {}, to_json(subscription)},
        Row{"api", "pizza", to_json(blocked_api), to_json(api)},
        Row{"key_mapping",
            "map",
            {},
            to_json(KnownKeyMapping{"map", 1, "client", "shop", KeyType::production, ""})},
        Row{"api", "pizza", {}, to_json(api)}}) {
    const std::unique_ptr<TestClient> events = open_events();
    const std::unique_ptr<TestClient> websocket = open_websocket();
    change(row.kind, row.id, row.change);
    EXPECT_EQ(events->read_to_end(), "") << row.kind;
    EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation)) << row.kind;
    change(row.kind, row.id, row.back);
  }
  // A change that refuses nobody ends nothing.
  const std::unique_ptr<TestClient> websocket = open_websocket();
  change("api", "pizza", to_json(api));
  expect_alive(*websocket);
}

TEST_F(LastingTest, ARevokedApiKeyEndsThem) {
  model::KnownApiKey key{
      "k1", 1, sha256_hex("the-key"), "shop", "", model::KeyType::production, "", {}, {}, {}};
  world_.control_plane.set("api_key", "k1", to_json(key));
  world_.catch_up();
  const auto websocket = open("/chat", websocket_handshake + "apikey: the-key\r\n");
  const auto events = open("/events", "apikey: the-key\r\n");
  read_bytes(*events, first_event.size());
  world_.control_plane.remove("api_key", "k1");
  world_.catch_up();
  EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation));
  EXPECT_EQ(events->read_to_end(), "");
}

TEST_F(LastingTest, ACertificateThatIsWithdrawnOrExpiresEndsThem) {
  const std::string thumbprint = to_base64url(to_bytes(sha256("the certificate")));
  const std::string shown = "X-WSO2-CLIENT-CERTIFICATE: " + to_base64("the certificate") + "\r\n";
  struct Row {
    const char* what;
    std::vector<std::string> schemes;
    std::string fields;
    std::chrono::milliseconds valid_for;
  };
  const std::vector<std::string> alone{"mutualssl"};
  const std::vector<std::string> both{"mutualssl", "oauth2", "mutualssl_mandatory",
                                      "oauth_basic_auth_api_key_mandatory"};
  const auto hour = std::chrono::hours(1);
  const auto moment = std::chrono::milliseconds(1'500);  // when it was judged already
  for (const Row& row : {Row{"withdrawn", alone, shown, hour}, Row{"expired", alone, shown, moment},
                         Row{"withdrawn, with a token", both, shown + bearer("good"), hour}}) {
    model::DeployedApi api = test_api("pizza", backend_.url());
    api.security_schemes = row.schemes;
    const Instant end = world_.clock.now() + row.valid_for;
    api.client_certificates = {{thumbprint, model::KeyType::production, "Unlimited", {}, end}};
    world_.deploy(api);
    world_.catch_up();
    const auto events = open("/events", row.fields);
    EXPECT_EQ(read_bytes(*events, first_event.size()), first_event) << row.what;
    const auto websocket = open("/chat", websocket_handshake + row.fields);
    if (row.valid_for == hour) {
      api.client_certificates.clear();
      world_.deploy(api);
      world_.catch_up();
    }
    EXPECT_EQ(events->read_to_end(), "") << row.what;
    EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation)) << row.what;
    if (row.valid_for == moment) {
      EXPECT_GE(world_.clock.now(), end) << row.what;
    }
  }
}

// The next revision has other operations. What is left of the call is no fault of its backend.
TEST_F(LastingTest, AnOperationThatGoesEndsThem) {
  model::DeployedApi api = test_api("pizza", backend_.url());
  api.cors = {true, false, {"https://shop.example"}, {}, {"GET"}};
  const auto without = [&](const char* verb) {
    model::DeployedApi next = api;
    std::erase_if(next.operations, [&](const auto& each) { return each.verb == verb; });
    return next;
  };
  api.operations.push_back({"OPTIONS", "/*", model::AuthType::any, "", {}});
  const std::string asks_as_a_browser =
      "Origin: https://shop.example\r\nAccess-Control-Request-Method: GET\r\n";
  struct Row {
    std::string line;
    std::string fields;
    model::DeployedApi next;
    int code;
  };
  model::DeployedApi nothing = api;
  nothing.operations = {{"GET", "/elsewhere", model::AuthType::any, "", {}}};
  const Row rows[] = {{"GET", "", without("GET"), 405},
                      {"GET", "", nothing, 404},
                      {"OPTIONS", "", without("OPTIONS"), 405},
                      {"OPTIONS", asks_as_a_browser, without("OPTIONS"), 405}};
  std::vector<int> codes;
  for (const Row& row : rows) {
    world_.deploy(api);
    world_.catch_up();
    arrived_ = 0;
    const std::string fields = " HTTP/1.1\r\nHost: g\r\n" + row.fields + bearer("good") + "\r\n";
    TestClient begun(world_.port());
    begun.write(row.line + " /pizza/1/events" + fields);
    while (begun.unread().find(first_event) == std::string::npos) ASSERT_TRUE(begun.read());
    TestClient silent(world_.port());
    silent.write(row.line + " /pizza/1/silent" + fields);
    while (arrived_ < 2) std::this_thread::yield();
    world_.deploy(row.next);
    world_.catch_up();
    begun.unread().clear();
    EXPECT_EQ(begun.read_to_end(), "") << row.line << row.code;
    const TestMessage answer = silent.read_answer();
    EXPECT_EQ(answer.status, row.code) << row.line << answer.body;
    EXPECT_EQ(answer.field("Allow") != "(none)", row.code == 405) << answer.head;
    codes.insert(codes.end(), {row.code, row.code});
  }
  EXPECT_EQ(backend_failures(), "0");
  EXPECT_EQ(logged_codes(), codes);
}

// Neither a stream nor a WebSocket keeps alive what the control plane said when it began.
TEST_F(LastingTest, AnOldSnapshotGoesBeforeThem) {
  const auto events = open_events();
  const auto websocket = open_websocket();
  const std::weak_ptr<const Snapshot> old = world_.gateway->snapshot();
  ASSERT_FALSE(old.expired());
  model::DeployedApi api = test_api("pizza", backend_.url());
  api.name = "renamed";
  world_.deploy(api);
  world_.catch_up();
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  // The last one to hold it is the feed's thread, which frees it.
  while (old.use_count() > 1 && std::chrono::steady_clock::now() < late) std::this_thread::yield();
  EXPECT_LE(old.use_count(), 1);
  expect_alive(*websocket);
  revoke("token", sha256_hex("good"));
  EXPECT_EQ(events->read_to_end(), "");
  EXPECT_EQ(websocket->read_to_end(), close_bytes(CloseCode::policy_violation));
}

TEST_F(LastingTest, WhoseUserHasChangedIsAskedAbout) {
  expect_asked_about("user_changed", "user-good");
}

TEST_F(LastingTest, WhatIsOfAChangedTenantIsAskedAbout) {
  expect_asked_about("tenant_changed", std::to_string(identity("good").tenant));
}

TEST_F(LastingTest, TheLogSaysHowItEnded) {
  std::unique_ptr<TestClient> events = open_events();
  revoke("family", "family-good");
  EXPECT_EQ(events->read_to_end(), "");
  world_.gateway->stop();
  world_.gateway.reset();
  std::ifstream log(world_.folder + "/access.log");
  std::string line;
  ASSERT_TRUE(std::getline(log, line));
  const json::object said = parse_json_object(line).value();
  EXPECT_EQ(number_or(said, "status", 0), 200) << line;
  EXPECT_EQ(number_or(said, "code", 0), 900901) << line;
  EXPECT_EQ(number_or(said, "response_bytes", 0), 5) << line;
  EXPECT_FALSE(std::getline(log, line)) << line;
}

class LastingOnWorkersTest : public LastingTest {
 protected:
  LastingOnWorkersTest() : LastingTest(3) {}
};

TEST_F(LastingOnWorkersTest, EveryWorkerEndsItsOwn) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(open_websocket());
  revoke("family", "family-good");
  for (const auto& client : clients) {
    EXPECT_EQ(client->read_to_end(), close_bytes(CloseCode::policy_violation));
  }
}

}  // namespace
}  // namespace gatehouse::gateway
