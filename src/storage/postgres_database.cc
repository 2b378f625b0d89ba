// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_database.h"

#include "core/log.h"
#include "storage/change_log.h"
#include "storage/dialect.h"
#include "storage/postgres_transaction.h"

namespace gatehouse::storage {

namespace {

constexpr std::string_view change_lock_wait =
    "LOCK TABLE am_change_counter IN SHARE ROW EXCLUSIVE MODE";
constexpr std::string_view change_lock_or_fail =
    "LOCK TABLE am_change_counter IN ROW EXCLUSIVE MODE NOWAIT";

constexpr const char* superseded_detail = "another server has become the primary";

// Of pg_advisory_lock: "GATE".
constexpr std::int64_t advisory_lock = 0x47415445;
constexpr std::chrono::seconds migration_max{3'600};
constexpr std::chrono::milliseconds pause_max{50};

// Writers that met do not meet again at once: each waits for another while.
void pause_before(std::size_t attempt) {
  thread_local std::uint64_t mixed = std::hash<std::thread::id>()(std::this_thread::get_id());
  mixed = mixed * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  const auto longest = std::min<std::uint64_t>(std::chrono::microseconds(pause_max).count(),
                                               500U << std::min<std::size_t>(attempt, 10));
  std::this_thread::sleep_for(std::chrono::microseconds((mixed >> 33U) % longest));
}

}  // namespace

// Lends a connection for one transaction, and gives it back without an open one, whatever happens.
class PostgresDatabase::Lent {
 public:
  Lent(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
      : pool_(pool), connection_(std::move(connection)) {}
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    if (open_ && !connection_->lost()) connection_->end("ROLLBACK");
    pool_.give(std::move(connection_));
  }

  PostgresConnection& connection() { return *connection_; }
  void closed() { open_ = false; }

 private:
  PostgresPool& pool_;
  std::unique_ptr<PostgresConnection> connection_;
  bool open_ = true;
};

Result<std::unique_ptr<PostgresDatabase>> PostgresDatabase::open(PostgresPlace place,
                                                                 WriteOptions options) {
  std::unique_ptr<PostgresDatabase> database(
      new PostgresDatabase(std::move(place), std::move(options)));
  GH_TRY(connection, database->pool_.connect_beside());
  return database;
}

std::optional<std::string> PostgresDatabase::dialect(std::string_view definition) const {
  return postgres_dialect(definition);
}

Result<bool> PostgresDatabase::may_define() {
  GH_TRY(row, read([](Transaction& transaction) {
           return transaction.query_one(
               "SELECT CASE WHEN has_schema_privilege(current_schema(), 'CREATE') AND NOT EXISTS"
               " (SELECT 1 FROM pg_class WHERE oid = to_regclass('schema_migration')"
               "   AND NOT pg_has_role(relowner, 'USAGE')) THEN 1 ELSE 0 END");
         }));
  return row && row->flag(0);
}

Result<> PostgresDatabase::alone(const std::function<Result<>()>& body) {
  GH_TRY(connection, pool_.connect_beside());
  const Tick deadline = std::chrono::steady_clock::now() + migration_max;
  connection->send("SET statement_timeout = 0", {}, Answer::ignored);
  connection->send("SELECT pg_advisory_lock($1)", std::array{Parameter(advisory_lock)},
                   Answer::ignored);
  GH_CHECK(connection->round(deadline));
  migrating_ = true;
  Result<> outcome = body();
  migrating_ = false;
  return outcome;  // closing the connection gives the lock back
}

Result<> PostgresDatabase::transact(Mode mode, const Body& body) {
  const Tick deadline = std::chrono::steady_clock::now() + (migrating_ ? migration_max : patience);
  Queue queue = Queue::none;
  for (std::size_t attempts = 1;; ++attempts) {
    GH_TRY(taken, pool_.take(deadline));
    Lent lent(pool_, std::move(taken));
    Attempt made = attempt(mode, queue, lent, body);
    if (made.number != 0) {
      if (options_.on_change) options_.on_change(made.number);
      note_change_number(made.number);
    }
    if (made.trouble != Trouble::repeat && made.trouble != Trouble::lost) return made.outcome;
    if (attempts >= attempts_max || std::chrono::steady_clock::now() >= deadline) {
      return made.outcome;
    }
    if (made.has_changes) queue = Queue::change_log;
    if (made.trouble == Trouble::repeat && queue == Queue::none) pause_before(attempts);
  }
}

PostgresDatabase::Attempt PostgresDatabase::attempt(Mode mode, Queue queue, Lent& lent,
                                                    const Body& body) {
  PostgresConnection& connection = lent.connection();
  const std::vector<std::string_view> statements = opening(mode, queue, migrating_);
  PostgresTransaction transaction(connection, statements,
                                  migrating_ ? migration_max : PostgresTransaction::round_max);
  Result<> outcome = body(transaction);
  if (!transaction.begun()) lent.closed();
  Attempt made{std::move(outcome), Trouble::none, 0, transaction.has_changes()};
  if (const auto& failure = transaction.failure()) {
    made.outcome = tl::unexpected<Error>(*failure);
    made.trouble = connection.trouble();
    return made;
  }
  if (!made.outcome) return made;
  if (mode == Mode::write) {
    commit(queue, lent, transaction, made);
  } else {
    GH_ASSERT(!made.has_changes);
  }
  return made;
}

// The outcome of a commit is one of four: kept; refused; refused, but worth another attempt; and
// not known, which is the end of it.
void PostgresDatabase::commit(Queue queue, Lent& lent, PostgresTransaction& transaction,
                              Attempt& made) {
  PostgresConnection& connection = lent.connection();
  if (made.has_changes) {
    GH_ASSERT(options_.change_log == WriteOptions::ChangeLog::kept);
    if (queue == Queue::none) transaction.post(change_lock_or_fail);
    post_changes(transaction, transaction.take_changes(), options_.clock.now());
  }
  if (!transaction.begun()) return;
  if (connection.superseded()) {
    made.outcome = fail(ErrorCode::unavailable, "The database is not available", superseded_detail);
    made.trouble = Trouble::lost;
    return;
  }
  const auto answered = transaction.commit(made.has_changes ? newest_change_sql : "");
  const bool kept = answered && !connection.superseded();
  if (kept) {
    lent.closed();
    if (!answered->rows.empty()) {
      made.number = static_cast<std::uint64_t>(answered->rows.front().number(0));
    }
    return;
  }
  if (!answered) {
    made.outcome = tl::unexpected<Error>(answered.error());
    made.trouble = connection.trouble();
  }
  if (answered || (made.trouble == Trouble::lost && connection.unsure())) {
    made.trouble = Trouble::refused;
    made.outcome = fail(ErrorCode::unavailable,
                        "The database went away while it was asked to keep the change; it may have",
                        answered ? superseded_detail : answered.error().detail);
  }
}

std::vector<std::string_view> PostgresDatabase::opening(Mode mode, Queue queue, bool patient) {
  if (mode == Mode::read) return {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
  std::vector<std::string_view> statements{"BEGIN ISOLATION LEVEL SERIALIZABLE"};
  if (patient) statements.emplace_back("SET LOCAL statement_timeout = 0");
  // Before the first statement that needs a snapshot, so that the snapshot is one of the lock's
  // time.
  if (queue == Queue::change_log) statements.emplace_back(change_lock_wait);
  return statements;
}

}  // namespace gatehouse::storage
