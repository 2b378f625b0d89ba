// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_connection.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

// In the header of our files, so that nobody's else is taken for one ("GATE").
constexpr std::int64_t application_id = 0x47415445;

// How long another process (a command beside the server) may hold the file before we give up.
constexpr int busy_timeout_ms = 5'000;

// A statement that has run lets go of its locks and of the bound arguments.
class Running {
 public:
  explicit Running(sqlite3_stmt* statement) : statement_(statement) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { sqlite3_reset(statement_); }

 private:
  sqlite3_stmt* statement_;
};

// The arguments outlive the run, so SQLite need not copy them.
int bind(sqlite3_stmt* statement, int position, const Parameter::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, position, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Bytes>(&value)) {
    return sqlite3_bind_blob64(statement, position, blob->bytes.data(), blob->bytes.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, position);
}

std::string column_bytes(sqlite3_stmt* statement, int column) {
  const void* const bytes = sqlite3_column_blob(statement, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Parameter::Value column_value(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return std::monostate();
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_TEXT: return column_bytes(statement, column);
    case SQLITE_BLOB: return Bytes{column_bytes(statement, column)};
  }
  GH_ASSERT_NOT_REACHED();  // no column and no expression of ours is a floating-point number
}

Row current_row(sqlite3_stmt* statement) {
  const int columns = sqlite3_column_count(statement);
  std::vector<Parameter::Value> values;
  values.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) {
    values.push_back(column_value(statement, column));
  }
  return Row(std::move(values));
}

// PostgreSQL keeps no other text; the same is refused here, so that no data depends on the engine.
bool keepable(const Parameter& parameter) {
  const auto* const text = std::get_if<std::string>(&parameter.value());
  return text == nullptr || (text->find('\0') == std::string::npos && is_utf8(*text));
}

tl::unexpected<Error> wrong_sql(std::string_view why, std::string_view sql) {
  return fail(ErrorCode::internal, "Internal error", fmt::format("{}: {}", why, sql));
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::filesystem::path& file,
                                                                 Use use) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(file, use));
  GH_CHECK(connection->connect());
  return connection;
}

SqliteConnection::~SqliteConnection() {
  forget_statements();
  sqlite3_close(handle_);
}

Result<> SqliteConnection::connect() {
  const int opened = sqlite3_open_v2(file_.c_str(), &handle_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle_ != nullptr) sqlite3_extended_result_codes(handle_, 1);
  if (opened != SQLITE_OK || sqlite3_db_readonly(handle_, "main") == 1) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} cannot be opened for writing", file_.string()),
                handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_));
  }
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
  GH_CHECK(make_ours());
  for (const std::string_view setting :
       {"PRAGMA synchronous = FULL",
        // What is removed is overwritten, so that no erased name lies about in free pages.
        "PRAGMA secure_delete = ON",
        // The checkpointer copies the log into the file; a commit never waits for that.
        "PRAGMA wal_autocheckpoint = 0",
        // After a long reader has let the log grow, the next restart gives the space back.
        "PRAGMA journal_size_limit = 67108864",
        // Undoing one write must not need room on a disk that may be full.
        "PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF"}) {
    GH_CHECK(control(setting));
  }
  if (use_ == Use::read) GH_CHECK(control("PRAGMA query_only = ON"));
  return {};
}

// Refuses what is not ours before anything is written to it.
Result<> SqliteConnection::make_ours() {
  const std::span<const Parameter> none;
  const auto id =
      run("SELECT application_id, (SELECT COUNT(*) FROM sqlite_schema)"
          " FROM pragma_application_id",
          none);
  if (!id) {
    const int code = sqlite3_errcode(handle_);
    if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT) return tl::unexpected(id.error());
    return fail(ErrorCode::conflict,
                fmt::format("{} is not a database; it was left as it is", file_.string()),
                id.error().detail);
  }
  if (id->front().number(0) != application_id) {
    if (id->front().number(0) != 0 || id->front().number(1) != 0) {
      return fail(
          ErrorCode::conflict,
          fmt::format("{} is another program's database; it was left as it is", file_.string()));
    }
    GH_CHECK(control(fmt::format("PRAGMA application_id = {}", application_id)));
  }
  return control("PRAGMA journal_mode = WAL");
}

Result<const SqliteConnection::Statement*> SqliteConnection::prepare(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return &known->second;
  if (statements_.size() >= statements_max) forget_statements();

  Statement statement{};
  const char* rest = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement.handle, &rest) != SQLITE_OK) {
    return tl::unexpected(error(sql));
  }
  const auto refuse = [&](std::string_view why) {
    sqlite3_finalize(statement.handle);
    return wrong_sql(why, sql);
  };
  if (statement.handle == nullptr || !trim(std::string_view(rest, sql.end())).empty()) {
    return refuse("not one statement");
  }
  for (int i = 1; i <= sqlite3_bind_parameter_count(statement.handle); ++i) {
    const char* const name = sqlite3_bind_parameter_name(statement.handle, i);
    const auto number = parse_number(name != nullptr && *name == '$' ? name + 1 : "");
    if (!number || *number == 0) return refuse("a parameter is not $1, $2, ...");
    statement.argument_of.push_back(*number - 1);
    statement.arguments = std::max(statement.arguments, static_cast<std::size_t>(*number));
  }
  // SQLite lists each name once, so a number that is left out shows in the count.
  if (statement.arguments != statement.argument_of.size()) return refuse("a parameter is unused");
  return &statements_.emplace(sql, std::move(statement)).first->second;
}

Result<const SqliteConnection::Statement*> SqliteConnection::start(
    std::string_view sql, std::span<const Parameter> parameters) {
  GH_TRY(statement, prepare(sql));
  if (statement->arguments != parameters.size()) return wrong_sql("wrong number of arguments", sql);
  for (std::size_t i = 0; i < statement->argument_of.size(); ++i) {
    const Parameter& argument = parameters[statement->argument_of[i]];
    if (!keepable(argument)) return fail(ErrorCode::invalid_argument, bad_text, std::string(sql));
    if (bind(statement->handle, static_cast<int>(i) + 1, argument.value()) != SQLITE_OK) {
      return tl::unexpected(error(sql));
    }
  }
  return statement;
}

Result<std::vector<Row>> SqliteConnection::run(std::string_view sql,
                                               std::span<const Parameter> parameters) {
  GH_TRY(statement, start(sql, parameters));
  const Running running(statement->handle);
  std::vector<Row> rows;
  int code = 0;
  while ((code = sqlite3_step(statement->handle)) == SQLITE_ROW) {
    rows.push_back(current_row(statement->handle));
  }
  if (code != SQLITE_DONE) return tl::unexpected(error(sql));
  return rows;
}

Result<std::int64_t> SqliteConnection::run_update(std::string_view sql,
                                                  std::span<const Parameter> parameters) {
  GH_CHECK(run(sql, parameters));
  return std::int64_t{sqlite3_changes64(handle_)};
}

Result<> SqliteConnection::control(std::string_view sql) {
  GH_CHECK(run(sql, {}));
  return {};
}

void SqliteConnection::forget_statements() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement.handle);
  statements_.clear();
}

Error SqliteConnection::error(std::string_view doing) const {
  const int code = sqlite3_extended_errcode(handle_);
  std::string detail =
      fmt::format("{}: {} ({}): {}", file_.string(), sqlite3_errmsg(handle_), code, doing);
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return {ErrorCode::conflict, "Already exists", std::move(detail)};
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      return {ErrorCode::unavailable,
              use_ == Use::write ? "The database cannot take writes now"
                                 : "The database cannot be read now",
              std::move(detail)};
  }
  return {ErrorCode::internal, "Internal error", std::move(detail)};
}

}  // namespace gatehouse::storage
