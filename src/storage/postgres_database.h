// SPDX-License-Identifier: Apache-2.0
//
// Database on PostgreSQL.
//
// `read` is a transaction at REPEATABLE READ, READ ONLY: one snapshot, never repeated by the
// server. `write` is SERIALIZABLE, so that an `fn` that is right on SQLite, where writes run one
// after the other, is right here: also one that reads a row and writes another. What the server
// refuses for that (40001, 40P01) runs again.
//
// The counter of the change log is a row that all logged writes meet at, so two at once do refuse
// each other. It is taken last, in one round trip with COMMIT; who was refused runs again behind a
// lock on its table, which is taken before the snapshot and in the order of asking, so each write
// runs twice at most for the counter's sake. Who finds the lock taken does not wait: he would be
// refused when it falls.
//
// A connection that breaks before COMMIT was sent has left nothing behind, so `fn` runs again. One
// that breaks afterwards without an answer leaves a write of which nobody knows whether it was
// kept: it fails as unavailable and never runs again. No later question could settle it: a server
// that has crashed or a replica that was promoted may give the transaction's number to another one.
// The same goes for an answer of a server that is known, by then, to be the primary no more.
//
// Thread:  as Database says; on_change is called on any of the writing threads.
#pragma once

#include <memory>

#include "storage/postgres_pool.h"
#include "storage/write_options.h"

namespace gatehouse::storage {

class PostgresTransaction;

class PostgresDatabase final : public Database {
 public:
  static constexpr std::size_t attempts_max = 40;
  // How long a write or read is tried.
  static constexpr std::chrono::seconds patience{5};

  // Connects once, so that what is wrong is known at the start.
  // Error: as PostgresServers::connect.
  static Result<std::unique_ptr<PostgresDatabase>> open(PostgresPlace place, WriteOptions options);

  std::optional<std::string> dialect(std::string_view definition) const override;
  Result<bool> may_define() override;
  // Inside an advisory lock of the database.
  Result<> alone(const std::function<Result<>()>& body) override;

 protected:
  Result<> transact(Mode mode, const Body& body) override;

 private:
  class Lent;  // a borrowed connection
  // What one attempt came to.
  struct Attempt {
    Result<> outcome;
    Trouble trouble = Trouble::none;
    std::uint64_t number = 0;  // of the last change
    bool has_changes = false;
  };
  // Whether an attempt waits for its turn at the change log.
  enum class Queue : std::uint8_t { none, change_log };

  PostgresDatabase(PostgresPlace place, WriteOptions options)
      : pool_(std::move(place)), options_(std::move(options)) {}

  Attempt attempt(Mode mode, Queue queue, Lent& lent, const Body& body);
  void commit(Queue queue, Lent& lent, PostgresTransaction& transaction, Attempt& made);
  static std::vector<std::string_view> opening(Mode mode, Queue queue, bool patient);

  PostgresPool pool_;
  const WriteOptions options_;
  std::atomic<bool> migrating_ = false;  // statements may take their time
};

}  // namespace gatehouse::storage
