// SPDX-License-Identifier: Apache-2.0
//
// What is SQLite's own: files, locks, group commit, the write-ahead log.
#include "storage/sqlite_database.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

using Clocked = SqliteWriter::Options;

std::string content_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class SqliteFile : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SqliteDatabase>> open(Access access = Access::server) {
    return SqliteDatabase::open(file_, access, Clocked{clock_});
  }
  static Result<std::int64_t> make_table(Transaction& transaction) {
    return transaction.execute("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, content BLOB)");
  }
  static Result<std::int64_t> insert(Transaction& transaction, std::int64_t id,
                                     std::size_t size = 0) {
    return transaction.execute("INSERT INTO t (id, content) VALUES ($1, $2)", id,
                               Bytes{std::string(size, 'x')});
  }

  TestFolder folder_;
  SystemClock clock_;
  const std::filesystem::path file_ = folder_.path() / "a.db";
};

TEST_F(SqliteFile, ThatIsNoDatabaseIsLeftAsItIs) {
  const std::string text(5'000, 'a');
  std::ofstream(file_) << text;
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::conflict);
  EXPECT_NE(opened.error().message.find("a.db is not a database"), std::string::npos);
  EXPECT_EQ(content_of_file(file_), text);
}

TEST_F(SqliteFile, OfAnotherProgramIsLeftAsItIs) {
  sqlite3* foreign = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &foreign), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(foreign, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(foreign);
  const std::string before = content_of_file(file_);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::conflict);
  EXPECT_NE(opened.error().message.find("another program's"), std::string::npos);
  EXPECT_EQ(content_of_file(file_), before);
}

TEST_F(SqliteFile, InUseByAServerIsRefusedToASecond) {
  auto first = open();
  ASSERT_TRUE(first) << first.error().message;
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_NE(second.error().message.find("in use by another process"), std::string::npos);
  first->reset();
  EXPECT_TRUE(open());
}

TEST_F(SqliteFile, IsWrittenByACommandBesideTheServer) {
  EXPECT_EQ(open(Access::command).error().code, ErrorCode::not_found);
  const auto server = open();
  const auto command = open(Access::command);
  ASSERT_TRUE(command) << command.error().message;
  ASSERT_TRUE((*command)->write([](Transaction& transaction) { return make_table(transaction); }));
  ASSERT_TRUE((*server)->write([](Transaction& transaction) { return insert(transaction, 1); }));
  ASSERT_TRUE((*command)->write([](Transaction& transaction) { return insert(transaction, 2); }));
  const auto row = (*server)->read(
      [](Transaction& transaction) { return transaction.query_one("SELECT COUNT(*) FROM t"); });
  EXPECT_EQ((*row)->number(0), 2);
}

TEST_F(SqliteFile, IsForItsOwnerOnly) {
  ASSERT_TRUE(open());
  EXPECT_EQ(std::filesystem::status(file_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// The rate that group commit gives on the disk at hand; what is promised is that writes share.
TEST_F(SqliteFile, CommitsManyWaitingWritesTogether) {
  const TestFolder on_disk(std::filesystem::temp_directory_path());
  const auto opened =
      SqliteDatabase::open(on_disk.path() / "a.db", Access::server, Clocked{clock_});
  ASSERT_TRUE(opened) << opened.error().message;
  SqliteDatabase& database = **opened;
  ASSERT_TRUE(database.write([](Transaction& transaction) { return make_table(transaction); }));

  for (const int threads : {1, 2, 8, 32}) {
    const int writes = threads == 1 ? 200 : 1'600 / threads;
    const std::uint64_t commits_before = database.commits();
    const Tick begin = clock_.tick();
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        for (int i = 0; i < writes; ++i) {
          const std::int64_t id = (threads * 100 + thread) * 10'000 + i;
          EXPECT_TRUE(database.write(
              [&](Transaction& transaction) { return insert(transaction, id, 200); }));
        }
      });
    }
    running.clear();
    const std::chrono::duration<double> spent = clock_.tick() - begin;
    const auto commits = static_cast<double>(database.commits() - commits_before);
    std::cout << fmt::format(
        "{:2} threads: {:6.0f} writes/s, {:5.0f} commits/s, {:4.0f} us per write of a thread\n",
        threads, threads * writes / spent.count(), commits / spent.count(),
        spent.count() * 1e6 / writes);
    EXPECT_TRUE(threads < 32 || commits * 4 < threads * writes) << commits;
  }
}

TEST_F(SqliteFile, LogIsEmptiedWhileWritesGoOn) {
  const auto opened = open();
  SqliteDatabase& database = **opened;
  ASSERT_TRUE(database.write([](Transaction& transaction) { return make_table(transaction); }));
  constexpr std::int64_t writes = 1'200;  // about 17 pages of 4 KiB each
  for (std::int64_t i = 0; i < writes; ++i) {
    ASSERT_TRUE(database.write(
        [&](Transaction& transaction) { return insert(transaction, i, 64 * 1024); }));
  }
  const auto log_bytes = std::filesystem::file_size(file_.string() + "-wal");
  EXPECT_LT(log_bytes, writes * 64U * 1024 / 2);
}

TEST_F(SqliteFile, IsWrittenWhileALongReaderKeepsTheLog) {
  const auto opened = open();
  SqliteDatabase& database = **opened;
  ASSERT_TRUE(database.write([](Transaction& transaction) { return make_table(transaction); }));
  const auto read = database.read([&](Transaction& reading) -> Result<> {
    GH_TRY(before, reading.query_one("SELECT COUNT(*) FROM t"));
    std::jthread writer([&] {
      for (std::int64_t i = 0; i < 600; ++i) {
        EXPECT_TRUE(database.write(
            [&](Transaction& transaction) { return insert(transaction, i, 64 * 1024); }));
      }
    });
    writer.join();
    GH_TRY(after, reading.query_one("SELECT COUNT(*) FROM t"));
    EXPECT_EQ(before->number(0), after->number(0));
    return {};
  });
  EXPECT_TRUE(read);
}

TEST_F(SqliteFile, NewestNumberIsToldBeforeTheWriteReturns) {
  std::atomic<std::uint64_t> told = 0;
  TestDatabases databases([&](std::uint64_t newest) { told = newest; });
  Database::take_change_number();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    ASSERT_TRUE(databases.api_manager().write([](Transaction& transaction) -> Result<> {
      transaction.changed({model::ChangeKind::policy, 1, "p", {}, {}});
      return {};
    }));
    EXPECT_EQ(told, number);
    EXPECT_EQ(Database::take_change_number(), number);
  }
}

}  // namespace
}  // namespace gatehouse::storage
