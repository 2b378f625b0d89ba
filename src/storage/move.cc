// SPDX-License-Identifier: Apache-2.0
#include "storage/move.h"

#include <thread>

#include "core/digest.h"
#include "core/id.h"
#include "storage/apis/token_parts.h"
#include "storage/change_log.h"
#include "storage/database_files.h"
#include "storage/file_lock.h"
#include "storage/migration.h"
#include "storage/postgres_connection.h"
#include "storage/postgres_database.h"
#include "storage/sqlite_database.h"
#include "storage/table_copy.h"

namespace gatehouse::storage {

namespace {

using Stage = MoveProgress::Stage;

constexpr std::string_view sqlite_scheme = "sqlite:";
constexpr std::size_t connections_max = 4;  // to each
constexpr std::array<std::string_view, 3> names{"user_manager", "api_manager", "registry"};

// Where the name of the database stands, between "/" and "?"; empty without one.
std::string_view database_of(std::string_view url) {
  const std::string_view place = url.substr(0, std::min(url.find('?'), url.size()));
  const std::size_t slash = place.find('/', place.find("://") + 3);
  return slash == place.npos ? std::string_view() : place.substr(slash + 1);
}

bool names_database(std::string_view url) { return !database_of(url).empty(); }

// The database of this name, or the schema of this name in the database of the URL.
std::string database_url(std::string_view url, std::string_view name) {
  const std::size_t mark = std::min(url.find('?'), url.size());
  std::string place(url.substr(0, mark));
  std::string parameters(url.substr(mark));
  if (names_database(url)) {
    parameters += fmt::format("{}options=-csearch_path%3D{}", parameters.empty() ? "?" : "&", name);
  } else {
    if (!place.ends_with('/')) place += '/';
    place += name;
  }
  return place + parameters;
}

// Keeps servers away from the files that are left.
Result<std::vector<std::unique_ptr<FileLock>>> lock_files(const DatabaseOptions& options) {
  // A folder that is named wrongly is not made.
  if (options.api_manager.starts_with(sqlite_scheme) &&
      !std::filesystem::exists(options.data_dir)) {
    return fail(ErrorCode::not_found,
                fmt::format("There is no database in {}", options.data_dir.string()));
  }
  GH_TRY(files, database_files(options));
  std::vector<std::unique_ptr<FileLock>> locks;
  for (const std::filesystem::path* const file : files.all()) {
    if (file->empty()) continue;
    if (!std::filesystem::exists(*file)) {
      return fail(ErrorCode::not_found, fmt::format("There is no database {}", file->string()));
    }
    GH_TRY(lock, FileLock::take(*file));
    locks.push_back(std::move(lock));
  }
  return locks;
}

// PostgreSQL lists a connection for a moment after its client has gone.
constexpr std::chrono::seconds farewell_max{2};

// Error: conflict, when a server is connected.
Result<> refuse_servers(Database& database) {
  if (!is_postgresql(database)) return {};
  const Tick deadline = std::chrono::steady_clock::now() + farewell_max;
  for (;;) {
    GH_TRY(rows, database.read([](Transaction& transaction) {
      return transaction.query(
          "SELECT COUNT(*) FROM pg_stat_activity WHERE "
          "datname = current_database() AND application_name = $1",
          PostgresUrl::server_name);
    }));
    if (rows.front().number(0) == 0) return {};
    if (std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fail(ErrorCode::conflict,
              "A server is at work on the databases that are to be left: stop all of them first");
}

// Under a name by which it is told from servers.
DatabaseOptions named(DatabaseOptions options) {
  for (std::string* const url : {&options.user_manager, &options.api_manager, &options.registry}) {
    if (!PostgresUrl::is(*url)) continue;
    url->append(url->find('?') == url->npos ? "?" : "&").append("application_name=gatehouse-move");
  }
  return options;
}

// Names the target: what a move that was broken off has written there may be removed, and nothing
// else.
std::string place_of(const DatabaseOptions& options) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", options.data_dir.string(), options.user_manager,
                                options.api_manager, options.registry));
}

// Counters have a row from the start.
Result<> need_empty(Transaction& transaction, const std::vector<Table>& tables) {
  for (const Table& table : tables) {
    if (table.name.ends_with("_counter")) continue;
    GH_TRY(row, transaction.query_one(fmt::format("SELECT 1 FROM {} LIMIT 1", table.name)));
    if (!row) continue;
    return fail(ErrorCode::conflict,
                fmt::format("The databases to fill must be empty, and {} has rows", table.name));
  }
  return {};
}

// The three databases of one side, without what servers need beside them.
struct Side {
  std::unique_ptr<Database> user_manager;
  std::unique_ptr<Database> api_manager;
  std::unique_ptr<Database> registry;
};

Result<Side> open_side(const DatabaseOptions& options, Access access, const Clock& clock) {
  GH_TRY(files, database_files(options));
  GH_CHECK(refuse_half_restored(files));
  GH_TRY(urls, postgres_urls(options));
  Side side;
  const std::array places{&side.user_manager, &side.api_manager, &side.registry};
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (urls[i]) {
      GH_TRY(opened, PostgresDatabase::open(*urls[i], connections_max, WriteOptions{clock}));
      *places[i] = std::move(opened);
    } else {
      GH_TRY(opened, SqliteDatabase::open(*files.all()[i], access, WriteOptions{clock}));
      *places[i] = std::move(opened);
    }
  }
  return side;
}

// What is left must be of this version; what is filled becomes so.
Result<Side> open_source(const DatabaseOptions& options, const Clock& clock) {
  GH_TRY(side, open_side(options, Access::command, clock));
  GH_CHECK(check_migrated(*side.user_manager, user_manager_migrations));
  GH_CHECK(check_migrated(*side.api_manager, api_manager_migrations));
  GH_CHECK(check_migrated(*side.registry, registry_migrations));
  return side;
}

Result<Side> open_target(const DatabaseOptions& options, const Clock& clock) {
  GH_TRY(side, open_side(options, Access::server, clock));
  GH_CHECK(migrate(*side.user_manager, user_manager_migrations, clock));
  GH_CHECK(migrate(*side.api_manager, api_manager_migrations, clock, HalfFilled::opened));
  GH_CHECK(migrate(*side.registry, registry_migrations, clock));
  return side;
}

class Move {
 public:
  Move(Side& from, Side& to, const Clock& clock, const MoveTold& told)
      : from_(from), to_(to), clock_(clock), told_(told) {}

  // Marks the target, if an earlier move has not.
  Result<> begin(const std::string& place);
  // `last` is done in the transaction that fills api_manager. Returns how many rows were moved.
  Result<std::int64_t> fill_all(const std::function<Result<>(Transaction&)>& last);

 private:
  Result<std::int64_t> fill(std::string_view name, Database& from, Database& to,
                            const std::function<Result<>(Transaction&)>& last);
  Result<std::int64_t> fill_table(std::string_view name, const Table& table, Database& from,
                                  Transaction& to);

  Side& from_;
  Side& to_;
  const Clock& clock_;
  const MoveTold& told_;
};

Result<> Move::begin(const std::string& place) {
  GH_TRY(marked, to_.api_manager->read(half_filled_by));
  if (marked == place) return {};
  if (!marked.empty()) {
    return fail(
        ErrorCode::conflict,
        "Another move into this api_manager was broken off: run that one again, or drop the "
        "tables");
  }
  for (Database* const each : {to_.user_manager.get(), to_.registry.get()}) {
    GH_TRY(tables, tables_of(*each));
    GH_CHECK(each->read([&](Transaction& transaction) { return need_empty(transaction, tables); }));
  }
  GH_TRY(tables, tables_of(*to_.api_manager));
  const Instant now = clock_.now();
  return to_.api_manager->write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(need_empty(transaction, tables));
    return mark_half_filled(transaction, place, now);
  });
}

Result<std::int64_t> Move::fill_all(const std::function<Result<>(Transaction&)>& last) {
  GH_CHECK(make_token_parts(*to_.api_manager, clock_.now()));
  GH_TRY(of_users, fill(names[0], *from_.user_manager, *to_.user_manager, nullptr));
  GH_TRY(of_contents, fill(names[2], *from_.registry, *to_.registry, nullptr));
  GH_TRY(of_apis, fill(names[1], *from_.api_manager, *to_.api_manager, last));
  return of_users + of_contents + of_apis;
}

Result<std::int64_t> Move::fill(std::string_view name, Database& from, Database& to,
                                const std::function<Result<>(Transaction&)>& last) {
  GH_TRY(tables, tables_of(from));
  std::int64_t rows = 0;
  const auto in_one = [&](Transaction& transaction) -> Result<> {
    rows = 0;  // it may run again
    for (const Table& table : tables) {
      GH_CHECK(transaction.execute("DELETE FROM " + table.name));
    }
    for (const Table& table : tables) {
      GH_TRY(moved, fill_table(name, table, from, transaction));
      rows += moved;
    }
    return last ? last(transaction) : Result<>();
  };
  // A statement may take its time there.
  GH_CHECK(to.alone([&] { return to.write(in_one); }));
  return rows;
}

Result<std::int64_t> Move::fill_table(std::string_view name, const Table& table, Database& from,
                                      Transaction& to) {
  const auto tell = [&](std::int64_t rows, Stage stage) { told_({name, table.name, rows, stage}); };
  GH_TRY(taken, copy_rows(from, to, table, [&](std::int64_t rows) { tell(rows, Stage::copying); }));
  tell(taken.rows, Stage::copied);
  GH_TRY(written, sum_of(to, table));
  if (!(written == taken)) {
    return fail(ErrorCode::internal,
                fmt::format("{} of {} is not the same on both sides: nothing of it is kept",
                            table.name, name),
                fmt::format("{} rows were read, {} are there", taken.rows, written.rows));
  }
  tell(taken.rows, Stage::read_back);
  return taken.rows;
}

}  // namespace

Result<std::int64_t> move_databases(const DatabaseOptions& from, const DatabaseOptions& to,
                                    const Clock& clock, Random& random, const MoveTold& told) {
  GH_TRY(locks, lock_files(from));
  GH_TRY(source, open_source(named(from), clock));
  GH_CHECK(refuse_servers(*source.api_manager));
  GH_TRY(target, open_target(named(to), clock));
  Move move(source, target, clock, told);
  GH_CHECK(move.begin(place_of(to)));
  const std::string tag = random_uuid(random);
  return move.fill_all([&](Transaction& api_manager) -> Result<> {
    GH_CHECK(begin_another_history(api_manager, tag));
    return mark_filled(api_manager);
  });
}

Result<DatabaseOptions> databases_at(const std::string& url) {
  DatabaseOptions options;
  if (url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size()) {
    options.data_dir = url.substr(sqlite_scheme.size());
    return options;
  }
  if (!PostgresUrl::is(url)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("\"{}\" is neither \"sqlite:FOLDER\" nor \"postgres://USER@HOST\" or "
                            "\"postgres://USER@HOST/DATABASE\"",
                            url));
  }
  if (url.find("options=") != url.npos && names_database(url)) {
    return fail(ErrorCode::invalid_argument,
                "A URL with 'options' cannot name three schemas: write three URLs into a "
                "configuration file and name that");
  }
  options.user_manager = database_url(url, names[0]);
  options.api_manager = database_url(url, names[1]);
  options.registry = database_url(url, names[2]);
  return options;
}

Result<> make_schemas(const std::string& url) {
  if (!PostgresUrl::is(url) || !names_database(url)) return {};
  GH_TRY(place, PostgresUrl::parse(url));
  GH_TRY(connection, PostgresConnection::open(place));
  const auto run = [&](std::string_view sql, std::span<const Parameter> parameters) {
    connection->send(sql, parameters, Answer::wanted);
    return connection->round(std::chrono::steady_clock::now() + PostgresConnection::statement_max);
  };
  for (const std::string_view name : names) {
    // To make one that is there needs a right, too.
    GH_TRY(known,
           run("SELECT 1 FROM pg_namespace WHERE nspname = $1", std::array{Parameter(name)}));
    if (known.rows.empty()) GH_CHECK(run(fmt::format("CREATE SCHEMA {}", name), {}));
  }
  return {};
}

}  // namespace gatehouse::storage
