// SPDX-License-Identifier: Apache-2.0
//
// A transaction on one SQLite connection, for as long as one `fn` runs. As on PostgreSQL, it is
// lost with its first failed statement: SQLite may have rolled it back, and what followed would be
// committed by itself.
//
// Thread:  the one that runs `fn`.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "storage/sqlite_connection.h"

namespace gatehouse::storage {

class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(connection) {}

  Result<std::vector<Row>> run(std::string_view sql,
                               std::span<const Parameter> parameters) override {
    return unless_lost([&] { return connection_.run(sql, parameters); });
  }
  Result<std::int64_t> run_update(std::string_view sql,
                                  std::span<const Parameter> parameters) override {
    return unless_lost([&] { return connection_.run_update(sql, parameters); });
  }
  // Here a statement runs at once; what goes wrong is the failure of the transaction.
  void post_update(std::string_view sql, std::span<const Parameter> parameters) override {
    static_cast<void>(run_update(sql, parameters).has_value());
  }

  // The first error of a statement.
  const std::optional<Error>& failure() const { return failure_; }

  std::vector<model::Change> take_changes() { return std::exchange(changes_, {}); }

 private:
  template <typename Statement>
  auto unless_lost(Statement&& statement) -> decltype(statement()) {
    if (failure_) return tl::unexpected<Error>(*failure_);
    auto answer = statement();
    if (!answer) failure_ = answer.error();
    return answer;
  }

  SqliteConnection& connection_;
  std::optional<Error> failure_;
};

}  // namespace gatehouse::storage
