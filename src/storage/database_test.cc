// SPDX-License-Identifier: Apache-2.0
//
// What Database promises, on every engine.
#include "storage/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "storage/change_log.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

// The tables of api_manager, and `note (name, text, number, content)`.
class DatabaseContract : public ::testing::TestWithParam<TestEngine> {
 protected:
  void SetUp() override {
    const auto table = database().dialect(
        "CREATE TABLE note (name TEXT NOT NULL PRIMARY KEY, text TEXT,"
        " number BIGINT, content BLOB)");
    ASSERT_TRUE(
        database().write([&](Transaction& transaction) { return transaction.execute(*table); }));
    Database::take_change_number();
  }

  Database& database() { return databases_.api_manager(); }

  static Result<std::int64_t> insert(Transaction& transaction, std::string_view name,
                                     std::int64_t number = 0) {
    return transaction.execute("INSERT INTO note (name, number) VALUES ($1, $2)", name, number);
  }

  std::int64_t count() {
    const auto rows = database().read([](Transaction& transaction) {
      return transaction.query_one("SELECT COUNT(*) FROM note");
    });
    return rows ? (*rows)->number(0) : -1;
  }

  TestDatabases databases_{GetParam()};
};

TEST_P(DatabaseContract, ValuesComeBackAsTheyWere) {
  const std::string bytes("\0\xff'\n", 4);
  const auto found = database().write([&](Transaction& transaction) -> Result<std::optional<Row>> {
    GH_CHECK(transaction.execute(
        "INSERT INTO note (content, number, text, name) VALUES ($4, $3, $2, $1)", "n", "Zoë",
        std::int64_t{-9'000'000'000'000'000'000}, Bytes{bytes}));
    return transaction.query_one("SELECT name, text, number, content FROM note");
  });
  ASSERT_TRUE(found) << found.error().detail;
  const Row& row = **found;
  EXPECT_EQ(row.text(0), "n");
  EXPECT_EQ(row.text(1), "Zoë");
  EXPECT_EQ(row.number(2), -9'000'000'000'000'000'000);
  EXPECT_EQ(row.bytes(3), bytes);
}

TEST_P(DatabaseContract, NothingReadsAsTheDefaultAndEmptyIsNotNothing) {
  const auto found = database().write([&](Transaction& transaction) -> Result<std::optional<Row>> {
    GH_CHECK(transaction.execute(
        "INSERT INTO note (name, text, number, content) VALUES ($1, $2, $3, $4)", "",
        std::optional<std::string>(), std::nullopt, Bytes{}));
    return transaction.query_one("SELECT name, text, number, content FROM note");
  });
  ASSERT_TRUE(found) << found.error().detail;
  const Row& row = **found;
  EXPECT_FALSE(row.is_null(0));
  EXPECT_TRUE(row.is_null(1));
  EXPECT_EQ(row.text(1), "");
  EXPECT_EQ(row.number(2), 0);
  EXPECT_FALSE(row.flag(2));
  EXPECT_EQ(row.instant(2), from_ms(0));
  EXPECT_FALSE(row.is_null(3));
}

TEST_P(DatabaseContract, ParametersAreBoundByNameAndMayRepeat) {
  const auto row = database().read([](Transaction& transaction) {
    return transaction.query_one("SELECT $2, $1, $2", "one", "two");
  });
  ASSERT_TRUE(row) << row.error().detail;
  EXPECT_EQ((*row)->text(0), "two");
  EXPECT_EQ((*row)->text(1), "one");
  EXPECT_EQ((*row)->text(2), "two");
}

TEST_P(DatabaseContract, ExecuteCountsTheRowsItChanged) {
  const auto changed = database().write([](Transaction& transaction) -> Result<std::int64_t> {
    for (const char* const name : {"a", "b", "c"}) GH_CHECK(insert(transaction, name));
    return transaction.execute("UPDATE note SET number = 1 WHERE name > $1", "a");
  });
  ASSERT_TRUE(changed) << changed.error().detail;
  EXPECT_EQ(*changed, 2);
}

struct Refusal {
  const char* name;
  const char* sql;
  std::vector<Parameter> arguments;
  ErrorCode code;
};

TEST_P(DatabaseContract, RefusesWithTheCodeThatTheCallerActsOn) {
  ASSERT_TRUE(database().write([](Transaction& transaction) { return insert(transaction, "a"); }));
  const Refusal refusals[] = {
      {"unique", "INSERT INTO note (name) VALUES ($1)", {"a"}, ErrorCode::conflict},
      {"not null", "INSERT INTO note (name) VALUES ($1)", {std::nullopt}, ErrorCode::internal},
      {"no such table", "SELECT 1 FROM absent", {}, ErrorCode::internal},
      {"argument missing", "SELECT $1, $2", {"a"}, ErrorCode::internal},
      {"argument unused", "SELECT $2", {"a", "b"}, ErrorCode::internal},
      {"two statements", "SELECT 1; SELECT 2", {}, ErrorCode::internal},
      {"NUL in a text",
       "UPDATE note SET text = $1",
       {std::string("a\0b", 3)},
       ErrorCode::invalid_argument},
      {"no UTF-8", "UPDATE note SET text = $1", {"\xc3("}, ErrorCode::invalid_argument},
  };
  for (const Refusal& refusal : refusals) {
    const auto outcome = database().write(
        [&](Transaction& transaction) { return transaction.run(refusal.sql, refusal.arguments); });
    ASSERT_FALSE(outcome) << refusal.name;
    EXPECT_EQ(outcome.error().code, refusal.code) << refusal.name << outcome.error().detail;
  }
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, AnErrorOfTheFunctionUndoesItsWritesAndComesOut) {
  const auto outcome = database().write([](Transaction& transaction) -> Result<> {
    GH_CHECK(insert(transaction, "a"));
    return fail(ErrorCode::forbidden, "no", "because", 7);
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::forbidden);
  EXPECT_EQ(outcome.error().number, 7U);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, AFailedStatementEndsItsTransactionEvenIfIgnored) {
  const auto outcome = database().write([](Transaction& transaction) -> Result<> {
    GH_CHECK(insert(transaction, "a"));
    EXPECT_FALSE(insert(transaction, "a"));
    EXPECT_FALSE(insert(transaction, "b"));
    return {};
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_EQ(outcome.error().message, "Already exists");
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, WhatIsPostedIsThereForWhatFollows) {
  const auto found = database().write([](Transaction& transaction) -> Result<std::int64_t> {
    for (int i = 0; i < 1'500; ++i) {
      transaction.post("INSERT INTO note (name, number) VALUES ($1, $2)", std::to_string(i), i);
    }
    GH_TRY(row, transaction.query_one("SELECT SUM(number) FROM note"));
    transaction.post("DELETE FROM note WHERE number >= $1", 10);
    return row->number(0);
  });
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(*found, 1'500 * 1'499 / 2);
  EXPECT_EQ(count(), 10);
}

TEST_P(DatabaseContract, AFailureOfWhatIsPostedComesOutOfWhatFollowsOrOfTheWrite) {
  const auto post = [](Transaction& transaction) {
    for (int i = 0; i < 2; ++i) {
      transaction.post("INSERT INTO note (name) VALUES ($1)", "a");
    }
  };
  const auto write = database().write([&](Transaction& transaction) -> Result<> {
    post(transaction);
    return {};
  });
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, ErrorCode::conflict);
  const auto query = database().write([&](Transaction& transaction) -> Result<> {
    post(transaction);
    EXPECT_EQ(transaction.query("SELECT 1").error().code, ErrorCode::conflict);
    EXPECT_FALSE(insert(transaction, "b"));
    return {};
  });
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().code, ErrorCode::conflict);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, NumbersOfEveryKindOfExpressionAreNumbers) {
  const auto row = database().write([](Transaction& transaction) -> Result<std::optional<Row>> {
    for (const std::int64_t number : {std::int64_t{9'000'000'000'000'000'000},
                                      std::int64_t{-20'000}, std::int64_t{123'456'789}}) {
      GH_CHECK(insert(transaction, std::to_string(number), number));
    }
    return transaction.query_one(
        "SELECT COUNT(*), SUM(number), MIN(number), 7, COALESCE(MAX(number), 0) + 1, number / 2"
        " FROM note WHERE number < $1 GROUP BY number ORDER BY number LIMIT $2",
        0, 1);
  });
  ASSERT_TRUE(row) << row.error().detail;
  const std::int64_t expected[] = {1, -20'000, -20'000, 7, -19'999, -10'000};
  for (std::size_t column = 0; column < std::size(expected); ++column) {
    EXPECT_EQ((*row)->number(column), expected[column]) << column;
  }
}

TEST_P(DatabaseContract, TextIsOrderedByItsBytes) {
  const std::vector<std::string> ordered{"A", "Z", "a", "ab", "b", "ä"};
  ASSERT_TRUE(database().write([&](Transaction& transaction) -> Result<> {
    for (std::size_t i = ordered.size(); i > 0; --i) GH_CHECK(insert(transaction, ordered[i - 1]));
    return {};
  }));
  const auto rows = database().read([](Transaction& transaction) {
    return transaction.query("SELECT name FROM note WHERE name > $1 ORDER BY name", "");
  });
  ASSERT_EQ(rows->size(), ordered.size());
  for (std::size_t i = 0; i < ordered.size(); ++i) EXPECT_EQ((*rows)[i].text(0), ordered[i]);
}

TEST_P(DatabaseContract, AnExceptionComesOutAndTheNextWriteWorks) {
  const auto throwing = [](Transaction& transaction) -> Result<> {
    GH_CHECK(insert(transaction, "a"));
    throw std::runtime_error("thrown by fn");
  };
  EXPECT_THROW((void)database().write(throwing), std::runtime_error);
  EXPECT_THROW((void)database().read([](Transaction&) -> Result<> { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(database().write([](Transaction& transaction) { return insert(transaction, "a"); }));
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, AReadSeesOneSnapshot) {
  const auto outcome = database().read([&](Transaction& transaction) -> Result<> {
    GH_TRY(before, transaction.query_one("SELECT COUNT(*) FROM note"));
    std::thread writer([&] {
      EXPECT_TRUE(database().write([](Transaction& other) { return insert(other, "a"); }));
    });
    writer.join();
    GH_TRY(after, transaction.query_one("SELECT COUNT(*) FROM note"));
    EXPECT_EQ(before->number(0), after->number(0));
    return {};
  });
  EXPECT_TRUE(outcome);
  EXPECT_EQ(count(), 1);
}

TEST_P(DatabaseContract, AReadDoesNotWrite) {
  const auto outcome =
      database().read([](Transaction& transaction) { return insert(transaction, "a"); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::internal);
  EXPECT_EQ(count(), 0);
}

TEST_P(DatabaseContract, ATransactionInsideAnotherIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto nothing = [](Transaction&) -> Result<> { return {}; };
  EXPECT_DEATH((void)database().write([&](Transaction&) { return database().write(nothing); }),
               "inside_transaction");
  EXPECT_DEATH((void)database().read([&](Transaction&) { return database().read(nothing); }),
               "inside_transaction");
}

TEST_P(DatabaseContract, ThirtyTwoThreadsWriteAndEachFailsAlone) {
  constexpr int threads = 32;
  constexpr int writes = 50;
  std::atomic<int> refused = 0;
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int i = 0; i < writes; ++i) {
        // Each name is written by two threads: one of them is refused, with its other row.
        const std::string name = fmt::format("{}-{}", thread / 2, i);
        const auto outcome = database().write([&](Transaction& transaction) -> Result<> {
          GH_CHECK(insert(transaction, fmt::format("{} of {}", name, thread)));
          GH_CHECK(insert(transaction, name));
          return {};
        });
        if (!outcome) {
          EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
          ++refused;
        }
      }
    });
  }
  running.clear();
  EXPECT_EQ(refused, threads * writes / 2);
  EXPECT_EQ(count(), threads * writes);
}

TEST_P(DatabaseContract, ChangesAreNumberedWithoutAGapInTheOrderOfCommits) {
  constexpr int threads = 16;
  constexpr int writes = 20;
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      std::uint64_t before = 0;
      for (int i = 0; i < writes; ++i) {
        // Every fourth write fails after its change, which then must not be heard of.
        const auto outcome = database().write([&](Transaction& transaction) -> Result<> {
          const std::string id = fmt::format("{}-{}", thread, i);
          transaction.changed({model::ChangeKind::api, 1, id, {}, {"Default", "Second"}});
          GH_CHECK(insert(transaction, id));
          if (i % 4 == 3) return fail(ErrorCode::conflict, "refused");
          return {};
        });
        const std::uint64_t number = Database::take_change_number();
        EXPECT_EQ(outcome.has_value(), number != 0);
        EXPECT_TRUE(number == 0 || number > before) << number << " after " << before;
        before = std::max(before, number);
      }
    });
  }
  running.clear();

  constexpr std::size_t logged = threads * writes * 3 / 4;
  const auto outcome = database().read([&](Transaction& transaction) -> Result<> {
    GH_TRY(head, change_head(transaction));
    EXPECT_EQ(head.number, logged);
    GH_TRY(changes, changes_since(transaction, 0, 1'000));
    EXPECT_EQ(changes.size(), logged);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      EXPECT_EQ(changes[i].number, i + 1);
      EXPECT_EQ(changes[i].change.kind, model::ChangeKind::api);
      EXPECT_TRUE(changes[i].change.environments_before.empty());
      EXPECT_EQ(changes[i].change.environments_after,
                (std::vector<std::string>{"Default", "Second"}));
    }
    GH_TRY(page, changes_since(transaction, 10, 5));
    EXPECT_EQ(page.front().number, 11U);
    EXPECT_EQ(page.size(), 5U);
    return {};
  });
  EXPECT_TRUE(outcome) << outcome.error().detail;
}

TEST_P(DatabaseContract, OfTwoWritersOfOneVersionOnlyOneWins) {
  constexpr int threads = 8;
  constexpr int rounds = 30;
  ASSERT_TRUE(database().write([](Transaction& transaction) { return insert(transaction, "a"); }));
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> won = 0;
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&] {
        const auto changed = database().write([&](Transaction& transaction) {
          return transaction.execute(
              "UPDATE note SET number = number + 1 WHERE name = 'a' AND number = $1", round);
        });
        ASSERT_TRUE(changed) << changed.error().detail;
        won += static_cast<int>(*changed);
      });
    }
    running.clear();
    EXPECT_EQ(won, 1);
  }
}

// Each write reads what others write, so run one by one they would be told apart.
TEST_P(DatabaseContract, WritesAreSerializable) {
  constexpr int threads = 8;
  constexpr int writes = 20;
  std::vector<std::jthread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int i = 0; i < writes; ++i) {
        const auto done = database().write([&](Transaction& transaction) -> Result<std::int64_t> {
          GH_TRY(row, transaction.query_one("SELECT COUNT(*) FROM note"));
          return insert(transaction, fmt::format("{}-{}", thread, i), row->number(0));
        });
        EXPECT_TRUE(done) << done.error().detail;
      }
    });
  }
  running.clear();
  const auto rows = database().read([](Transaction& transaction) {
    return transaction.query("SELECT number FROM note ORDER BY number");
  });
  ASSERT_EQ(rows->size(), static_cast<std::size_t>(threads * writes));
  for (std::size_t i = 0; i < rows->size(); ++i) {
    EXPECT_EQ((*rows)[i].number(0), static_cast<std::int64_t>(i));
  }
}

TEST_P(DatabaseContract, AWriteWithoutAChangeTakesNoNumber) {
  ASSERT_TRUE(database().write([](Transaction& transaction) { return insert(transaction, "a"); }));
  EXPECT_EQ(Database::take_change_number(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseContract,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
