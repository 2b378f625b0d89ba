// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_bus.h"

#include <fstream>

#include "bus/test_bus_contract.h"
#include "bus/test_nats_server.h"
#include "net/tls.h"

namespace gatehouse::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

NatsOptions options_of(std::vector<std::string> servers) {
  NatsOptions options;
  options.servers = std::move(servers);
  options.name = "test";
  return options;
}

// A node's bus and what it stands on.
class Peer {
 public:
  explicit Peer(const NatsOptions& options) : bus_(options, random_, metrics_) {}

  NatsBus& bus() { return bus_; }
  // The value of a series, with its labels, in the metrics.
  double metric(const std::string& series) const {
    const std::string text = "\n" + metrics_.text();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  // Returns false when the series does not get there in time.
  bool reaches(const std::string& series, double value) const {
    const Tick deadline = std::chrono::steady_clock::now() + test_patience;
    while (metric(series) < value) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a metric tells nobody
    }
    return true;
  }

 private:
  SystemRandom random_;
  Metrics metrics_;
  NatsBus bus_;
};

class LocalBuses final : public TestBuses {
 public:
  Bus& here() override { return bus_; }
  Bus& there() override { return bus_; }
  void settle() override {}

 private:
  LocalBus bus_;
};

class NatsBuses final : public TestBuses {
 public:
  explicit NatsBuses(const std::vector<std::string>& servers)
      : here_(options_of(servers)), there_(options_of(servers)) {
    settle();
  }
  Bus& here() override { return here_.bus(); }
  Bus& there() override { return there_.bus(); }
  void settle() override {
    GH_ASSERT(here_.bus().settled(test_patience));
    GH_ASSERT(there_.bus().settled(test_patience));
  }

 private:
  Peer here_;
  Peer there_;
};

TestNatsServer& shared_server() {
  static TestNatsServer server;
  return server;
}

INSTANTIATE_TEST_SUITE_P(Every, BusContract,
                         ::testing::Values(BusCase{"Local",
                                                   [] { return std::make_unique<LocalBuses>(); }},
                                           BusCase{"Nats",
                                                   [] {
                                                     return std::make_unique<NatsBuses>(
                                                         std::vector{shared_server().url()});
                                                   }}),
                         [](const auto& row) { return std::string(row.param.name); });

// Publishes until the listener has heard: a bus that reconnects loses what was under way.
void publish_until_heard(Bus& bus, TestListener& listener) {
  const std::size_t before = listener.heard().size();
  const Tick deadline = std::chrono::steady_clock::now() + test_patience;
  while (listener.heard().size() == before) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    bus.publish("news", "again");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // no flood for who cannot send yet
  }
}

TEST(NatsBus, IsBackAfterItsServerWasKilled) {
  TestNatsServer server;
  Peer here(options_of({server.url()}));
  Peer there(options_of({server.url()}));
  TestListener mine(here.bus(), "news");
  TestListener theirs(there.bus(), "news");
  ASSERT_TRUE(here.bus().settled(test_patience));
  ASSERT_TRUE(there.bus().settled(test_patience));
  here.bus().publish("news", "before");
  EXPECT_THAT(theirs.wait_for(1), ElementsAre("before"));
  server.kill();
  here.bus().publish("news", "meanwhile");
  EXPECT_THAT(mine.heard(), ElementsAre("before", "meanwhile"));  // itself, at once
  server.start();
  publish_until_heard(here.bus(), theirs);
  EXPECT_TRUE(here.reaches("gatehouse_bus_connects_total{connection=\"publish\"}", 2));
  EXPECT_TRUE(there.reaches("gatehouse_bus_connects_total{connection=\"subscribe\"}", 2));
}

TEST(NatsBus, WaitsForAServerThatIsAwayAtTheStart) {
  TestNatsServer server;
  server.kill();
  Peer here(options_of({server.url()}));
  Peer there(options_of({server.url()}));
  TestListener theirs(there.bus(), "news");
  EXPECT_TRUE(here.reaches("gatehouse_bus_connect_failures_total{connection=\"publish\"}", 2));
  EXPECT_EQ(here.metric("gatehouse_bus_connected{connection=\"publish\"}"), 0);
  server.start();
  publish_until_heard(here.bus(), theirs);
  EXPECT_EQ(here.metric("gatehouse_bus_connected{connection=\"publish\"}"), 1);
}

TEST(NatsBus, LeavesAServerThatIsFrozen) {
  TestNatsServer frozen;
  NatsOptions options = options_of({frozen.url()});
  options.timeout = std::chrono::milliseconds(300);
  Peer here(options);
  ASSERT_TRUE(here.bus().settled(test_patience));
  ASSERT_TRUE(here.reaches("gatehouse_bus_connected{connection=\"publish\"}", 1));
  frozen.freeze();
  // Two unanswered pings and a trial that is not answered either.
  EXPECT_TRUE(here.reaches("gatehouse_bus_connect_failures_total{connection=\"publish\"}", 1));
  frozen.thaw();
}

TEST(NatsBus, OutlivesOneOfThreeServers) {
  TestNatsCluster cluster;
  for (std::size_t victim = 0; victim < 3; ++victim) {
    Peer here(options_of(cluster.urls()));
    Peer there(options_of(cluster.urls()));
    TestListener theirs(there.bus(), "news");
    publish_until_heard(here.bus(), theirs);
    cluster.server(victim).kill();
    publish_until_heard(here.bus(), theirs);
    cluster.server(victim).start();
  }
}

TEST(NatsBus, CountsWhatIsTooLargeForAServer) {
  TestNatsServer server({.more = "max_payload: 10000"});
  Peer here(options_of({server.url()}));
  Peer there(options_of({server.url()}));
  TestListener mine(here.bus(), "news");
  TestListener theirs(there.bus(), "news");
  ASSERT_TRUE(there.bus().settled(test_patience));
  here.bus().publish("news", std::string(20'000, 'x'));
  here.bus().publish("news", "small");
  EXPECT_THAT(theirs.wait_for(1), ElementsAre("small"));
  EXPECT_EQ(mine.heard().size(), 2U);
  EXPECT_EQ(here.metric("gatehouse_bus_dropped_total{reason=\"too_large\"}"), 1);
}

TEST(NatsBus, KeepsABoundedNumberOfBytesWhileNobodyTakesThem) {
  TestNatsServer server;
  server.kill();
  Peer here(options_of({server.url()}));
  const std::string large(1024 * 1024, 'x');
  for (std::size_t i = 0; i < 20; ++i) here.bus().publish("news", large);
  EXPECT_GE(here.metric("gatehouse_bus_dropped_total{reason=\"away\"}"), 4);
}

TEST(NatsBus, IsLetInByPasswordAndTriesAgainWhenItIsRefused) {
  const TestFolder folder;
  const std::string file = (folder.path() / "password").string();
  std::ofstream(file) << "wrong\n";
  TestNatsServer server({.more = "authorization { users: [{ user: gw, password: right }] }"});
  NatsOptions options = options_of({server.url()});
  options.user = "gw";
  options.password_file = file;
  Peer here(options);
  EXPECT_TRUE(here.reaches("gatehouse_bus_connect_failures_total{connection=\"publish\"}", 4));
  std::ofstream(file) << "right\n";
  EXPECT_TRUE(here.bus().settled(test_patience));
}

TEST(NatsBus, IsToldWhatItMayNotPublish) {
  const TestFolder folder;
  const std::string file = (folder.path() / "password").string();
  std::ofstream(file) << "right\n";
  TestNatsServer server(
      {.more = "authorization { users: [{ user: gw, password: right, permissions: "
               "{ publish: \"gatehouse.limits.ask\", subscribe: \"gatehouse.news\" } }] }"});
  NatsOptions options = options_of({server.url()});
  options.user = "gw";
  options.password_file = file;
  Peer here(options);
  Peer there(options);
  TestListener theirs(there.bus(), "news");
  ASSERT_TRUE(there.bus().settled(test_patience));
  here.bus().publish("news", "not allowed");
  EXPECT_TRUE(here.reaches("gatehouse_bus_errors_total{connection=\"publish\"}", 1));
  EXPECT_TRUE(theirs.heard().empty());
}

// The certificate of the server is that of the client as well, and signs itself.
class NatsTls : public ::testing::Test {
 protected:
  NatsTls() {
    GH_ASSERT(net::make_self_signed(files_, "localhost"));
    options_.name = "test";
    options_.ca = files_.certificate;
    options_.certificate = files_.certificate;
    options_.key = files_.key;
  }
  TestNatsServer::Options server(std::string host) const {
    return {.more = fmt::format("tls {{ cert_file: \"{0}\", key_file: \"{1}\", ca_file: \"{0}\", "
                                "verify: true }}",
                                files_.certificate, files_.key),
            .host = std::move(host)};
  }
  static bool is_refused(const NatsOptions& options) {
    const Peer peer(options);
    return peer.reaches("gatehouse_bus_connect_failures_total{connection=\"publish\"}", 2) &&
           peer.metric("gatehouse_bus_connects_total{connection=\"publish\"}") == 0;
  }

  const TestFolder folder_;
  const net::CertificateFiles files_{.certificate = (folder_.path() / "tls.crt").string(),
                                     .key = (folder_.path() / "tls.key").string()};
  NatsOptions options_;
};

TEST_F(NatsTls, BothSidesProveWhoTheyAre) {
  const TestNatsServer server(this->server("127.0.0.1"));
  options_.servers = {fmt::format("tls://localhost:{}", server.port())};
  {
    Peer here(options_);
    Peer there(options_);
    TestListener theirs(there.bus(), "news");
    ASSERT_TRUE(there.bus().settled(test_patience));
    here.bus().publish("news", "sealed");
    EXPECT_THAT(theirs.wait_for(1), ElementsAre("sealed"));
  }
  NatsOptions unknown = options_;
  unknown.certificate.clear();
  unknown.key.clear();
  EXPECT_TRUE(is_refused(unknown));
  NatsOptions doubting = options_;
  doubting.ca.clear();  // this machine's authorities have not signed it
  EXPECT_TRUE(is_refused(doubting));
}

TEST_F(NatsTls, AServerMustHaveTheNameThatItIsCalledBy) {
  const TestNatsServer server(this->server("127.0.0.2"));
  options_.servers = {fmt::format("tls://127.0.0.2:{}", server.port())};
  EXPECT_TRUE(is_refused(options_));
}

TEST(NatsOptions, WhatCannotWorkIsNamed) {
  NatsOptions options = options_of({"nats://localhost:4222"});
  EXPECT_TRUE(check(options));
  for (const char* url : {"localhost:4222", "nats://localhost", "nats://u:secret@localhost:4222",
                          "nats://:4222", "nats://localhost:0", "http://localhost:4222"}) {
    const Result<> checked = check(options_of({url}));
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(checked.error().message, HasSubstr("bus.url"));
    EXPECT_EQ(checked.error().message.find("secret"), std::string::npos);
  }
  options.user = "gw";
  options.password_file = "/nowhere/password";
  EXPECT_THAT(check(options).error().message, HasSubstr("bus.password_file: /nowhere/password"));
  options.user.clear();
  options.ca = "/nowhere/ca.pem";
  EXPECT_THAT(check(options).error().message, HasSubstr("bus.ca: /nowhere/ca.pem"));
  options.ca.clear();
  options.certificate = "/nowhere/node.pem";
  options.key = "/nowhere/node.key";
  EXPECT_THAT(check(options).error().message, HasSubstr("/nowhere/node.pem"));
}

}  // namespace
}  // namespace gatehouse::bus
