// SPDX-License-Identifier: Apache-2.0
#include "storage/migration.h"

#include <gtest/gtest.h>

#include "storage/dialect.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

class Migrations : public ::testing::TestWithParam<TestEngine> {
 protected:
  void SetUp() override {
    database_ = open();
    ASSERT_TRUE(database_);
  }

  std::unique_ptr<Database> open() {
    const WriteOptions options{clock_};
    if (GetParam() == TestEngine::sqlite) {
      auto opened = SqliteDatabase::open(folder_.path() / "a.db", Access::server, options);
      return opened ? *std::move(opened) : nullptr;
    }
    if (url_.empty()) url_ = TestPostgres::instance().make_schema();
    auto opened = PostgresDatabase::open(*PostgresUrl::parse(url_), 4, options);
    return opened ? *std::move(opened) : nullptr;
  }

  Result<> migrate_to(std::vector<Migration> steps) { return migrate(*database_, steps, clock_); }
  // The text of the one row of table t, or the error.
  std::string text() {
    const auto row = database_->read(
        [](Transaction& transaction) { return transaction.query_one("SELECT text FROM t"); });
    return row ? (*row ? (*row)->text(0) : "no row") : row.error().detail;
  }

  TestFolder folder_;
  SystemClock clock_;
  std::string url_;
  std::unique_ptr<Database> database_;

  const Migration first_{"x/0001_a",
                         "CREATE TABLE t (text TEXT);\nINSERT INTO t VALUES ('a;b');\n"};
  const Migration second_{"x/0002_b", "UPDATE t SET text = 'second';\n"};
};

TEST_P(Migrations, AreAppliedOnceInTheirOrder) {
  ASSERT_TRUE(migrate_to({first_}));
  EXPECT_EQ(text(), "a;b");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_EQ(text(), "second");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_TRUE(check_migrated(*database_, std::vector{first_, second_}));
}

TEST_P(Migrations, AnEditedStepIsRefused) {
  ASSERT_TRUE(migrate_to({first_}));
  const Migration edited{first_.name, "CREATE TABLE t (text TEXT, more TEXT);"};
  const Result<> outcome = migrate_to({edited, second_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_NE(outcome.error().message.find("x/0001_a"), std::string::npos);
  EXPECT_EQ(text(), "a;b");
}

TEST_P(Migrations, CommentsOfAStepMayBeEdited) {
  ASSERT_TRUE(migrate_to({first_}));
  const std::string text = "-- why\n" + std::string(first_.sql);
  EXPECT_TRUE(migrate_to({{first_.name, text}}));
}

TEST_P(Migrations, ANewerDatabaseIsLeftAsItIs) {
  ASSERT_TRUE(migrate_to({first_, second_}));
  const Result<> outcome = migrate_to({first_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_NE(outcome.error().message.find("x/0002_b"), std::string::npos);
  EXPECT_FALSE(check_migrated(*database_, std::vector{first_}));
  EXPECT_EQ(text(), "second");
}

TEST_P(Migrations, AFailedStepLeavesNothingOfItself) {
  const Migration broken{"x/0002_b", "UPDATE t SET text = 'half';\nUPDATE absent SET x = 1;"};
  ASSERT_TRUE(migrate_to({first_}));
  EXPECT_FALSE(migrate_to({first_, broken}));
  EXPECT_EQ(text(), "a;b");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_EQ(text(), "second");
}

TEST_P(Migrations, ACommandDoesNotMigrate) {
  const Result<> outcome = check_migrated(*database_, std::vector{first_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
}

INSTANTIATE_TEST_SUITE_P(Engines, Migrations,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

// As many processes as may start at once on one server, each with connections of its own.
TEST(MigrationRace, IsWonByOneAndAwaitedByTheOthers) {
  const std::string url = TestPostgres::instance().make_schema();
  const SystemClock clock;
  std::vector<std::jthread> processes;
  for (int i = 0; i < 4; ++i) {
    processes.emplace_back([&] {
      const auto database = PostgresDatabase::open(*PostgresUrl::parse(url), 4, {clock});
      ASSERT_TRUE(database) << database.error().detail;
      const Result<> done = migrate(**database, api_manager_migrations, clock);
      EXPECT_TRUE(done) << done.error().message << done.error().detail;
      EXPECT_TRUE(check_migrated(**database, api_manager_migrations));
    });
  }
}

TEST(MigrationFiles, AFileIsCutIntoItsStatements) {
  EXPECT_EQ(statements_of("-- a; b\nCREATE TABLE t (\n  a TEXT\n);\n\n  -- c\nDROP TABLE t;"),
            (std::vector<std::string>{"CREATE TABLE t (\na TEXT\n)", "DROP TABLE t"}));
  EXPECT_TRUE(statements_of("-- nothing;\n").empty());
}

TEST(MigrationFiles, UseOnlyTypesThatBothEnginesHave) {
  for (const auto& migrations :
       {user_manager_migrations, api_manager_migrations, registry_migrations}) {
    ASSERT_FALSE(migrations.empty());
    for (const Migration& migration : migrations) {
      for (const std::string& whole : statements_of(migration.sql)) {
        const std::string statement = sqlite_dialect(whole).value_or("");
        for (const char* const word : {"INTEGER", "BOOLEAN", "TIMESTAMP", "VARCHAR", "DEFAULT",
                                       "AUTOINCREMENT", "WITHOUT ROWID", "REAL", "SERIAL"}) {
          EXPECT_EQ(statement.find(word), std::string::npos) << migration.name << ": " << word;
        }
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::storage
