// SPDX-License-Identifier: Apache-2.0
#include "publisher/snapshot_shelf.h"

#include <atomic>
#include <thread>

#include "publisher/test_feed.h"

namespace gatehouse::publisher {

namespace {

TEST(SnapshotsOnTheirWay, AreTwoAtOnceForAsLongAsTheyNeed) {
  FakeClock clock{from_ms(1'795'000'000'000)};
  SnapshotShelf shelf(clock);
  const auto taken = [&](std::size_t bytes) {
    SnapshotShelf::Turn turn(shelf);
    if (turn.taken()) turn.sends(bytes);
    return turn.taken();
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(taken(SnapshotShelf::bytes_per_ms - 1));  // have left
  EXPECT_TRUE(taken(1'000 * SnapshotShelf::bytes_per_ms));
  EXPECT_TRUE(taken(3'000 * SnapshotShelf::bytes_per_ms));
  EXPECT_FALSE(taken(1));
  clock.advance(std::chrono::seconds(1));
  {
    const SnapshotShelf::Turn rendering(shelf);
    EXPECT_TRUE(rendering.taken());
    clock.advance(std::chrono::seconds(1));
    EXPECT_FALSE(taken(1));
  }
  EXPECT_TRUE(taken(1));
}

TEST(SnapshotsOnAShelf, AreNotMoreThanItsMemory) {
  FakeClock clock{from_ms(1'795'000'000'000)};
  SnapshotShelf shelf(clock);
  const WholeSnapshot small{"tag", 1, std::make_shared<const std::string>(1'000, 'x')};
  const WholeSnapshot half{
      "tag", 2, std::make_shared<const std::string>(SnapshotShelf::kept_bytes_max / 2, 'x')};
  const auto keeps = [&](const std::string& name, const WholeSnapshot& whole) {
    shelf.keep({name}, whole);
    return shelf.find({name}).lines == whole.lines;
  };
  EXPECT_TRUE(keeps("a", half));
  EXPECT_TRUE(keeps("b", half));
  EXPECT_FALSE(keeps("c", small));
  EXPECT_TRUE(keeps("a", small));
  EXPECT_TRUE(keeps("c", small));
  clock.advance(SnapshotShelf::kept_max);
  EXPECT_TRUE(keeps("c", small));
  clock.advance(std::chrono::milliseconds(1));
  shelf.tidy();
  EXPECT_EQ(shelf.find({"a"}).lines, nullptr);
  for (std::size_t i = 0; i < SnapshotShelf::kinds_max - 1; ++i) {
    EXPECT_TRUE(keeps(std::to_string(i), small));
  }
  EXPECT_FALSE(keeps("one more", small));
  EXPECT_NE(shelf.find({"c"}).lines, nullptr);
}

// A gateway that starts from a snapshot that was kept knows the same as one with a fresh one.
TEST_F(FeedTest, ASnapshotIsKeptForThoseWhoComeNext) {
  const auto next = [&] { return snapshot("Default", std::chrono::seconds(20)); };
  make_published_api();
  const std::uint64_t first = snapshot().to;
  make_published_api({{"name", "Pasta"}, {"context", "/pasta"}});
  TestGateway gateway;
  for (int i = 0; i < 5; ++i) gateway.apply(next());  // kept as long as somebody asks
  EXPECT_EQ(gateway.number, first);
  catch_up(gateway);
  TestGateway other = gateway_with_snapshot();
  EXPECT_GT(other.number, first);
  EXPECT_EQ(gateway.number, other.number);
  EXPECT_EQ(gateway.known, other.known);
  EXPECT_TRUE(snapshot("Elsewhere", std::chrono::seconds(0)).upserts.size() < gateway.known.size());
}

TEST_F(FeedTest, ASnapshotIsKeptAsLongAsChangesGoOnFromIt) {
  const auto next = [&] { return snapshot("Default", std::chrono::seconds(1)).to; };
  const auto commit = [&](std::size_t changes) {
    write([&](Transaction& transaction) {
      for (std::size_t i = 0; i < changes; ++i) {
        transaction.changed({ChangeKind::application, 1, "none", {}, {}});
      }
    });
  };
  make_published_api();
  std::uint64_t number = snapshot().to;
  commit(Feed::changes_max);
  EXPECT_EQ(next(), number);
  commit(1);
  EXPECT_EQ(next(), number + Feed::changes_max + 1);
  number = next();
  commit(3);
  EXPECT_EQ(next(), number);
  write([&](Transaction& transaction) {
    EXPECT_TRUE(storage::forget_changes(transaction, Instant::max()));
  });
  EXPECT_EQ(next(), number + 3);
  commit(1);
  EXPECT_EQ(next(), number + 3);
  write([&](Transaction& transaction) {
    EXPECT_TRUE(storage::begin_another_history(transaction, "another"));
  });
  EXPECT_EQ(next(), number + 4);
}

// A table that is locked holds whoever renders a snapshot.
TEST(FeedOnPostgresql, OfThreeSnapshotsAtOnceOneIsSentAway) {
  const SystemClock clock;
  storage::TestDatabases databases(storage::TestEngine::postgresql);
  Feed feed(databases.all(), clock, "issuer");
  std::atomic<int> sent_away = 0;
  std::vector<rest::TestAnswer> answers(3);
  std::vector<std::thread> gateways;
  const Result<> done = databases.api_manager().write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(transaction.execute("LOCK TABLE am_policy IN ACCESS EXCLUSIVE MODE"));
    for (rest::TestAnswer& answer : answers) {
      gateways.emplace_back([&] {
        answer = rest::ask(feed, "", "GET /internal/data/v1/snapshot");
        if (answer.status == 503) ++sent_away;
      });
    }
    while (sent_away == 0) std::this_thread::yield();
    return {};
  });
  EXPECT_TRUE(done) << done.error().detail;
  for (std::thread& gateway : gateways) gateway.join();
  int served = 0;
  for (const rest::TestAnswer& answer : answers) {
    if (answer.status == 200) ++served;
    if (answer.status == 503) {
      EXPECT_NE(answer.headers.find("Retry-After"), nullptr);
    }
  }
  EXPECT_EQ(served, 2);
  EXPECT_EQ(sent_away, 1);
}

}  // namespace

}  // namespace gatehouse::publisher
