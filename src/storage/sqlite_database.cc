// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_database.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/log.h"
#include "storage/dialect.h"
#include "storage/sqlite_transaction.h"

namespace gatehouse::storage {

namespace {

// Makes an empty file that only we may read. An existing file is not even opened: closing it would
// drop the locks that SQLite holds on it in this process.
Result<> make_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
  if (descriptor < 0 && errno != EEXIST) {
    return fail(ErrorCode::unavailable, fmt::format("{} cannot be made", file.string()),
                std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& file,
                                                             Access access,
                                                             SqliteWriter::Options options) {
  std::unique_ptr<FileLock> lock;
  if (access == Access::server) {
    GH_TRY(taken, FileLock::take(file));
    lock = std::move(taken);
    GH_CHECK(make_private_file(file));
  } else if (!std::filesystem::exists(file)) {
    return fail(ErrorCode::not_found, fmt::format("There is no database {}", file.string()));
  }
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(file, std::move(lock)));
  GH_CHECK(database->start(std::move(options)));
  return database;
}

Result<> SqliteDatabase::start(SqliteWriter::Options options) {
  GH_TRY(writing, SqliteConnection::open(file_, SqliteConnection::Use::write));
  GH_TRY(copying, SqliteConnection::open(file_, SqliteConnection::Use::write));
  checkpointer_ = std::make_unique<SqliteCheckpointer>(std::move(copying));
  writer_ = std::make_unique<SqliteWriter>(std::move(writing), *checkpointer_, std::move(options));
  return {};
}

// Writers end before what they notify; the last connection to close empties the log into the file.
SqliteDatabase::~SqliteDatabase() {
  writer_.reset();
  checkpointer_.reset();
}

Result<> SqliteDatabase::transact(Mode mode, const Body& body) {
  if (mode == Mode::read) return read_only(body);
  GH_TRY(number, writer_->run(body));
  if (number != 0) note_change_number(number);
  return {};
}

std::optional<std::string> SqliteDatabase::dialect(std::string_view definition) const {
  return sqlite_dialect(definition);
}

// The file's lock keeps other servers out, and a command does not migrate.
Result<> SqliteDatabase::alone(const std::function<Result<>()>& body) { return body(); }

// Lends a connection for one transaction; what `fn` throws still gives it back.
class SqliteDatabase::Reader {
 public:
  Reader(SqliteDatabase& database, std::unique_ptr<SqliteConnection> connection)
      : database_(database), connection_(std::move(connection)) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (connection_->in_transaction()) {
      if (!connection_->control("ROLLBACK")) log_warning("database: a read did not end");
    }
    database_.give_reader(std::move(connection_));
  }

  SqliteConnection& connection() { return *connection_; }

 private:
  SqliteDatabase& database_;
  std::unique_ptr<SqliteConnection> connection_;
};

Result<> SqliteDatabase::read_only(const Body& body) {
  GH_TRY(taken, take_reader());
  Reader reader(*this, std::move(taken));
  GH_CHECK(reader.connection().control("BEGIN"));
  SqliteTransaction transaction(reader.connection());
  Result<> outcome = body(transaction);
  GH_ASSERT(transaction.take_changes().empty());
  if (const auto& failure = transaction.failure()) return tl::unexpected(*failure);
  return outcome;
}

Result<std::unique_ptr<SqliteConnection>> SqliteDatabase::take_reader() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [&] { return !idle_.empty() || readers_ < readers_max; });
    if (!idle_.empty()) {
      std::unique_ptr<SqliteConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++readers_;
  }
  auto opened = SqliteConnection::open(file_, SqliteConnection::Use::read);
  if (!opened) {
    const std::lock_guard lock(mutex_);
    --readers_;
    returned_.notify_one();
  }
  return opened;
}

void SqliteDatabase::give_reader(std::unique_ptr<SqliteConnection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

Result<> SqliteDatabase::copy_to(const std::filesystem::path& target) {
  GH_CHECK(make_private_file(target));
  GH_TRY(source, SqliteConnection::open(file_, SqliteConnection::Use::read));
  GH_TRY(copy, SqliteConnection::open(target, SqliteConnection::Use::write));
  GH_CHECK(copy->control("PRAGMA journal_mode = DELETE"));
  sqlite3_backup* const backup =
      sqlite3_backup_init(copy->handle(), "main", source->handle(), "main");
  if (backup == nullptr) return tl::unexpected(copy->error("backup"));
  // All pages in one step: one snapshot, and a write-ahead log lets writers go on meanwhile.
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) return tl::unexpected(copy->error("backup"));
  return {};
}

}  // namespace gatehouse::storage
