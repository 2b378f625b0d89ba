// SPDX-License-Identifier: Apache-2.0
#include "storage/move.h"

#include <gtest/gtest.h>

#include "storage/change_log.h"
#include "storage/file_lock.h"
#include "storage/table_copy.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

// Rows in each table: several pages.
constexpr std::int64_t rows_each = 300;

using Sums = std::map<std::string, std::pair<std::int64_t, std::string>>;

class MovedDatabases : public ::testing::Test {
 protected:
  MovedDatabases() { set_log_level(LogLevel::warning); }

  DatabaseOptions files(const std::string& name) {
    DatabaseOptions options;
    options.data_dir = folder_.path() / name;
    return options;
  }
  DatabaseOptions schemas() {
    TestPostgres& server = TestPostgres::instance();
    DatabaseOptions options = files("unused");
    options.user_manager = server.make_schema();
    options.api_manager = server.make_schema();
    options.registry = server.make_schema();
    return options;
  }
  std::unique_ptr<Databases> open(const DatabaseOptions& options) {
    auto opened = Databases::open(options, Access::server, clock_, random_);
    EXPECT_TRUE(opened) << opened.error().message << opened.error().detail;
    return opened ? *std::move(opened) : nullptr;
  }
  static std::array<Database*, 3> all(Databases& databases) {
    return {&databases.user_manager(), &databases.api_manager(), &databases.registry()};
  }

  // Rows in every table, of every type that a column has.
  DatabaseOptions filled_files() {
    const DatabaseOptions options = files("filled");
    const auto databases = open(options);
    for (Database* const database : all(*databases)) {
      const std::vector<Table> tables = *tables_of(*database);
      for (const Table& table : tables) fill(*database, table);
    }
    return options;
  }
  static void fill(Database& database, const Table& table) {
    const Result<> done = database.write([&](Transaction& transaction) -> Result<> {
      GH_TRY(columns, transaction.query("SELECT name, type FROM pragma_table_info($1) ORDER BY cid",
                                        table.name));
      std::string places;
      for (std::size_t i = 1; i <= columns.size(); ++i) {
        places += fmt::format("{}${}", i == 1 ? "" : ", ", i);
      }
      const std::string sql =
          fmt::format("INSERT INTO {} ({}) VALUES ({})", table.name, table.column_list(), places);
      for (std::int64_t row = 2; row < rows_each + 2; ++row) {
        std::vector<Parameter> values;
        for (const Row& column : columns) values.push_back(value(column.text(1), row));
        GH_CHECK(transaction.run_update(sql, values));
      }
      return {};
    });
    EXPECT_TRUE(done) << table.name << done.error().message << done.error().detail;
  }
  static Parameter value(const std::string& type, std::int64_t row) {
    if (type == "BIGINT") return row % 2 == 0 ? row : -row;
    if (type == "TEXT") return row % 7 == 0 ? fmt::format("{}", row) : fmt::format("ü{} ", row);
    return Bytes{std::string("\0\xff", 2) + std::to_string(row)};
  }

  // Rows and digest of each table, but for the counter with the tag.
  static Sums sums_of(Databases& databases) {
    Sums sums;
    for (Database* const database : all(databases)) {
      const std::vector<Table> tables = *tables_of(*database);
      for (const Table& table : tables) {
        if (table.name == "am_change_counter") continue;
        const auto sum =
            database->read([&](Transaction& transaction) { return sum_of(transaction, table); });
        EXPECT_TRUE(sum) << table.name << sum.error().detail;
        sums[table.name] = {sum->rows, to_bytes(sum->digest)};
      }
    }
    return sums;
  }
  Sums sums_at(const DatabaseOptions& options) {
    const auto databases = open(options);
    return databases ? sums_of(*databases) : Sums();
  }
  ChangeHead head_at(const DatabaseOptions& options) {
    return *open(options)->api_manager().read(
        [](Transaction& transaction) { return change_head(transaction); });
  }

  Result<std::int64_t> move(
      const DatabaseOptions& from, const DatabaseOptions& to,
      const MoveTold& told = [](const MoveProgress&) {}) {
    return move_databases(from, to, clock_, random_, told);
  }
  void expect_refused(const DatabaseOptions& from, const DatabaseOptions& to, ErrorCode code,
                      const std::string& said) {
    const auto moved = move(from, to);
    ASSERT_FALSE(moved) << said;
    EXPECT_EQ(moved.error().code, code) << moved.error().message;
    EXPECT_NE(moved.error().message.find(said), std::string::npos) << moved.error().message;
  }

  TestFolder folder_;
  SystemClock clock_;
  SeededRandom random_{42};
};

TEST_F(MovedDatabases, HaveEveryRowThereAndBackAgain) {
  const DatabaseOptions from = filled_files();
  const Sums sums = sums_at(from);
  const ChangeHead head = head_at(from);
  EXPECT_GT(sums.size(), 40U);
  for (const auto& [table, sum] : sums) EXPECT_GE(sum.first, rows_each) << table;

  const DatabaseOptions there = schemas();
  std::map<std::string, std::int64_t> told;
  const auto moved = move(from, there, [&](const MoveProgress& progress) {
    if (progress.stage == MoveProgress::Stage::read_back) told[progress.table] = progress.rows;
  });
  ASSERT_TRUE(moved) << moved.error().message << moved.error().detail;
  EXPECT_EQ(sums_at(there), sums);
  EXPECT_EQ(told.size(), sums.size() + 1);
  std::int64_t rows = 0;
  for (const auto& [table, count] : told) rows += count;
  EXPECT_EQ(*moved, rows);

  const DatabaseOptions back = files("back");
  const auto returned = move(there, back);
  ASSERT_TRUE(returned) << returned.error().message << returned.error().detail;
  EXPECT_EQ(sums_at(back), sums);
  // The source is what it was.
  EXPECT_EQ(sums_at(from), sums);
  // Numbers go on, in another history each time.
  EXPECT_EQ(head_at(there).number, head.number);
  EXPECT_EQ(head_at(back).number, head.number);
  EXPECT_EQ((std::set{head.tag, head_at(there).tag, head_at(back).tag}).size(), 3U);
}

TEST_F(MovedDatabases, AreNotWrittenOverOthers) {
  const DatabaseOptions from = filled_files();
  const DatabaseOptions to = schemas();
  open(to);  // has its tables now, and no row: that is empty
  {
    const auto databases = open(to);
    ASSERT_TRUE(databases->user_manager().write([](Transaction& transaction) {
      return transaction.execute(
          "INSERT INTO um_role (tenant_id, name, built_in) "
          "VALUES (1, 'cook', 0)");
    }));
  }
  expect_refused(from, to, ErrorCode::conflict, "um_role has rows");
  const auto databases = open(to);  // and may be started
  ASSERT_TRUE(databases);
  EXPECT_EQ(sums_of(*databases)["um_role"].first, 1);
  EXPECT_EQ(sums_of(*databases)["um_user"].first, 0);
}

TEST_F(MovedDatabases, AreNoServersOwn) {
  const DatabaseOptions from = filled_files();
  const DatabaseOptions to = schemas();
  expect_refused(files("nowhere"), to, ErrorCode::not_found, "There is no database");
  {
    const auto server = open(from);
    expect_refused(from, to, ErrorCode::unavailable, "in use by another process");
  }
  ASSERT_TRUE(move(from, to));
  const auto server = open(to);
  expect_refused(to, files("back"), ErrorCode::conflict, "A server is at work");
}

// A move ends at every table in turn, as by a crash, and is run again.
TEST_F(MovedDatabases, AreWholeOrDoNotOpen) {
  const DatabaseOptions from = filled_files();
  const Sums sums = sums_at(from);
  const DatabaseOptions to = schemas();
  struct Broken {};
  const auto breaking = [&](const std::string& table, MoveProgress::Stage stage) {
    return [=](const MoveProgress& progress) {
      if (progress.table == table && progress.stage == stage) throw Broken();
    };
  };
  for (const char* table : {"um_tenant", "um_user", "reg_content", "am_api", "am_usage_batch"}) {
    EXPECT_THROW(static_cast<void>(move(from, to, breaking(table, MoveProgress::Stage::copied))),
                 Broken)
        << table;
    const auto opened = Databases::open(to, Access::server, clock_, random_);
    ASSERT_FALSE(opened) << table;
    EXPECT_NE(opened.error().message.find("run it again"), opened.error().message.npos);
    const auto by_command = Databases::open(to, Access::command, clock_, random_);
    EXPECT_FALSE(by_command) << table;
  }
  // Another target that shares its api_manager may have rows of its own.
  DatabaseOptions other = to;
  other.user_manager = schemas().user_manager;
  expect_refused(from, other, ErrorCode::conflict, "Another move");
  const auto moved = move(from, to);
  ASSERT_TRUE(moved) << moved.error().message << moved.error().detail;
  EXPECT_EQ(sums_at(to), sums);
}

TEST_F(MovedDatabases, ADigestTellsEveryDifference) {
  const DatabaseOptions options = filled_files();
  const auto databases = open(options);
  const Sums before = sums_of(*databases);
  ASSERT_TRUE(databases->registry().write([](Transaction& transaction) {
    return transaction.execute("UPDATE reg_content SET bytes = $1 WHERE tenant_id = 2",
                               Bytes{std::string("\0\xfe", 2) + "2"});
  }));
  const Sums after = sums_of(*databases);
  EXPECT_NE(after.at("reg_content"), before.at("reg_content"));
  EXPECT_EQ(after.at("um_user"), before.at("um_user"));
}

struct PlaceCase {
  const char* url;
  const char* user_manager;
  const char* registry;
};

TEST(DatabasesAtAUrl, AreFilesDatabasesOrSchemas) {
  for (const PlaceCase& each : {
           PlaceCase{"sqlite:old", "sqlite:user_manager.db", "sqlite:registry.db"},
           PlaceCase{"postgres://u@h", "postgres://u@h/user_manager", "postgres://u@h/registry"},
           PlaceCase{"postgresql://u@h,i:5433/", "postgresql://u@h,i:5433/user_manager",
                     "postgresql://u@h,i:5433/registry"},
           PlaceCase{"postgres://h?sslmode=require", "postgres://h/user_manager?sslmode=require",
                     "postgres://h/registry?sslmode=require"},
           PlaceCase{"postgres://u:p@h/gh",
                     "postgres://u:p@h/gh?options=-csearch_path%3Duser_manager",
                     "postgres://u:p@h/gh?options=-csearch_path%3Dregistry"},
           PlaceCase{"postgres://h/gh?sslmode=require",
                     "postgres://h/gh?sslmode=require&options=-csearch_path%3Duser_manager",
                     "postgres://h/gh?sslmode=require&options=-csearch_path%3Dregistry"},
       }) {
    const auto options = databases_at(each.url);
    ASSERT_TRUE(options) << each.url;
    EXPECT_EQ(options->user_manager, each.user_manager);
    EXPECT_EQ(options->registry, each.registry);
  }
  EXPECT_EQ(databases_at("sqlite:old")->data_dir, "old");
  for (const char* url :
       {"", "sqlite:", "old", "mysql://h/gh", "postgres://h/gh?options=-cjit%3Doff"}) {
    EXPECT_FALSE(databases_at(url)) << url;
  }
}

}  // namespace
}  // namespace gatehouse::storage
