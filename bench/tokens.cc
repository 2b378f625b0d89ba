// SPDX-License-Identifier: Apache-2.0
//
// What tokens cost where there are many: latency of look-up and of durable issue by the number of
// live tokens, what both take while an hour's tokens are forgotten, and revocations per second, on
// both engines.
//
// Budget:  the median look-up and issue among the largest COUNT take at most twice those among the
//          smallest, on each engine: what is guarded against costs ten times as much, what fits
//          into no cache half as much again. What a request may cost is in keymanager.py, part
//          volume. 10,000 revocations per second on one PostgreSQL.
// Guards:  a look-up that is planned anew or visits every partition; a revocation that waits for a
//          commit of its own; a sweep that keeps issuers waiting.
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>
#include <unordered_map>

#include "core/digest.h"
#include "jose/opaque_token.h"
#include "keymanager/test_key_manager.h"
#include "storage/apis/token_parts.h"
#include "storage/apis/token_store.h"

namespace gatehouse {
namespace {

using storage::StoredToken;
using storage::TestEngine;
using storage::Transaction;

constexpr double ratio_max = 2.0;
constexpr double revocations_min = 10'000;
constexpr std::size_t fill_batch = 100'000;

using Microseconds = std::chrono::duration<double, std::micro>;

struct Latency {
  double p50;
  double p99;
};

template <typename Function>
Latency latency_of(std::size_t times, Function function) {
  std::vector<double> spent;
  for (std::size_t i = 0; i < times; ++i) {
    const Tick begin = std::chrono::steady_clock::now();
    function(i);
    spent.push_back(Microseconds(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(spent.begin(), spent.end());
  return {spent[spent.size() / 2], spent[spent.size() * 99 / 100]};
}

// Tokens as a busy shop has them: nine in ten live for an hour, the others for a day; a family has
// two. The statement of `fill_on_server` makes the same ones.
StoredToken token_of(std::size_t number, Instant now) {
  const bool access = number % 10 != 0;
  const auto life = access ? std::chrono::hours(1) : std::chrono::hours(24);
  const std::chrono::seconds age(number * 7'919 % 3'500);
  const Sha256 family = sha256(fmt::format("family {}", number / 2));
  return {.hash = to_bytes(sha256(std::to_string(number))),
          .kind = access ? storage::TokenKind::access : storage::TokenKind::refresh,
          .family = to_hex(to_bytes(family)).substr(0, 22),
          .client_id = "client",
          .user_id = "",
          .scopes = {"orders:read"},
          .grant_type = "client_credentials",
          .issued_at = now - age,
          .expires_at = now - age + life};
}

void run(storage::Database& database, const std::string& statement) {
  const auto done =
      database.write([&](Transaction& transaction) { return transaction.execute(statement); });
  if (!done) std::fprintf(stderr, "%s\n", done.error().detail.c_str());
  GH_ASSERT(done.has_value());
}

using InOrder = std::vector<std::pair<std::string, std::size_t>>;  // hash, number

// In the order of SQLite's primary key, and with the other indices made afterwards: the same rows
// and indices in a tenth of the time.
template <typename TokenOf>
void insert_in_order(storage::Database& database, InOrder order, TokenOf token_of_number) {
  std::sort(order.begin(), order.end());
  const auto indices = database.read([](Transaction& transaction) {
    return transaction.query(
        "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'am_token' AND type = 'index' "
        "AND sql IS NOT NULL");
  });
  GH_ASSERT(indices.has_value());
  for (const storage::Row& row : *indices) run(database, "DROP INDEX " + row.text(0));
  for (std::size_t next = 0; next < order.size();) {
    const std::size_t end = std::min(order.size(), next + fill_batch / 10);
    const Result<> kept = database.write([&](Transaction& transaction) -> Result<> {
      storage::TokenStore tokens(transaction);
      for (std::size_t i = next; i < end; ++i) tokens.insert(token_of_number(order[i].second));
      return {};
    });
    GH_ASSERT(kept.has_value());
    next = end;
  }
  for (const storage::Row& row : *indices) run(database, row.text(1));
}

// Fills the database of a server that is stopped with `count` tokens of a client, and prints those
// that somebody knows, from all over the table.
void fill(const std::string& data_dir, const std::string& client, std::size_t count) {
  constexpr std::size_t known_max = 20'000;
  constexpr auto life = std::chrono::hours(2);
  SystemClock clock;
  SystemRandom random;
  const Instant now = clock.now();
  storage::DatabaseOptions options;
  options.data_dir = data_dir;
  const auto databases = storage::Databases::open(options, storage::Access::server, clock, random);
  GH_ASSERT(databases.has_value());
  const std::size_t step = std::max<std::size_t>(1, count / known_max) | 1;  // of access tokens
  InOrder order;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = std::to_string(i);
    if (i % step == 0 && i % 10 != 0) {
      const Instant end = token_of(i, now).issued_at + life;
      text = jose::make_opaque_token(jose::OpaqueKind::access, end, random);
      std::printf("%s\n", text.c_str());
    }
    order.emplace_back(to_bytes(sha256(text)), i);
  }
  std::unordered_map<std::size_t, std::string> hashes;
  for (const auto& [hash, number] : order) {
    if (number % step == 0) hashes.emplace(number, hash);
  }
  insert_in_order((*databases)->api_manager(), std::move(order), [&](std::size_t number) {
    StoredToken token = token_of(number, now);
    if (token.kind == storage::TokenKind::access) token.expires_at = token.issued_at + life;
    if (number % step == 0) token.hash = hashes.at(number);
    token.client_id = client;
    return token;
  });
}

class Store {
 public:
  explicit Store(TestEngine engine)
      : engine_(engine), folder_(std::filesystem::temp_directory_path()) {
    storage::DatabaseOptions options;
    options.data_dir = folder_.path();
    if (engine == TestEngine::postgresql) {
      storage::TestPostgres& server = storage::TestPostgres::instance();
      options.user_manager = server.make_schema();
      options.api_manager = server.make_schema();
      options.registry = server.make_schema();
    }
    auto opened = storage::Databases::open(options, storage::Access::server, clock_, random_);
    GH_ASSERT(opened.has_value());
    databases_ = *std::move(opened);
    GH_ASSERT(storage::make_token_parts(database(), now_).has_value());
    storage::Client client;
    client.client_id = "client";
    const Result<> kept = database().write(
        [&](Transaction& transaction) { return storage::ClientStore(transaction).insert(client); });
    GH_ASSERT(kept.has_value());
  }

  void fill(std::size_t count) {
    if (engine_ == TestEngine::postgresql) {
      fill_on_server(count);
    } else {
      fill_in_order(count);
    }
    ::sync();  // what is measured next does not wait for what was made now
  }

  Latency lookups(std::size_t times = 5'000) {
    return latency_of(times, [&](std::size_t i) {
      const StoredToken token = token_of(i * 104'729 % filled_, now_);
      GH_ASSERT(is_there(token));
    });
  }
  bool is_there(const StoredToken& token) {
    const Instant end =
        std::chrono::floor<std::chrono::hours>(token.expires_at) + std::chrono::hours(1);
    const auto found = database().read([&](Transaction& transaction) {
      return storage::TokenStore(transaction).find(token.hash, end);
    });
    GH_ASSERT(found.has_value());
    return found->has_value();
  }
  Latency issues(std::size_t times = 500) {
    return latency_of(times, [&](std::size_t) {
      const StoredToken token = token_of(1'000'000'000 + issued_++, now_);
      const Result<> kept = database().write([&](Transaction& transaction) -> Result<> {
        storage::TokenStore(transaction).insert(token);
        return {};
      });
      GH_ASSERT(kept.has_value());
    });
  }

  // Forgets what lives for an hour, as if that were over, while tokens of a day are looked up and
  // others issued; says how long each of these took.
  void expire() {
    std::atomic<bool> over = false;
    Latency lookup{};
    Latency issue{};
    std::vector<std::jthread> traffic;
    traffic.emplace_back([&] {
      lookup = while_not(over, [&](std::size_t i) {
        const std::size_t number = i * 104'729 % (filled_ / 10) * 10;
        GH_ASSERT(is_there(token_of(number, now_)));
      });
    });
    traffic.emplace_back([&] {
      issue = while_not(over, [&](std::size_t i) {
        StoredToken token = token_of((200'000'000 + i) * 10, now_);
        const Result<> kept = database().write([&](Transaction& transaction) -> Result<> {
          storage::TokenStore(transaction).insert(token);
          return {};
        });
        GH_ASSERT(kept.has_value());
      });
    });
    const Tick begin = std::chrono::steady_clock::now();
    constexpr std::int64_t rows_max = 100'000;
    const auto gone = storage::forget_tokens(database(), now_ + std::chrono::hours(2), rows_max);
    GH_ASSERT(gone.has_value());
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    over = true;
    traffic.clear();
    std::printf(
        "%-10s expiry: %s in %.2f s; meanwhile look-up p50 %.0f p99 %.0f us, "
        "durable issue p50 %.0f p99 %.0f us\n",
        to_text(engine_).c_str(),
        engine_ == TestEngine::postgresql ? "whole hours dropped"
                                          : fmt::format("{} rows", *gone).c_str(),
        spent.count(), lookup.p50, lookup.p99, issue.p50, issue.p99);
    GH_ASSERT(engine_ != TestEngine::postgresql || !is_there(token_of(1, now_)));
  }

 private:
  storage::Database& database() { return databases_->api_manager(); }

  static Latency while_not(const std::atomic<bool>& over,
                           const std::function<void(std::size_t)>& function) {
    std::vector<double> spent;
    for (std::size_t i = 0; !over; ++i) {
      const Tick begin = std::chrono::steady_clock::now();
      function(i);
      spent.push_back(Microseconds(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(spent.begin(), spent.end());
    return {spent[spent.size() / 2], spent[spent.size() * 99 / 100]};
  }

  // As the product's rows, made where they are kept.
  void fill_on_server(std::size_t count) {
    while (filled_ < count) {
      const std::size_t next = std::min(count, filled_ + fill_batch);
      run(database(),
          fmt::format(
              "INSERT INTO am_token (hash, part, tenant_id, kind, family, client_id, user_id, "
              "scopes, "
              "grant_type, issued_at_ms, expires_at_ms, used_at_ms, details) SELECT "
              "sha256(CAST(CAST(i "
              "AS TEXT) AS BYTEA)), "
              "CASE WHEN i % 10 <> 0 THEN (s - a + 3600) / 3600 ELSE -((s - a + 86400) / 86400) "
              "END, "
              "1, CASE WHEN i % 10 <> 0 THEN 'access' ELSE 'refresh' END, "
              "substr(encode(sha256(CAST('family ' || (i / 2) AS BYTEA)), 'hex'), 1, 22), "
              "'client', "
              "'', 'orders:read', 'client_credentials', m - a * 1000, "
              "m - a * 1000 + CASE WHEN i % 10 <> 0 THEN 3600000 ELSE 86400000 END, 0, '{{}}' "
              "FROM (SELECT i, CAST({} AS BIGINT) AS m, CAST({} AS BIGINT) AS s, "
              "i * 7919 % 3500 AS a FROM generate_series(CAST({} AS BIGINT), {}) i) n ORDER BY 1",
              to_ms(now_), to_ms(now_) / 1000, filled_, next - 1));
      filled_ = next;
    }
    run(database(), "ANALYZE am_token");  // as the server does by itself before long
  }

  void fill_in_order(std::size_t count) {
    InOrder order;
    for (std::size_t i = filled_; i < count; ++i) {
      order.emplace_back(to_bytes(sha256(std::to_string(i))), i);
    }
    insert_in_order(database(), std::move(order),
                    [&](std::size_t number) { return token_of(number, now_); });
    filled_ = count;
  }

  const TestEngine engine_;
  TestFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  const Instant now_ = SystemClock().now();
  std::unique_ptr<storage::Databases> databases_;
  std::size_t filled_ = 0;
  std::size_t issued_ = 0;
};

bool tokens(TestEngine engine, const std::vector<std::size_t>& counts) {
  Store store(engine);
  std::vector<Latency> lookups;
  std::vector<Latency> issues;
  for (const std::size_t count : counts) {
    store.fill(count);
    store.lookups();  // caches and statistics as they are after a while
    store.issues(100);
    lookups.push_back(store.lookups());
    issues.push_back(store.issues());
    std::printf(
        "%-10s %9zu live: look-up p50 %5.0f p99 %6.0f us, durable issue p50 %6.0f p99 %6.0f us\n",
        to_text(engine).c_str(), count, lookups.back().p50, lookups.back().p99, issues.back().p50,
        issues.back().p99);
    std::fflush(stdout);
  }
  store.expire();
  const double lookup = lookups.back().p50 / lookups.front().p50;
  const double issue = issues.back().p50 / issues.front().p50;
  std::printf("%-10s among most / among fewest: look-up %.2f, issue %.2f (budget %.1f)\n",
              to_text(engine).c_str(), lookup, issue, ratio_max);
  std::fflush(stdout);
  return lookup <= ratio_max && issue <= ratio_max;
}

double revocations_per_second(keymanager::TestKeyManager& server, std::size_t threads) {
  keymanager::Revocations revocations(server.resources());
  constexpr std::size_t total = 20'000;
  storage::Client client;
  client.client_id = "client";
  std::atomic<std::size_t> next = 0;
  const Tick begin = std::chrono::steady_clock::now();
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < threads; ++i) {
    callers.emplace_back([&] {
      for (std::size_t number = 0; (number = next++) < total;) {
        const Result<> done =
            revocations.revoke_family(client, fmt::format("{}-{}", threads, number));
        GH_ASSERT(done.has_value());
      }
    });
  }
  callers.clear();
  return total / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

bool revocations() {
  bool kept = true;
  for (const auto* const engine : {"sqlite", "postgresql"}) {
    ::setenv("GATEHOUSE_TEST_ENGINE", engine, 1);
    keymanager::TestKeyManager server;
    for (const std::size_t threads : {16U, 256U}) {
      const double rate = revocations_per_second(server, threads);
      std::printf("%-10s %3zu callers: %6.0f revocations/s%s\n", engine, threads, rate,
                  threads == 256 ? " (budget 10000)" : "");
      if (threads == 256) kept = kept && rate >= revocations_min;
    }
  }
  return kept;
}

}  // namespace
}  // namespace gatehouse

// bench_tokens [sqlite|postgresql|revocations]... [COUNT...]
// bench_tokens fill DATA_DIR CLIENT COUNT
int main(int argc, char** argv) {
  using gatehouse::storage::TestEngine;
  if (argc == 5 && std::string_view(argv[1]) == "fill") {
    gatehouse::fill(argv[2], argv[3], std::strtoul(argv[4], nullptr, 10));
    return 0;
  }
  std::vector<std::size_t> counts;
  std::set<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::size_t count = std::strtoul(argv[i], nullptr, 10);
    if (count > 0) {
      counts.push_back(count);
    } else {
      wanted.insert(argv[i]);
    }
  }
  if (counts.empty()) counts = {100'000, 1'000'000};
  if (wanted.empty()) wanted = {"sqlite", "postgresql", "revocations"};
  ::setenv("GATEHOUSE_TEST_FSYNC", "on", 1);
  gatehouse::set_log_level(gatehouse::LogLevel::warning);
  bool kept = true;
  if (wanted.contains("revocations")) kept = gatehouse::revocations();
  for (const auto& [name, engine] :
       {std::pair{"sqlite", TestEngine::sqlite}, {"postgresql", TestEngine::postgresql}}) {
    if (wanted.contains(name)) kept = gatehouse::tokens(engine, counts) && kept;
  }
  return kept ? 0 : 1;
}
