// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <charconv>

#include "core/text.h"
#include "storage/postgres_value.h"

namespace gatehouse::storage {

namespace {

constexpr int version_min = 130'000;
constexpr std::string_view crash_shutdown = "57P02";
constexpr int text_format = 0;
constexpr int binary_format = 1;

// A statement's arguments as libpq takes them; lives as long as they do.
class Arguments {
 public:
  explicit Arguments(std::span<const Parameter> parameters) {
    numbers_.reserve(parameters.size());
    for (const Parameter& parameter : parameters) add(parameter.value());
  }

  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const Parameter::Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      numbers_.push_back(std::to_string(*number));
      add(numbers_.back(), text_format);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      add(*text, binary_format);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      add(bytes->bytes, binary_format);
    } else {
      values_.push_back(nullptr);
      lengths_.push_back(0);
      formats_.push_back(text_format);
    }
  }
  void add(const std::string& bytes, int format) {
    values_.push_back(bytes.data());
    lengths_.push_back(static_cast<int>(bytes.size()));
    formats_.push_back(format);
  }

  std::vector<std::string> numbers_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

std::string_view sqlstate_of(const PGresult* reply) {
  const char* const state = PQresultErrorField(reply, PG_DIAG_SQLSTATE);
  return state == nullptr ? std::string_view() : std::string_view(state);
}

}  // namespace

void PostgresConnection::Cleared::operator()(pg_result* result) const { PQclear(result); }

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::adopt(std::string name,
                                                                      pg_conn* handle,
                                                                      PostgresVigil& vigil,
                                                                      Tick deadline) {
  std::unique_ptr<PostgresConnection> connection(
      new PostgresConnection(std::move(name), handle, vigil));
  GH_CHECK(connection->set_up(deadline));
  return connection;
}

PostgresConnection::~PostgresConnection() { PQfinish(handle_); }

Result<> PostgresConnection::set_up(Tick deadline) {
  const char* const encoding = PQparameterStatus(handle_, "server_encoding");
  if (PQserverVersion(handle_) < version_min || encoding == nullptr ||
      std::string_view(encoding) != "UTF8") {
    return fail(ErrorCode::invalid_argument,
                fmt::format("The database {} must be of PostgreSQL 13 or later, and UTF8", name_));
  }
  PQsetNoticeReceiver(handle_, [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(handle_, 1) != 0 || PQenterPipelineMode(handle_) != 1) {
    return lose(PQerrorMessage(handle_));
  }
  // A statement that hangs ends, and so does a transaction whose client has gone to sleep. A
  // statement is planned once, whatever its parameters: a look among the partitions of tokens takes
  // five times as long to plan as to run. Such a plan must not scan a table that was empty when it
  // was made and no longer is, so indices are used wherever there is one.
  send(
      "SELECT set_config('statement_timeout', $1, false),"
      " set_config('idle_in_transaction_session_timeout', $2, false),"
      " set_config('plan_cache_mode', 'force_generic_plan', false),"
      " set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false)",
      std::array{Parameter(fmt::format("{}s", statement_max.count())),
                 Parameter(fmt::format("{}s", 2 * statement_max.count()))},
      Answer::ignored);
  return ask_timeline(deadline);
}

// In a segment of its own: a server that does not tell, for whatever reason, is good all the same.
Result<> PostgresConnection::ask_timeline(Tick deadline) {
  sync();
  send(
      "SELECT (SELECT system_identifier FROM pg_control_system()), CASE WHEN pg_is_in_recovery()"
      " THEN '' ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END",
      {}, Answer::wanted);
  const Result<Answered> told = round(deadline);
  if (!told) {
    if (lost_) return tl::unexpected<Error>(told.error());
    return {};
  }
  const std::string& number = told->rows.at(0).text(1);
  std::uint64_t timeline = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), timeline, 16);
  if (read.ec == std::errc()) timeline_ = {told->rows.at(0).number(0), timeline};
  return {};
}

void PostgresConnection::begin(std::string_view sql) {
  if (statements_.size() >= statements_max) {
    // What is on its way was prepared before, and must not look for its text any more.
    for (Expected& expected : expected_) expected.sql = nullptr;
    statements_.clear();
    expected_.push_back({Expected::Kind::statement});
    if (PQsendQueryParams(handle_, "DEALLOCATE ALL", 0, nullptr, nullptr, nullptr, nullptr,
                          binary_format) != 1) {
      static_cast<void>(lose(PQerrorMessage(handle_)));
    }
    sync();  // what begins a transaction is the first in its segment
  }
  send(sql, {}, Answer::ignored);
}

void PostgresConnection::send(std::string_view sql, std::span<const Parameter> parameters,
                              Answer answer) {
  const auto& [text, name] = prepare(sql);
  const Arguments arguments(parameters);
  synced_ = false;
  expected_.push_back({Expected::Kind::statement, answer, &text});
  if (PQsendQueryPrepared(handle_, name.c_str(), arguments.count(), arguments.values(),
                          arguments.lengths(), arguments.formats(), binary_format) != 1) {
    static_cast<void>(lose(PQerrorMessage(handle_)));
  }
}

const PostgresConnection::Statements::value_type& PostgresConnection::prepare(
    std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) return *known;
  const auto& made = *statements_.emplace(sql, fmt::format("s{}", ++prepared_)).first;
  expected_.push_back({Expected::Kind::prepared, Answer::ignored, &made.first});
  if (PQsendPrepare(handle_, made.second.c_str(), made.first.c_str(), 0, nullptr) != 1) {
    static_cast<void>(lose(PQerrorMessage(handle_)));
  }
  return made;
}

void PostgresConnection::sync() {
  if (PQpipelineSync(handle_) != 1) static_cast<void>(lose(PQerrorMessage(handle_)));
  expected_.push_back({Expected::Kind::sync});
  synced_ = true;
}

void PostgresConnection::end(std::string_view sql) {
  // In a segment of its own, so that it also ends a transaction in which a statement has failed.
  if (!synced_) sync();
  send(sql, {}, Answer::ignored);
  sync();
  for (Expected& expected : expected_) expected.forgotten = true;
  if (!lost_ && PQflush(handle_) < 0) static_cast<void>(lose(PQerrorMessage(handle_)));
}

Result<Answered> PostgresConnection::round(Tick deadline) {
  sync();
  trouble_ = Trouble::none;
  unsure_ = true;
  Result<Answered> outcome;
  std::vector<std::string> unprepared;
  while (!expected_.empty()) {
    const Expected expected = expected_.front();
    expected_.pop_front();
    auto replied = next_reply(deadline);
    // Every statement has its answer: what breaks now takes nothing back, a commit least of all.
    const bool answered = expected.kind == Expected::Kind::sync && expected_.empty();
    if (answered && (!replied || PQresultStatus(replied->get()) != PGRES_PIPELINE_SYNC)) {
      lost_ = true;
      break;
    }
    GH_TRY(reply, std::move(replied));
    read(expected, reply.get(), outcome);
    if (expected.kind == Expected::Kind::prepared && expected.sql != nullptr &&
        PQresultStatus(reply.get()) != PGRES_COMMAND_OK) {
      unprepared.push_back(*expected.sql);
    }
    if (lost_) return outcome;
  }
  for (const std::string& sql : unprepared) statements_.erase(sql);
  return outcome;
}

void PostgresConnection::read(const Expected& expected, const pg_result* reply,
                              Result<Answered>& outcome) {
  switch (PQresultStatus(reply)) {
    case PGRES_TUPLES_OK:
      if (outcome && expected.answer == Answer::wanted) outcome = rows_of(reply, *expected.sql);
      return;
    case PGRES_COMMAND_OK:
      if (outcome && expected.answer == Answer::wanted) {
        const std::string_view count = PQcmdTuples(const_cast<PGresult*>(reply));
        *outcome = {{}, static_cast<std::int64_t>(parse_number(count).value_or(0))};
      }
      return;
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED: return;
    default: refuse(expected, reply, outcome);
  }
}

void PostgresConnection::refuse(const Expected& expected, const pg_result* reply,
                                Result<Answered>& outcome) {
  const std::string_view state = sqlstate_of(reply);
  const std::string_view sql = expected.sql == nullptr ? std::string_view() : *expected.sql;
  Error error = error_of(
      state, fmt::format("{}: {} ({}): {}", name_, trim(PQresultErrorMessage(reply)), state, sql));
  if (trouble_of(state) == Trouble::lost) {
    // The server refused this one, so neither it nor what was sent behind it has run. A crash of
    // the server says its word at any moment, as does a broken connection.
    unsure_ = state.empty() || state == crash_shutdown;
    lost_ = true;
    trouble_ = Trouble::lost;
    outcome = tl::unexpected<Error>(std::move(error));
    return;
  }
  if (expected.forgotten || !outcome) return;
  unsure_ = false;
  trouble_ = trouble_of(state);
  outcome = tl::unexpected<Error>(std::move(error));
}

Result<Answered> PostgresConnection::rows_of(const pg_result* reply, std::string_view sql) const {
  const int rows = PQntuples(reply);
  const int columns = PQnfields(reply);
  Answered answered{{}, rows};
  answered.rows.reserve(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    std::vector<Parameter::Value> values(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(reply, row, column) == 1) continue;
      auto value = postgres_value(PQftype(reply, column),
                                  {PQgetvalue(reply, row, column),
                                   static_cast<std::size_t>(PQgetlength(reply, row, column))});
      if (!value) {
        return fail(
            ErrorCode::internal, "Internal error",
            fmt::format("column {} is of type {}: {}", column, PQftype(reply, column), sql));
      }
      values[static_cast<std::size_t>(column)] = *std::move(value);
    }
    answered.rows.emplace_back(std::move(values));
  }
  return answered;
}

Result<PostgresConnection::Reply> PostgresConnection::next_reply(Tick deadline) {
  if (lost_) return lose("");
  // Between the answers to two statements libpq says "no more of that one" by an empty result.
  constexpr int empty_max = 3;
  for (int i = 0; i < empty_max; ++i) {
    while (PQisBusy(handle_) == 1) {
      GH_CHECK(wait(deadline));
      if (PQconsumeInput(handle_) != 1) return lose(PQerrorMessage(handle_));
    }
    Reply reply(PQgetResult(handle_));
    if (reply) return reply;
  }
  return lose("an answer is missing");
}

// Sends while it waits: both sides may have more to say than the buffers between them hold.
Result<> PostgresConnection::wait(Tick deadline) {
  const int unsent = PQflush(handle_);
  if (unsent < 0) return lose(PQerrorMessage(handle_));
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd waited{PQsocket(handle_), static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN), 0};
  const std::int64_t timeout = std::clamp<std::int64_t>(left.count(), 0, slice.count());
  const int ready = ::poll(&waited, 1, static_cast<int>(timeout));
  if (ready < 0 && errno != EINTR) return lose(std::strerror(errno));
  if (ready != 0) return {};
  if (superseded()) return lose("another server has become the primary");
  if (left <= slice) return lose("no answer in time");
  vigil_.silent = true;
  return {};
}

tl::unexpected<Error> PostgresConnection::lose(std::string_view why) {
  lost_ = true;
  trouble_ = Trouble::lost;
  return tl::unexpected<Error>(error_of("", fmt::format("{}: {}", name_, trim(why))));
}

}  // namespace gatehouse::storage
