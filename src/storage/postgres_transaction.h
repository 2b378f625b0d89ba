// SPDX-License-Identifier: Apache-2.0
//
// A transaction on one PostgreSQL connection, for as long as one `fn` runs. It begins with the
// first statement, in the same round trip, and is lost with its first failed one.
//
// Thread:  the one that runs `fn`.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "storage/postgres_connection.h"

namespace gatehouse::storage {

class PostgresTransaction final : public Transaction {
 public:
  // How long one round trip may last: longer than the server lets a statement run.
  static constexpr std::chrono::seconds round_max = PostgresConnection::statement_max * 3 / 2;

  // `opening`: statements that begin it. `patience`: how long one round trip may last.
  PostgresTransaction(PostgresConnection& connection, std::span<const std::string_view> opening,
                      std::chrono::seconds patience)
      : connection_(connection), opening_(opening), patience_(patience) {}

  Result<std::vector<Row>> run(std::string_view sql,
                               std::span<const Parameter> parameters) override {
    GH_TRY(answered, ask(sql, parameters));
    return std::move(answered.rows);
  }
  Result<std::int64_t> run_update(std::string_view sql,
                                  std::span<const Parameter> parameters) override {
    GH_TRY(answered, ask(sql, parameters));
    return answered.changed;
  }
  void post_update(std::string_view sql, std::span<const Parameter> parameters) override {
    if (failure_) return;
    begin();
    connection_.send(sql, parameters, Answer::ignored);
    if (++posted_ >= posted_max) static_cast<void>(round().has_value());
  }

  std::uint64_t timeline() override { return connection_.timeline().number; }

  // Whether anything was sent.
  bool begun() const { return begun_; }
  // The first error of a statement.
  const std::optional<Error>& failure() const { return failure_; }

  bool has_changes() const { return !changes_.empty(); }
  std::vector<model::Change> take_changes() { return std::exchange(changes_, {}); }

  // Commits, with the rows of `last` if there is one, a statement without parameters.
  Result<Answered> commit(std::string_view last) {
    if (!last.empty()) {
      begin();
      connection_.send(last, {}, Answer::wanted);
    }
    connection_.send("COMMIT", {}, Answer::ignored);
    return round();
  }

 private:
  static constexpr std::size_t posted_max = 512;  // in one round trip

  Result<Answered> ask(std::string_view sql, std::span<const Parameter> parameters) {
    if (failure_) return tl::unexpected<Error>(*failure_);
    begin();
    connection_.send(sql, parameters, Answer::wanted);
    return round();
  }
  // Waits for the answers to all that was sent.
  Result<Answered> round() {
    posted_ = 0;
    auto answered = connection_.round(std::chrono::steady_clock::now() + patience_);
    if (!answered) failure_ = answered.error();
    return answered;
  }
  void begin() {
    if (std::exchange(begun_, true)) return;
    connection_.begin(opening_.front());
    for (const std::string_view sql : opening_.subspan(1)) {
      connection_.send(sql, {}, Answer::ignored);
    }
  }

  PostgresConnection& connection_;
  const std::span<const std::string_view> opening_;  // the caller's
  const std::chrono::seconds patience_;
  bool begun_ = false;
  std::size_t posted_ = 0;
  std::optional<Error> failure_;
};

}  // namespace gatehouse::storage
