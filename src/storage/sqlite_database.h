// SPDX-License-Identifier: Apache-2.0
//
// Database on a SQLite file: one writer thread with group commit, a pool of reading connections,
// a checkpoint thread; write-ahead log, synchronous=FULL: a write that has returned survives a
// power cut.
//
// Thread:  as Database says.
// Memory:  up to 2 MiB of page cache per connection in use.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/databases.h"
#include "storage/file_lock.h"
#include "storage/sqlite_checkpointer.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_writer.h"

namespace gatehouse::storage {

class SqliteDatabase final : public Database {
 public:
  static constexpr std::size_t readers_max = 16;

  // Error: unavailable, when another server has the file or it cannot be opened; conflict, when it
  // is no database of ours; not_found, when a command finds no file.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::filesystem::path& file,
                                                      Access access, SqliteWriter::Options options);
  ~SqliteDatabase() override;

  std::optional<std::string> dialect(std::string_view definition) const override;
  Result<> alone(const std::function<Result<>()>& body) override;

  // Copies the last committed state to `target`, which does not exist; writers go on.
  Result<> copy_to(const std::filesystem::path& target);

  // Commits since the start; group commit makes it smaller than the number of writes.
  std::uint64_t commits() const { return writer_->commits(); }

 protected:
  Result<> transact(Mode mode, const Body& body) override;

 private:
  class Reader;  // a borrowed connection

  SqliteDatabase(std::filesystem::path file, std::unique_ptr<FileLock> lock)
      : file_(std::move(file)), lock_(std::move(lock)) {}

  Result<> start(SqliteWriter::Options options);
  Result<> read_only(const Body& body);
  Result<std::unique_ptr<SqliteConnection>> take_reader();
  void give_reader(std::unique_ptr<SqliteConnection> connection);

  // Constant after opening.
  const std::filesystem::path file_;
  const std::unique_ptr<FileLock> lock_;  // null for a command
  std::unique_ptr<SqliteCheckpointer> checkpointer_;
  std::unique_ptr<SqliteWriter> writer_;

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_;  // guarded by mutex_, as is the next
  std::size_t readers_ = 0;                              // idle or borrowed
};

}  // namespace gatehouse::storage
