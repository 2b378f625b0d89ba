// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_servers.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "core/log.h"

namespace gatehouse::storage {

namespace {

// How late a silent server is noticed, at most.
constexpr std::chrono::milliseconds glance{250};

}  // namespace

PostgresServers::PostgresServers(PostgresUrl url, std::filesystem::path memory)
    : url_(std::move(url)), servers_(url_.servers()), memory_(std::move(memory)) {
  read_memory();
  if (servers_.size() > 1) watch_ = std::thread([this] { watch(); });
}

PostgresServers::~PostgresServers() {
  if (!watch_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  watch_.join();
}

Result<std::unique_ptr<PostgresConnection>> PostgresServers::connect() {
  std::optional<std::size_t> primary;
  {
    const std::lock_guard lock(mutex_);
    primary = primary_;
  }
  if (primary && servers_.size() > 1) {
    Dialled dialled = dial(std::span(servers_).subspan(*primary, 1), vigil_);
    for (Dialled::Reached& reached : dialled.reached) reached.server = *primary;
    auto chosen = choose(std::move(dialled));
    if (chosen) return chosen;
  }
  return choose(dial(servers_, vigil_));
}

void PostgresServers::doubt() {
  const std::lock_guard lock(mutex_);
  primary_.reset();
}

Result<std::unique_ptr<PostgresConnection>> PostgresServers::choose(Dialled dialled) {
  const auto number = [](const Dialled::Reached& it) { return it.connection->timeline().number; };
  std::ranges::stable_sort(dialled.reached, std::ranges::greater{}, number);
  const std::lock_guard lock(mutex_);
  for (Dialled::Reached& reached : dialled.reached) {
    const std::string why = objection(*reached.connection);
    if (why.empty()) {
      note(reached.server, *reached.connection);
      return std::move(reached.connection);
    }
    log_warning("database: {} is left alone: {}", servers_[reached.server].name(), why);
    dialled.why.detail.append(dialled.why.detail.empty() ? "" : "; ").append(why);
  }
  if (dialled.why.message.empty()) {
    dialled.why.message = fmt::format("The database {} does not answer", url_.name());
  }
  return tl::unexpected<Error>(std::move(dialled.why));
}

std::string PostgresServers::objection(const PostgresConnection& connection) const {
  const PostgresTimeline& timeline = connection.timeline();
  if (timeline.number == 0 || system_ == 0) return "";
  if (timeline.system != system_) {
    // After a restore into another cluster, nodes are started again.
    return remembered_ ? "" : "it is of another cluster";
  }
  const std::uint64_t newest = vigil_.newest;
  if (timeline.number >= newest) return "";
  return fmt::format(
      "it writes timeline {} of its cluster, and {} has been seen: a former primary. If it has been"
      " restored from a backup on purpose, remove {}",
      timeline.number, newest, memory_.string());
}

void PostgresServers::note(std::size_t server, const PostgresConnection& connection) {
  primary_ = server;
  const PostgresTimeline& timeline = connection.timeline();
  if (timeline.number == 0) return;
  const bool same = timeline.system == system_;
  const bool higher = !same || timeline.number > vigil_.newest;
  if (same && higher) {
    log_warning("database: {} has become the primary, with timeline {}", servers_[server].name(),
                timeline.number);
  }
  system_ = timeline.system;
  remembered_ = false;
  if (!higher) return;
  vigil_.newest = timeline.number;
  write_memory(timeline);
}

void PostgresServers::read_memory() {
  if (memory_.empty()) return;
  std::ifstream file(memory_);
  PostgresTimeline timeline;
  if (!(file >> timeline.system >> timeline.number)) return;
  system_ = timeline.system;
  remembered_ = true;
  vigil_.newest = timeline.number;
}

// What cannot be written is known until this process ends.
void PostgresServers::write_memory(const PostgresTimeline& timeline) const {
  if (memory_.empty()) return;
  const std::filesystem::path next = memory_.string() + ".next";
  std::ofstream(next) << timeline.system << ' ' << timeline.number << '\n';
  std::error_code error;
  std::filesystem::rename(next, memory_, error);
  if (error) log_warning("database: {}: {}", memory_.string(), error.message());
}

// Whether another server has been promoted while this one is still connected.
void PostgresServers::look() {
  std::vector<PostgresUrl> others;
  std::vector<std::size_t> places;
  {
    const std::lock_guard lock(mutex_);
    if (!primary_) return;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (i == *primary_) continue;
      others.push_back(servers_[i]);
      places.push_back(i);
    }
  }
  const Dialled dialled = dial(others, vigil_);
  const std::lock_guard lock(mutex_);
  for (const Dialled::Reached& reached : dialled.reached) {
    const PostgresTimeline& timeline = reached.connection->timeline();
    if (timeline.system != system_ || timeline.number <= vigil_.newest) continue;
    note(places[reached.server], *reached.connection);
  }
}

void PostgresServers::watch() {
  Tick looked = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, glance, [this] { return stopping_; })) return;
    }
    const bool silent = vigil_.silent.exchange(false);
    const auto since = std::chrono::steady_clock::now() - looked;
    if (since < look_every && !(silent && since >= look_again)) continue;
    look();
    looked = std::chrono::steady_clock::now();
  }
}

}  // namespace gatehouse::storage
