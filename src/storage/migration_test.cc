// SPDX-License-Identifier: Apache-2.0
#include "storage/migration.h"

#include <gtest/gtest.h>

#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

class Migrations : public ::testing::Test {
 protected:
  void SetUp() override {
    const SqliteWriter::Options options{clock_};
    auto opened = SqliteDatabase::open(folder_.path() / "a.db", Access::server, options);
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = *std::move(opened);
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
  std::unique_ptr<SqliteDatabase> database_;

  const Migration first_{"x/0001_a",
                         "CREATE TABLE t (text TEXT);\nINSERT INTO t VALUES ('a;b');\n"};
  const Migration second_{"x/0002_b", "UPDATE t SET text = 'second';\n"};
};

TEST_F(Migrations, AreAppliedOnceInTheirOrder) {
  ASSERT_TRUE(migrate_to({first_}));
  EXPECT_EQ(text(), "a;b");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_EQ(text(), "second");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_TRUE(check_migrated(*database_, std::vector{first_, second_}));
}

TEST_F(Migrations, AnEditedStepIsRefused) {
  ASSERT_TRUE(migrate_to({first_}));
  const Migration edited{first_.name, "CREATE TABLE t (text TEXT, more TEXT);"};
  const Result<> outcome = migrate_to({edited, second_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_NE(outcome.error().message.find("x/0001_a"), std::string::npos);
  EXPECT_EQ(text(), "a;b");
}

TEST_F(Migrations, CommentsOfAStepMayBeEdited) {
  ASSERT_TRUE(migrate_to({first_}));
  const std::string text = "-- why\n" + std::string(first_.sql);
  EXPECT_TRUE(migrate_to({{first_.name, text}}));
}

TEST_F(Migrations, ANewerDatabaseIsLeftAsItIs) {
  ASSERT_TRUE(migrate_to({first_, second_}));
  const Result<> outcome = migrate_to({first_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
  EXPECT_NE(outcome.error().message.find("x/0002_b"), std::string::npos);
  EXPECT_FALSE(check_migrated(*database_, std::vector{first_}));
  EXPECT_EQ(text(), "second");
}

TEST_F(Migrations, AFailedStepLeavesNothingOfItself) {
  const Migration broken{"x/0002_b", "UPDATE t SET text = 'half';\nUPDATE absent SET x = 1;"};
  ASSERT_TRUE(migrate_to({first_}));
  EXPECT_FALSE(migrate_to({first_, broken}));
  EXPECT_EQ(text(), "a;b");
  ASSERT_TRUE(migrate_to({first_, second_}));
  EXPECT_EQ(text(), "second");
}

TEST_F(Migrations, ACommandDoesNotMigrate) {
  const Result<> outcome = check_migrated(*database_, std::vector{first_});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
}

TEST_F(Migrations, AFileIsCutIntoItsStatements) {
  EXPECT_EQ(statements_of("-- a; b\nCREATE TABLE t (\n  a TEXT\n);\n\n  -- c\nDROP TABLE t;"),
            (std::vector<std::string>{"CREATE TABLE t (\na TEXT\n)", "DROP TABLE t"}));
  EXPECT_TRUE(statements_of("-- nothing;\n").empty());
}

TEST_F(Migrations, OursUseOnlyTypesThatBothEnginesHave) {
  for (const auto& migrations :
       {user_manager_migrations, api_manager_migrations, registry_migrations}) {
    ASSERT_FALSE(migrations.empty());
    for (const Migration& migration : migrations) {
      for (const std::string& statement : statements_of(migration.sql)) {
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
