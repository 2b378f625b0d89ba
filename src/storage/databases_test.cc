// SPDX-License-Identifier: Apache-2.0
#include "storage/databases.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "storage/change_log.h"
#include "storage/registry/content_store.h"
#include "storage/test_databases.h"

namespace gatehouse::storage {
namespace {

Result<std::int64_t> add_revocation(Transaction& transaction, std::int64_t number,
                                    std::string_view value) {
  return transaction.execute(
      "INSERT INTO am_revocation (number, tenant_id, kind, value, issued_before_ms, expires_at_ms)"
      " VALUES ($1, 1, 'token', $2, 0, 0)",
      number, value);
}

class ThreeDatabases : public ::testing::Test {
 protected:
  ThreeDatabases() { options_.data_dir = folder_.path() / "data"; }

  Result<std::unique_ptr<Databases>> open(Access access = Access::server) {
    return Databases::open(options_, access, clock_, random_);
  }
  static ChangeHead head_of(Databases& databases) {
    return *databases.api_manager().read(
        [](Transaction& transaction) { return change_head(transaction); });
  }

  TestFolder folder_;
  DatabaseOptions options_;
  SystemClock clock_;
  SeededRandom random_{42};
};

TEST_F(ThreeDatabases, LeaveTheRegistryAloneWhereNobodyNeedsIt) {
  options_.registry.clear();
  ASSERT_TRUE(open());
  EXPECT_TRUE(std::filesystem::exists(options_.data_dir / "api_manager.db"));
  EXPECT_FALSE(std::filesystem::exists(options_.data_dir / "registry.db"));
  ASSERT_TRUE(open(Access::command));
}

struct BadUrl {
  const char* url;
  const char* said;
};

TEST_F(ThreeDatabases, RefuseAUrlThatTheyCannotUse) {
  for (const BadUrl& bad : {BadUrl{"postgres://user:secret@host/", "names no database"},
                            BadUrl{"postgres://user:secret@host/db?colour=red", "cannot be read"},
                            BadUrl{"postgres://user:secr%zzet@host/db", "cannot be read"},
                            BadUrl{"user_manager.db", "not the URL of a database"},
                            BadUrl{"sqlite:", "not the URL of a database"},
                            BadUrl{"sqlite:api_manager.db", "a file each"}}) {
    options_.user_manager = bad.url;
    const auto opened = open();
    ASSERT_FALSE(opened) << bad.url;
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument) << bad.url;
    EXPECT_NE(opened.error().message.find(bad.said), std::string::npos) << opened.error().message;
    EXPECT_EQ((opened.error().message + opened.error().detail).find("secr"), std::string::npos);
  }
}

TEST_F(ThreeDatabases, KeepTheTagOfTheirHistoryOverARestart) {
  std::string tag;
  {
    const auto databases = open();
    ASSERT_TRUE(databases) << databases.error().message;
    tag = head_of(**databases).tag;
  }
  EXPECT_EQ(tag.size(), 36U);
  EXPECT_EQ(head_of(**open()).tag, tag);
}

TEST_F(ThreeDatabases, CannotBeSwapped) {
  ASSERT_TRUE(open());
  std::swap(options_.api_manager, options_.registry);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::conflict);
}

TEST_F(ThreeDatabases, AreFoundByACommandOnlyOnceAServerHasMadeThem) {
  EXPECT_FALSE(open(Access::command));
  const auto server = open();
  const auto command = open(Access::command);
  EXPECT_TRUE(command) << command.error().message;
}

TEST_F(ThreeDatabases, ComeBackFromABackupWithAnotherTag) {
  const auto backup = folder_.path() / "backup";
  ChangeHead before;
  {
    const auto databases = open();
    ASSERT_TRUE((*databases)->api_manager().write([](Transaction& transaction) -> Result<> {
      transaction.changed({model::ChangeKind::api, 1, "kept", {}, {}});
      return {};
    }));
    before = head_of(**databases);
    const Result<> copied = (*databases)->backup(backup);
    ASSERT_TRUE(copied) << copied.error().message << copied.error().detail;
    EXPECT_EQ((*databases)->backup(backup).error().code, ErrorCode::conflict);
    ASSERT_TRUE((*databases)->api_manager().write([](Transaction& transaction) -> Result<> {
      transaction.changed({model::ChangeKind::api, 1, "lost", {}, {}});
      return {};
    }));
    EXPECT_EQ(restore(backup, options_, clock_, random_).error().code, ErrorCode::unavailable);
  }
  const Result<> restored = restore(backup, options_, clock_, random_);
  ASSERT_TRUE(restored) << restored.error().message << restored.error().detail;
  const auto databases = open();
  ASSERT_TRUE(databases) << databases.error().message;
  EXPECT_EQ(head_of(**databases).number, before.number);
  EXPECT_NE(head_of(**databases).tag, before.tag);
  for (const auto& entry : std::filesystem::directory_iterator(options_.data_dir)) {
    EXPECT_EQ(entry.path().string().find("restor"), std::string::npos) << entry.path();
  }
}

TEST_F(ThreeDatabases, StayClosedAfterARestoreThatWasBrokenOff) {
  ASSERT_TRUE(open());
  EXPECT_EQ(restore(folder_.path(), options_, clock_, random_).error().code, ErrorCode::not_found);
  ASSERT_TRUE(open());
  const auto backup = folder_.path() / "backup";
  ASSERT_TRUE((*open())->backup(backup));
  std::ofstream(options_.data_dir / "restore.unfinished") << "";
  EXPECT_EQ(open().error().code, ErrorCode::conflict);
  ASSERT_TRUE(restore(backup, options_, clock_, random_));
  EXPECT_TRUE(open());
}

// What a row of the backup names is in the backup, however the copies fall among the writes.
TEST_F(ThreeDatabases, AreCopiedConsistentlyWhileWritesGoOn) {
  const auto backup = folder_.path() / "backup";
  std::atomic<std::int64_t> written = 0;
  {
    const auto databases = open();
    std::jthread writer([&](const std::stop_token& stop) {
      for (std::int64_t i = 1; !stop.stop_requested(); ++i) {
        const Content content = content_of(fmt::format("{:0>20000}", i), "text/plain");
        const auto hash = keep_content((*databases)->registry(), 1, content, clock_);
        EXPECT_TRUE(hash);
        EXPECT_TRUE((*databases)->api_manager().write([&](Transaction& transaction) {
          return add_revocation(transaction, i, *hash);
        }));
        written = i;
        written.notify_one();
      }
    });
    for (std::int64_t seen = 0; seen < 20; seen = written) written.wait(seen);
    ASSERT_TRUE((*databases)->backup(backup));
  }
  options_.data_dir = backup;
  const auto copies = open();
  ASSERT_TRUE(copies) << copies.error().message;
  const auto rows = (*copies)->api_manager().read([](Transaction& transaction) {
    return transaction.query("SELECT value FROM am_revocation WHERE tenant_id = 1");
  });
  EXPECT_GE(rows->size(), 20U);
  for (const Row& row : *rows) {
    EXPECT_TRUE((*copies)->registry().read([&](Transaction& transaction) {
      return ContentStore(transaction, 1).find(row.text(0));
    })) << row.text(0);
  }
}

}  // namespace
}  // namespace gatehouse::storage
