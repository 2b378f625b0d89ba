// SPDX-License-Identifier: Apache-2.0
#include "storage/migration.h"

#include <gtest/gtest.h>

#include "storage/apis/token_parts.h"
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
    auto opened = PostgresDatabase::open({*PostgresUrl::parse(url_), 4}, options);
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

TEST_P(Migrations, AnAdditiveStepOfANewerVersionStopsNobody) {
  const std::string text = "-- additive\nCREATE TABLE more (id BIGINT);\n";
  ASSERT_TRUE(migrate_to({first_, {second_.name, text}}));
  EXPECT_TRUE(migrate_to({first_}));
  EXPECT_TRUE(check_migrated(*database_, std::vector{first_}));
  // One in the middle is no newer version, but another history.
  const Migration third{"x/0003_c", "UPDATE t SET text = 'third';\n"};
  EXPECT_FALSE(check_migrated(*database_, std::vector{first_, third}));
  EXPECT_FALSE(migrate_to({first_, third}));
}

TEST_P(Migrations, AnAdditiveStepBehindAnotherStopsAsThatDoes) {
  const Migration third{"x/0003_c", "-- additive\nCREATE TABLE u (id BIGINT);"};
  ASSERT_TRUE(migrate_to({first_, second_, third}));
  EXPECT_FALSE(migrate_to({first_}));
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

// A user of the same database who owns nothing, as nodes have where another one migrates.
TEST(MigrationByTheOwner, IsAwaitedByMembers) {
  TestPostgres& server = TestPostgres::instance();
  std::string url = server.make_schema();
  const std::string schema = url.substr(url.rfind('D') + 1);
  server.execute("DO $$ BEGIN CREATE ROLE member LOGIN; EXCEPTION WHEN OTHERS THEN NULL; END $$");
  server.execute("GRANT USAGE ON SCHEMA " + schema + " TO member");
  server.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA " + schema +
                 " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO member");
  const SystemClock clock;
  const PostgresUrl owner = *PostgresUrl::parse(url);
  const auto members = PostgresDatabase::open({owner.as("member", ""), 4}, {clock});
  ASSERT_TRUE(members) << members.error().detail;
  EXPECT_FALSE((*members)->may_define().value());
  const Result<> alone =
      migrate(**members, api_manager_migrations, clock, std::chrono::milliseconds(1));
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::forbidden);
  EXPECT_NE(alone.error().message.find(api_manager_migrations[0].name), std::string::npos);
  std::jthread waiting([&] { EXPECT_TRUE(migrate(**members, api_manager_migrations, clock)); });
  const auto owners = PostgresDatabase::open({owner, 4}, {clock});
  EXPECT_TRUE((*owners)->may_define().value());
  EXPECT_TRUE(migrate(**owners, api_manager_migrations, clock));
  waiting.join();
  // Parts of the tokens' table are made and dropped by who may not do so himself.
  const auto parts = [&] {
    const auto row = (*members)->read([](Transaction& transaction) {
      return transaction.query_one(
          "SELECT COUNT(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'am_token_hour_%'"
          " AND relnamespace = current_schema()::regnamespace");
    });
    return row ? (*row)->number(0) : -1;
  };
  EXPECT_TRUE(make_token_parts(**members, clock.now()));
  EXPECT_GT(parts(), 0);
  EXPECT_TRUE(forget_tokens(**members, clock.now() + std::chrono::hours(24 * 365), 10));
  EXPECT_EQ(parts(), 0);
}

// As many processes as may start at once on one server, each with connections of its own.
TEST(MigrationRace, IsWonByOneAndAwaitedByTheOthers) {
  const std::string url = TestPostgres::instance().make_schema();
  const SystemClock clock;
  std::vector<std::jthread> processes;
  for (int i = 0; i < 4; ++i) {
    processes.emplace_back([&] {
      const auto database = PostgresDatabase::open({*PostgresUrl::parse(url), 4}, {clock});
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

// What is said to be additive takes nothing away.
TEST(MigrationFiles, AdditiveOnesOnlyAdd) {
  for (const auto& migrations :
       {user_manager_migrations, api_manager_migrations, registry_migrations}) {
    for (const Migration& migration : migrations) {
      if (!is_additive(migration)) continue;
      for (const std::string& statement : statements_of(migration.sql)) {
        const bool adds =
            (statement.starts_with("CREATE ") && !statement.starts_with("CREATE UNIQUE ")) ||
            (statement.starts_with("ALTER TABLE ") &&
             statement.find(" ADD COLUMN ") != std::string::npos &&
             statement.find(" NOT NULL") == std::string::npos);
        EXPECT_TRUE(adds) << migration.name << ": " << statement;
      }
    }
  }
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
