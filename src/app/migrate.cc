// SPDX-License-Identifier: Apache-2.0
//
// gatehouse migrate: brings the tables up to this version, or moves an installation to other
// databases.
#include <chrono>
#include <ostream>

#include "app/commands.h"
#include "app/database_options.h"
#include "app/surroundings.h"
#include "storage/move.h"
#include "storage/postgres_url.h"

namespace gatehouse::app {

namespace {

using std::chrono::steady_clock;
using storage::MoveProgress;
using storage::PostgresUrl;

constexpr std::string_view sqlite_scheme = "sqlite:";

// One side of a move.
struct Side {
  storage::DatabaseOptions databases;
  bool is_url = false;
  std::string cluster_key;  // file; empty: somewhere
};

// A URL for all three, or the configuration file of a node.
Result<Side> side_of(const std::string& text) {
  Side side;
  if (text.starts_with(sqlite_scheme) || PostgresUrl::is(text)) {
    GH_TRY(databases, storage::databases_at(text));
    side.databases = std::move(databases);
    side.is_url = true;
    if (!PostgresUrl::is(text))
      side.cluster_key = (side.databases.data_dir / "cluster.key").string();
    return side;
  }
  GH_TRY(configuration, read_configuration({.file = text, .settings = {}}));
  side.databases = database_options(configuration);
  side.databases.registry = configuration.database.registry;  // a node without it moves it, too
  const std::filesystem::path key = configuration.path(configuration.cluster.key_file);
  side.cluster_key = key.string();
  return side;
}

// As one may show it.
std::string without_password(const std::string& url) {
  const std::size_t begin = url.find("://");
  const std::size_t at = url.find('@');
  if (begin == url.npos || at == url.npos) return url;
  const std::size_t colon = url.find(':', begin + 3);
  return colon < at ? url.substr(0, colon) + url.substr(at) : url;
}

// A line for each table with rows, and one a second while a table takes longer.
class Teller {
 public:
  explicit Teller(std::ostream& out) : out_(out) {}

  void operator()(const MoveProgress& progress) {
    const bool done = progress.stage == MoveProgress::Stage::read_back;
    const steady_clock::time_point now = steady_clock::now();
    if (progress.rows == 0 || (!done && now - told_ < std::chrono::seconds(1))) return;
    told_ = now;
    out_ << fmt::format("{} {}: {} rows{}\n", progress.database, progress.table, progress.rows,
                        done ? "" : " so far")
         << std::flush;
  }

 private:
  std::ostream& out_;
  steady_clock::time_point told_ = steady_clock::now();
};

void tell_what_is_left(const Side& from, const Side& to, const std::string& to_text,
                       std::ostream& out) {
  if (!to.is_url) {
    out << "Start the nodes with " << to_text << ".\n";
  } else if (to_text.starts_with(sqlite_scheme)) {
    out << "Start the node with --data-dir " << to.databases.data_dir.string() << ".\n";
  } else {
    out << "Put this into the configuration of every node, with database.password_file:\n\n"
        << fmt::format(
               "[database]\nuser_manager = \"{}\"\napi_manager = \"{}\"\nregistry = \"{}\"\n\n",
               without_password(to.databases.user_manager),
               without_password(to.databases.api_manager), without_password(to.databases.registry));
  }
  out << fmt::format(
      "Take {} along into the data directory of every node with a database: what is sealed opens "
      "with no other key.\n",
      from.cluster_key.empty() ? "cluster.key" : from.cluster_key);
}

}  // namespace

Result<> run_migrate(const Configuration& configuration, std::ostream& out) {
  Surroundings surroundings;
  GH_CHECK(storage::Databases::open(database_options(configuration), storage::Access::server,
                                    surroundings.clock, surroundings.random));
  out << "The databases are as this version needs them\n";
  return {};
}

Result<> run_move(const std::string& from_text, const std::string& to_text, std::ostream& out) {
  GH_TRY(from, side_of(from_text));
  GH_TRY(to, side_of(to_text));
  GH_CHECK(storage::make_schemas(to_text));
  Surroundings surroundings;
  const steady_clock::time_point begun = steady_clock::now();
  GH_TRY(rows, storage::move_databases(from.databases, to.databases, surroundings.clock,
                                       surroundings.random, Teller(out)));
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begun).count();
  out << fmt::format(
      "Moved {} rows in {:.1f} s, {:.0f} a second; each table was read back and is the same.\n",
      rows, seconds, static_cast<double>(rows) / seconds);
  tell_what_is_left(from, to, to_text, out);
  return {};
}

}  // namespace gatehouse::app
