// SPDX-License-Identifier: Apache-2.0
//
// What tokens cost where there are many: latency of look-up and of durable issue by the number of
// live tokens, and revocations per second, on both engines. `bench_tokens COUNT...`
//
// Budget:  the median look-up among the largest COUNT takes at most 1.5 times that among the
//          smallest, on each engine; 10,000 revocations per second on one PostgreSQL.
// Guards:  a look-up that visits every partition; a revocation that waits for a commit of its own.
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/digest.h"
#include "keymanager/test_key_manager.h"
#include "storage/apis/token_parts.h"
#include "storage/apis/token_store.h"

namespace gatehouse {
namespace {

using storage::StoredToken;
using storage::TestEngine;
using storage::Transaction;

constexpr double lookup_ratio_max = 1.5;
constexpr double revocations_min = 10'000;
constexpr std::size_t fill_batch = 500;

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

// Tokens as a busy shop has them: nine in ten live for an hour, the others for a day.
StoredToken token_of(std::size_t number, Instant now) {
  const bool access = number % 10 != 0;
  const auto life = access ? std::chrono::hours(1) : std::chrono::hours(24);
  const std::chrono::seconds age(number * 7'919 % 3'500);
  return {.hash = to_bytes(sha256(std::to_string(number))),
          .kind = access ? storage::TokenKind::access : storage::TokenKind::refresh,
          .family = std::to_string(number / 2),
          .client_id = "client",
          .user_id = "",
          .issued_at = now - age,
          .expires_at = now - age + life};
}

class Store {
 public:
  explicit Store(TestEngine engine) : folder_(std::filesystem::temp_directory_path()) {
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
    while (filled_ < count) {
      const Result<> kept = database().write([&](Transaction& transaction) -> Result<> {
        storage::TokenStore tokens(transaction);
        for (std::size_t i = 0; i < fill_batch; ++i) tokens.insert(token_of(filled_ + i, now_));
        return {};
      });
      GH_ASSERT(kept.has_value());
      filled_ += fill_batch;
    }
  }

  Latency lookups() {
    return latency_of(5'000, [&](std::size_t i) {
      const StoredToken token = token_of(i * 104'729 % filled_, now_);
      const Instant end =
          std::chrono::floor<std::chrono::hours>(token.expires_at) + std::chrono::hours(1);
      const auto found = database().read([&](Transaction& transaction) {
        return storage::TokenStore(transaction).find(token.hash, end);
      });
      GH_ASSERT(found && found->has_value());
    });
  }
  Latency issues() {
    return latency_of(300, [&](std::size_t) {
      const StoredToken token = token_of(1'000'000'000 + issued_++, now_);
      const Result<> kept = database().write([&](Transaction& transaction) -> Result<> {
        storage::TokenStore(transaction).insert(token);
        return {};
      });
      GH_ASSERT(kept.has_value());
    });
  }

 private:
  storage::Database& database() { return databases_->api_manager(); }

  storage::TestFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  const Instant now_ = SystemClock().now();
  std::unique_ptr<storage::Databases> databases_;
  std::size_t filled_ = 0;
  std::size_t issued_ = 0;
};

bool tokens(TestEngine engine, const std::vector<std::size_t>& counts) {
  Store store(engine);
  std::vector<double> medians;
  for (const std::size_t count : counts) {
    store.fill(count);
    store.lookups();  // caches and statistics as they are after a while
    const Latency lookup = store.lookups();
    const Latency issue = store.issues();
    std::printf(
        "%-10s %9zu live: look-up p50 %5.0f p99 %6.0f us, durable issue p50 %6.0f p99 %6.0f us\n",
        to_text(engine).c_str(), count, lookup.p50, lookup.p99, issue.p50, issue.p99);
    std::fflush(stdout);
    medians.push_back(lookup.p50);
  }
  const double ratio = medians.back() / medians.front();
  std::printf("%-10s look-up among most / among fewest: %.2f (budget %.1f)\n",
              to_text(engine).c_str(), ratio, lookup_ratio_max);
  return ratio <= lookup_ratio_max;
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

int main(int argc, char** argv) {
  using gatehouse::storage::TestEngine;
  std::vector<std::size_t> counts;
  for (int i = 1; i < argc; ++i) counts.push_back(std::strtoul(argv[i], nullptr, 10));
  if (counts.empty()) counts = {10'000, 1'000'000};
  ::setenv("GATEHOUSE_TEST_FSYNC", "on", 1);
  gatehouse::set_log_level(gatehouse::LogLevel::warning);
  bool kept = gatehouse::revocations();
  for (const TestEngine engine : {TestEngine::sqlite, TestEngine::postgresql}) {
    kept = gatehouse::tokens(engine, counts) && kept;
  }
  return kept ? 0 : 1;
}
