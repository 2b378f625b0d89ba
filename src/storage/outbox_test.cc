// SPDX-License-Identifier: Apache-2.0
#include "storage/outbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "storage/apis/revocation_store.h"
#include "storage/apis/session_store.h"
#include "storage/change_log.h"
#include "storage/test_databases.h"
#include "storage/users/user_store.h"

namespace gatehouse::storage {
namespace {

class Outbox : public ::testing::TestWithParam<TestEngine> {
 protected:
  void tell(const std::string& id, const std::string& user, const std::string& kind = "locked") {
    ASSERT_TRUE(databases_.user_manager().write([&](Transaction& transaction) {
      return transaction.execute(
          "INSERT INTO um_outbox (id, tenant_id, kind, user_id, created_at_ms)"
          " VALUES ($1, 1, $4, $2, $3)",
          id, user, clock_.now(), kind);
    }));
  }
  Result<> drain() {
    return drain_outbox(databases_.user_manager(), databases_.api_manager(), clock_);
  }
  std::vector<std::string> users_in_the_change_log() {
    const auto changes = databases_.api_manager().read(
        [](Transaction& transaction) { return changes_since(transaction, 0, 10'000); });
    std::vector<std::string> users;
    for (const LoggedChange& logged : *changes) {
      EXPECT_EQ(logged.change.kind, model::ChangeKind::user);
      users.push_back(logged.change.id);
    }
    return users;
  }

  TestDatabases databases_{GetParam()};
  FakeClock clock_{from_ms(1'700'000'000'000)};
};

TEST_P(Outbox, EntriesReachTheChangeLogInTheirOrder) {
  tell("2", "ann");
  clock_.advance(std::chrono::milliseconds(1));
  tell("1", "bob");
  Database::take_change_number();
  ASSERT_TRUE(drain());
  EXPECT_EQ(Database::take_change_number(), 2U);
  EXPECT_EQ(users_in_the_change_log(), (std::vector<std::string>{"ann", "bob"}));
  ASSERT_TRUE(drain());
  EXPECT_EQ(Database::take_change_number(), 0U);
}

TEST_P(Outbox, AnEntryThatACrashLeftIsNotCopiedTwice) {
  tell("1", "ann");
  ASSERT_TRUE(drain());
  tell("1", "ann");  // as if its deletion had not been committed
  tell("2", "bob");
  ASSERT_TRUE(drain());
  EXPECT_EQ(users_in_the_change_log(), (std::vector<std::string>{"ann", "bob"}));
}

// The revocation means what was issued until the entry is drained: a refresh token of before has
// gone on meanwhile.
TEST_P(Outbox, APasswordResetTakesBackOnceWhatTheUserHad) {
  const auto sessions = [&] {
    return databases_.api_manager()
        .read([](Transaction& transaction) {
          return transaction.query("SELECT user_id FROM am_session WHERE tenant_id = 1");
        })
        ->size();
  };
  const auto session_of = [](const std::string& user) {
    StoredSession session;
    session.hash = "session of " + user;
    session.user_id = user;
    return session;
  };
  ASSERT_TRUE(databases_.api_manager().write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(SessionStore(transaction).insert(session_of("ann")));
    return SessionStore(transaction).insert(session_of("bob"));
  }));
  tell("1", "ann", std::string(outbox_password_reset));
  tell("2", "bob");
  clock_.advance(std::chrono::seconds(5));
  const Instant drained = clock_.now();
  ASSERT_TRUE(drain());
  clock_.advance(std::chrono::seconds(5));
  tell("1", "ann", std::string(outbox_password_reset));  // left by a crash
  ASSERT_TRUE(drain());
  EXPECT_EQ(sessions(), 1U);
  const auto revocations = databases_.api_manager().read(
      [](Transaction& transaction) { return RevocationStore(transaction).since(0, 10); });
  ASSERT_EQ(revocations->size(), 1U);
  EXPECT_EQ(revocations->front().kind, "user");
  EXPECT_EQ(revocations->front().value, "ann");
  EXPECT_EQ(revocations->front().issued_before, drained);
}

TEST_P(Outbox, TwoDrainsAtOnceCopyEachEntryOnce) {
  constexpr int count = 600;
  for (int i = 0; i < count; ++i) tell(std::to_string(i), std::to_string(i));
  std::vector<std::jthread> drains;
  for (int i = 0; i < 4; ++i) drains.emplace_back([&] { EXPECT_TRUE(drain()); });
  drains.clear();
  EXPECT_EQ(users_in_the_change_log().size(), static_cast<std::size_t>(count));
}

TEST_P(Outbox, SeenEntriesAreForgottenAfterADay) {
  tell("1", "ann");
  ASSERT_TRUE(drain());
  EXPECT_EQ(*forget_outbox_seen(databases_.api_manager(), clock_), 0);
  clock_.advance(std::chrono::hours(25));
  EXPECT_EQ(*forget_outbox_seen(databases_.api_manager(), clock_), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, Outbox,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
