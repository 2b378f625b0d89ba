// SPDX-License-Identifier: Apache-2.0
#include "bus/nats_keep.h"

#include <filesystem>
#include <fstream>

#include "bus/local_keep.h"
#include "bus/test_keep_contract.h"
#include "bus/test_nats_server.h"

namespace gatehouse::bus {
namespace {

constexpr std::chrono::milliseconds test_term{2'000};

class LocalKeeps final : public TestKeeps {
 public:
  Keep& here() override { return keep_; }
  Keep& there() override { return keep_; }
  void wait() override { clock_.advance(keep_.term() / 5); }

 private:
  const TestFolder folder_;
  FakeClock clock_{from_ms(1'800'000'000'000)};
  LocalKeep keep_{folder_.path().string(), clock_};
};

NatsOptions options_of(std::vector<std::string> servers) {
  NatsOptions options;
  options.servers = std::move(servers);
  options.name = "test";
  return options;
}

class NatsKeeps final : public TestKeeps {
 public:
  Keep& here() override { return here_; }
  Keep& there() override { return there_; }
  // Terms end by the clock of the server, another program.
  void wait() override { std::this_thread::sleep_for(test_term / 5); }

 private:
  const TestNatsServer server_;
  Metrics metrics_;
  NatsKeep here_{options_of({server_.url()}), metrics_, test_term};
  NatsKeep there_{options_of({server_.url()}), metrics_, test_term};
};

INSTANTIATE_TEST_SUITE_P(
    Every, KeepContract,
    ::testing::Values(KeepCase{"Local", [] { return std::make_unique<LocalKeeps>(); }},
                      KeepCase{"Nats", [] { return std::make_unique<NatsKeeps>(); }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LocalKeep, WhatACrashHasLeftHalfWrittenIsCutOff) {
  const TestFolder folder;
  FakeClock clock(from_ms(0));
  std::uint64_t last = 0;
  {
    LocalKeep keep(folder.path().string(), clock);
    last = *keep.append("limits", *keep.append("limits", 0, "one"), "two");
  }
  std::ofstream(folder.path() / "limits.journal", std::ios::app | std::ios::binary)
      << "torn record";
  {
    LocalKeep keep(folder.path().string(), clock);
    EXPECT_TRUE(keep.append("limits", last, "three"));
  }
  std::filesystem::resize_file(folder.path() / "limits.journal",
                               std::filesystem::file_size(folder.path() / "limits.journal") - 1);
  LocalKeep keep(folder.path().string(), clock);
  const auto records = keep.read("limits");
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ(records->back().bytes, "two");
}

// Repeats what needs an answering cluster, which chooses new leaders after a loss.
template <typename Try>
bool succeeds(Try attempt) {
  const Tick deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!attempt()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

TEST(NatsKeep, KeepsWhatWasAppendedWhenAServerIsKilled) {
  TestNatsServer server;
  Metrics metrics;
  NatsKeep keep(options_of({server.url()}), metrics);
  const auto first = keep.append("limits", 0, "one");
  ASSERT_TRUE(first) << first.error().detail;
  server.kill();
  EXPECT_EQ(keep.append("limits", *first, "lost").error().code, ErrorCode::unavailable);
  EXPECT_EQ(keep.take("owner").error().code, ErrorCode::unavailable);
  server.start();
  EXPECT_TRUE(succeeds([&] { return keep.append("limits", *first, "two").has_value(); }));
  EXPECT_EQ(keep.read("limits")->size(), 2U);
}

TEST(NatsKeep, ALogThatSomebodyHasEmptiedGoesOn) {
  const TestNatsServer server;
  Metrics metrics;
  NatsKeep keep(options_of({server.url()}), metrics);
  const auto first = keep.append("limits", 0, "one");
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_TRUE(keep.forget_before("limits", *first + 1));
  const auto records = keep.read("limits");
  ASSERT_TRUE(records);
  EXPECT_THAT(*records, ::testing::ElementsAre(Kept{*first, ""}));
  EXPECT_EQ(keep.append("limits", *first, "two"), *first + 1);
}

TEST(NatsKeep, AClusterOutlivesOneOfItsServers) {
  TestNatsCluster cluster;
  Metrics metrics;
  NatsKeep keep(options_of(cluster.urls()), metrics);
  std::uint64_t last = 0;
  const auto appends = [&](const char* text) {
    return succeeds([&] {
      // Without an answer it may stand there: then it is the last one.
      const auto number = keep.append("limits", last, text);
      if (number) return last = *number, true;
      const auto records = keep.read("limits");
      if (!records || records->empty() || records->back().bytes != text) return false;
      return last = records->back().number, true;
    });
  };
  ASSERT_TRUE(appends("before"));
  cluster.server(0).kill();
  EXPECT_TRUE(appends("without one"));
  cluster.server(0).start();
  EXPECT_TRUE(appends("after"));
  Result<std::vector<Kept>> records;
  ASSERT_TRUE(succeeds([&] { return (records = keep.read("limits")).has_value(); }));
  std::vector<std::string> texts;
  for (const Kept& record : *records) texts.push_back(record.bytes);
  EXPECT_THAT(texts, ::testing::ElementsAre("before", "without one", "after"));
}

TEST(NatsKeep, SaysWhenJetStreamIsOff) {
  TestNatsServer server({.more = "", .jetstream = TestNatsServer::JetStream::off});
  Metrics metrics;
  NatsKeep keep(options_of({server.url()}), metrics);
  const auto taken = keep.take("owner");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, ::testing::HasSubstr("JetStream"));
}

}  // namespace
}  // namespace gatehouse::bus
