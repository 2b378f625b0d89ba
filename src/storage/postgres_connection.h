// SPDX-License-Identifier: Apache-2.0
//
// One connection to PostgreSQL, always in pipeline mode: statements are sent without waiting, and a
// round waits for the answers to all of them. Each statement is prepared once and kept by its text.
//
//   connection.send("BEGIN", {}, Answer::ignored);
//   connection.send(sql, parameters, Answer::wanted);
//   Result<Answered> answered = connection.round(deadline);   // one round trip
//
// Parameters have the types that the server finds in the statement: numbers travel as digits, text
// and bytes as they are. Values come back in the binary format. Notices of the server go nowhere.
//
// Thread:  one at a time.
// Memory:  up to `statements_max` prepared statements here and in the server.
// Source:  PostgreSQL 15, chapter 34.5 (pipeline mode).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "storage/database.h"
#include "storage/postgres_error.h"
#include "storage/postgres_timeline.h"

struct pg_conn;
struct pg_result;

namespace gatehouse::storage {

enum class Answer : std::uint8_t { wanted, ignored };

struct Answered {
  std::vector<Row> rows;
  std::int64_t changed = 0;
};

class PostgresConnection {
 public:
  // Longest that a statement may run, here and on the server.
  static constexpr std::chrono::seconds statement_max{10};

  // Takes over `handle`, which libpq has connected. `vigil` outlives the connection.
  // Error: unavailable, when the server falls silent; invalid_argument, when it is too old or its
  // database is not UTF-8.
  static Result<std::unique_ptr<PostgresConnection>> adopt(std::string name, pg_conn* handle,
                                                           PostgresVigil& vigil, Tick deadline);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection();

  // Begins a transaction with `sql`.
  void begin(std::string_view sql);

  // Its failure comes out of the next round.
  void send(std::string_view sql, std::span<const Parameter> parameters, Answer answer);

  // Waits for the answers to everything sent: that of the last statement whose answer is wanted, or
  // the first error. After an error nothing that was sent behind it has run.
  Result<Answered> round(Tick deadline);

  // Ends the transaction with `sql`, COMMIT or ROLLBACK; nobody waits for the answer.
  void end(std::string_view sql);

  // Of the last round that failed.
  Trouble trouble() const { return trouble_; }
  // Whether the last round may have run its last statement: no answer says that it did not.
  bool unsure() const { return unsure_; }
  bool lost() const { return lost_; }

  const PostgresTimeline& timeline() const { return timeline_; }
  // Whether a server of a higher timeline is known: this one is a primary no more.
  bool superseded() const { return timeline_.number > 0 && timeline_.number < vigil_.newest; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  // What an answer that is on its way is the answer to.
  struct Expected {
    enum class Kind : std::uint8_t { prepared, statement, sync } kind;
    Answer answer = Answer::ignored;
    const std::string* sql = nullptr;  // owned by statements_
    bool forgotten = false;            // of an earlier transaction: its failure is nobody's
  };
  struct Cleared {
    void operator()(pg_result* result) const;
  };
  using Reply = std::unique_ptr<pg_result, Cleared>;
  using Statements = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

  static constexpr std::size_t statements_max = 512;

  // A wait looks up this often whether the server is still the primary.
  static constexpr std::chrono::milliseconds slice{250};

  PostgresConnection(std::string name, pg_conn* handle, PostgresVigil& vigil)
      : name_(std::move(name)), vigil_(vigil), handle_(handle) {}

  Result<> set_up(Tick deadline);
  Result<> ask_timeline(Tick deadline);
  const Statements::value_type& prepare(std::string_view sql);
  void sync();
  void read(const Expected& expected, const pg_result* reply, Result<Answered>& outcome);
  Result<Answered> rows_of(const pg_result* reply, std::string_view sql) const;
  void refuse(const Expected& expected, const pg_result* reply, Result<Answered>& outcome);
  Result<Reply> next_reply(Tick deadline);
  Result<> wait(Tick deadline);
  tl::unexpected<Error> lose(std::string_view why);

  const std::string name_;  // of the database, for the log
  PostgresVigil& vigil_;
  pg_conn* handle_ = nullptr;
  PostgresTimeline timeline_;
  Statements statements_;       // text → the server's name for it
  std::uint64_t prepared_ = 0;  // since the start, for names
  std::deque<Expected> expected_;
  bool synced_ = true;  // nothing was sent since the last sync
  bool lost_ = false;
  bool unsure_ = false;
  Trouble trouble_ = Trouble::none;
};

}  // namespace gatehouse::storage
