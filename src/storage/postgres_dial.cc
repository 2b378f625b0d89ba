// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_dial.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace gatehouse::storage {

namespace {

struct Closed {
  void operator()(pg_conn* handle) const { PQfinish(handle); }
};

// A connection in the making.
class Call {
 public:
  explicit Call(const PostgresUrl& server) : server_(server) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : server.parameters()) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    handle_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!handle_ || PQstatus(handle_.get()) == CONNECTION_BAD) wanted_ = PGRES_POLLING_FAILED;
  }

  bool under_way() const {
    return wanted_ == PGRES_POLLING_READING || wanted_ == PGRES_POLLING_WRITING;
  }
  bool connected() const { return wanted_ == PGRES_POLLING_OK; }
  pollfd waits_for() const {
    return {PQsocket(handle_.get()),
            static_cast<short>(wanted_ == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
  }
  void go_on() { wanted_ = PQconnectPoll(handle_.get()); }

  std::string why() const {
    if (under_way()) return server_.name() + ": no answer in time";
    return std::string(trim(handle_ ? PQerrorMessage(handle_.get()) : "out of memory"));
  }
  Result<std::unique_ptr<PostgresConnection>> take(PostgresVigil& vigil, Tick deadline) {
    return PostgresConnection::adopt(server_.name(), handle_.release(), vigil, deadline);
  }

 private:
  const PostgresUrl& server_;
  std::unique_ptr<pg_conn, Closed> handle_;
  PostgresPollingStatusType wanted_ = PGRES_POLLING_WRITING;
};

// Goes on with each call that something has arrived for, until `deadline` at the latest.
void advance(std::span<Call> calls, Tick deadline) {
  std::vector<pollfd> waits;
  std::vector<Call*> waiting;
  for (Call& call : calls) {
    if (!call.under_way()) continue;
    waits.push_back(call.waits_for());
    waiting.push_back(&call);
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  const auto timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  if (::poll(waits.data(), waits.size(), timeout) <= 0) return;
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (waits[i].revents != 0) waiting[i]->go_on();
  }
}

// Until all calls have come to an end, or nobody waits for the rest.
void wait_for(std::span<Call> calls, Tick deadline) {
  std::optional<Tick> accepted;
  std::optional<Tick> refused;
  for (;;) {
    const Tick now = std::chrono::steady_clock::now();
    for (const Call& call : calls) {
      if (call.under_way()) continue;
      std::optional<Tick>& first = call.connected() ? accepted : refused;
      if (!first) first = now;
    }
    Tick until = deadline;
    if (refused) until = std::min(until, *refused + dial_grace_refused);
    if (accepted) until = std::min(until, *accepted + dial_grace_accepted);
    if (now >= until || std::ranges::none_of(calls, &Call::under_way)) return;
    advance(calls, until);
  }
}

}  // namespace

Dialled dial(std::span<const PostgresUrl> servers, PostgresVigil& vigil) {
  std::chrono::seconds timeout{0};
  std::vector<Call> calls;
  for (const PostgresUrl& server : servers) {
    timeout = std::max(timeout, server.connect_timeout());
    calls.emplace_back(server);
  }
  const Tick deadline = std::chrono::steady_clock::now() + timeout;
  wait_for(calls, deadline);
  // One that has answered is good for as long as its statements may take, if it is the only one.
  const auto set_up = calls.size() > 1 ? timeout : PostgresConnection::statement_max;
  const Tick ready = std::chrono::steady_clock::now() + set_up;
  Dialled dialled;
  const auto note = [&](const std::string& why) {
    dialled.why.detail.append(dialled.why.detail.empty() ? "" : "; ").append(why);
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (!calls[i].connected()) {
      note(calls[i].why());
      continue;
    }
    auto connection = calls[i].take(vigil, ready);
    if (connection) {
      dialled.reached.push_back({i, *std::move(connection)});
      continue;
    }
    dialled.why.code = connection.error().code;
    dialled.why.message = connection.error().message;
    note(connection.error().detail);
  }
  return dialled;
}

}  // namespace gatehouse::storage
