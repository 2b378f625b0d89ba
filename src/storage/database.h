// SPDX-License-Identifier: Apache-2.0
//
// One of the three databases: `write(fn)` and `read(fn)` are the only ways in.
//
// `write` runs `fn` in a transaction and returns once it is durable: group commit on SQLite (one
// commit for at most 256 writes or 1 ms), repeated on serialization failure and failover on
// PostgreSQL, so `fn` may run more than once and does nothing but its transaction: no hashing,
// signing, calls or clock inside. An error from `fn` rolls its own writes back and comes out.
// Writes are serializable: what `fn` has read is still so when it commits, as if it ran alone.
//
// SQL is one text for both engines: parameters are $1, $2, ... bound by name; column types are
// text, 64-bit integer and bytes; a flag is 0 or 1, an instant is milliseconds. No LIKE for search,
// no FOR UPDATE, no now(), no JSON operators, no RETURNING; ON CONFLICT is allowed. Every
// uniqueness promise is a UNIQUE constraint.
//
// Thread:  pool threads; write and read block and are never called on an event loop, nor from
//          inside another write or read.
// Error:   conflict, when a UNIQUE constraint refuses a row (message: "Already exists");
//          invalid_argument, for text that is not UTF-8 or has a NUL; unavailable, when the
//          database is locked, full or away, also if it went while committing: nobody knows then
//          whether the write was kept; internal, for wrong SQL. A statement that fails ends its
//          transaction on both engines: later ones return the same error and nothing is kept. What
//          may be there already is inserted with ON CONFLICT.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "model/change.h"

namespace gatehouse::storage {

// What a caller hears whose text is not UTF-8 or has a NUL.
inline constexpr const char* bad_text = "A text has characters that cannot be kept";

// Bytes for a BLOB column; text goes as std::string or string_view.
struct Bytes {
  std::string bytes;
};

// A parameter. Flags become 0 or 1, instants milliseconds, an empty optional NULL.
class Parameter {
 public:
  using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;

  Parameter(std::nullopt_t) {}
  Parameter(bool flag) : value_(std::int64_t{flag ? 1 : 0}) {}
  template <typename Number>
    requires(std::integral<Number> && !std::same_as<Number, bool>)
  Parameter(Number number) : value_(static_cast<std::int64_t>(number)) {}
  Parameter(Instant instant) : value_(to_ms(instant)) {}
  Parameter(std::string_view text) : value_(std::string(text)) {}
  Parameter(const std::string& text) : value_(text) {}
  Parameter(const char* text) : value_(std::string(text)) {}
  Parameter(Bytes bytes) : value_(std::move(bytes)) {}
  template <typename T>
  Parameter(const std::optional<T>& optional) {
    if (optional) *this = Parameter(*optional);
  }

  const Value& value() const { return value_; }

 private:
  Value value_;
};

// One row of an answer; columns count from 0 in the order of the SELECT.
class Row {
 public:
  explicit Row(std::vector<Parameter::Value> values) : values_(std::move(values)) {}

  bool is_null(std::size_t column) const;
  // NULL reads as "", 0, false or the epoch; another type than asked for is an assertion.
  const std::string& text(std::size_t column) const;
  const std::string& bytes(std::size_t column) const;
  std::int64_t number(std::size_t column) const;
  bool flag(std::size_t column) const { return number(column) != 0; }
  Instant instant(std::size_t column) const { return from_ms(number(column)); }

 private:
  std::vector<Parameter::Value> values_;
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  template <typename... Arguments>
  Result<std::vector<Row>> query(std::string_view sql, const Arguments&... arguments) {
    const std::vector<Parameter> parameters{Parameter(arguments)...};
    return run(sql, parameters);
  }
  // The first row, or nothing.
  template <typename... Arguments>
  Result<std::optional<Row>> query_one(std::string_view sql, const Arguments&... arguments) {
    GH_TRY(rows, query(sql, arguments...));
    if (rows.empty()) return std::optional<Row>();
    return std::optional<Row>(std::move(rows.front()));
  }
  // How many rows were inserted, changed or deleted.
  template <typename... Arguments>
  Result<std::int64_t> execute(std::string_view sql, const Arguments&... arguments) {
    const std::vector<Parameter> parameters{Parameter(arguments)...};
    return run_update(sql, parameters);
  }

  // As execute, for whoever does not need the count: nobody waits for the answer, so statements in
  // a row cost PostgreSQL one round trip, shared with what follows or with the commit. What goes
  // wrong comes out of a later statement, or of the write.
  template <typename... Arguments>
  void post(std::string_view sql, const Arguments&... arguments) {
    const std::vector<Parameter> parameters{Parameter(arguments)...};
    post_update(sql, parameters);
  }

  // Appends to the change log when the transaction commits; api_manager only. The number is taken
  // as the last statement before COMMIT, so the order of numbers is the order of commits.
  void changed(model::Change change) { changes_.push_back(std::move(change)); }

  virtual Result<std::vector<Row>> run(std::string_view sql,
                                       std::span<const Parameter> parameters) = 0;
  virtual Result<std::int64_t> run_update(std::string_view sql,
                                          std::span<const Parameter> parameters) = 0;
  virtual void post_update(std::string_view sql, std::span<const Parameter> parameters) = 0;

  // How often the server's data have gone on as those of another server: the timeline of
  // PostgreSQL. 0, where there is no such thing.
  virtual std::uint64_t timeline() { return 0; }

 protected:
  std::vector<model::Change> changes_;
};

class Database {
 public:
  virtual ~Database() = default;

  // `fn`: Result<T>(Transaction&). Returns its result once the transaction is durable.
  template <typename Function>
  auto write(Function&& fn) -> std::invoke_result_t<Function&, Transaction&> {
    return run(fn, Mode::write);
  }
  // The same in one snapshot, without writing.
  template <typename Function>
  auto read(Function&& fn) -> std::invoke_result_t<Function&, Transaction&> {
    return run(fn, Mode::read);
  }

  // A statement of a migration as this engine has it; nothing, when it needs none.
  virtual std::optional<std::string> dialect(std::string_view definition) const = 0;
  // Whether migrations may be applied over this connection: its user owns the tables, or may make
  // the first ones.
  virtual Result<bool> may_define() { return true; }
  // Runs `body`, which may write and read, while nobody else who asks for that runs: for
  // migrations. Error: of `body`; unavailable, when the turn does not come.
  virtual Result<> alone(const std::function<Result<>()>& body) = 0;

  // The number of the last change that a write on this thread has logged since the last call, or 0.
  // The REST layer waits until the gateway of this process stands there.
  static std::uint64_t take_change_number();

 protected:
  enum class Mode : std::uint8_t { read, write };
  using Body = std::function<Result<>(Transaction&)>;

  virtual Result<> transact(Mode mode, const Body& body) = 0;

  static void note_change_number(std::uint64_t number);

 private:
  // Marks a thread that runs an `fn`; another transaction from there would wait for itself.
  class Inside {
   public:
    Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside();
  };
  static void refuse_inside();

  template <typename Function>
  auto run(Function& fn, Mode mode) -> std::invoke_result_t<Function&, Transaction&> {
    using Outcome = std::invoke_result_t<Function&, Transaction&>;
    std::optional<Outcome> outcome;
    refuse_inside();
    const Result<> done = transact(mode, [&](Transaction& transaction) -> Result<> {
      const Inside inside;
      outcome.emplace(fn(transaction));
      if (!*outcome) return tl::unexpected<Error>(outcome->error());
      return {};
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return *std::move(outcome);
  }
};

}  // namespace gatehouse::storage
