// SPDX-License-Identifier: Apache-2.0
//
// One connection to one SQLite file: prepares a statement once, binds $1, $2, ... by name, turns
// answers into rows and SQLite's codes into errors.
//
// Thread:  one thread at a time.
// Memory:  SQLite's page cache (2 MiB) and at most `statements_max` prepared statements.
// Source:  https://www.sqlite.org/pragma.html, https://www.sqlite.org/rescode.html
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/database.h"

namespace gatehouse::storage {

class SqliteConnection {
 public:
  enum class Use : std::uint8_t { write, read };

  // The file must exist; an empty one becomes a database.
  // Error: conflict, when the file is no database or another program's, which stays as it is;
  // unavailable, when it cannot be opened or not be written.
  static Result<std::unique_ptr<SqliteConnection>> open(const std::filesystem::path& file, Use use);

  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  // As Transaction says; `sql` is one statement.
  Result<std::vector<Row>> run(std::string_view sql, std::span<const Parameter> parameters);
  Result<std::int64_t> run_update(std::string_view sql, std::span<const Parameter> parameters);

  // One statement without parameters or rows: BEGIN, SAVEPOINT, COMMIT, PRAGMA.
  Result<> control(std::string_view sql);

  // False again after SQLite has rolled a whole transaction back by itself, as on a full disk.
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  sqlite3* handle() { return handle_; }

  // The connection's last error, for a client and, naming `doing`, for the log.
  Error error(std::string_view doing) const;

 private:
  struct Statement {
    sqlite3_stmt* handle;
    std::vector<std::size_t> argument_of;  // by SQLite's position: which argument stands there
    std::size_t arguments;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  static constexpr std::size_t statements_max = 512;

  SqliteConnection(std::filesystem::path file, Use use) : file_(std::move(file)), use_(use) {}

  Result<> connect();
  Result<> make_ours();
  Result<const Statement*> prepare(std::string_view sql);
  Result<const Statement*> start(std::string_view sql, std::span<const Parameter> parameters);
  void forget_statements();

  const std::filesystem::path file_;
  const Use use_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace gatehouse::storage
