// SPDX-License-Identifier: Apache-2.0
//
// How fast tokens are issued and validated in this process, on a disk that syncs. It prints figures
// and fails only when nothing works. Budgets, per second of CPU: 4,000 durable tokens issued,
// 8,000 validated from the database, 40,000 from the cache.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>

#include "http/fetch_thread.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

constexpr std::size_t threads_count = 16;  // as the sql pool at its largest
constexpr std::chrono::milliseconds duration{1000};

// A key manager with the system's clock and its files in the folder where the test runs.
class DiskKeyManager {
 public:
  explicit DiskKeyManager(const Options& options) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    storage::DatabaseOptions files;
    files.data_dir = folder_;
    databases_ = *storage::Databases::open(files, storage::Access::server, clock_, random_);
    resources_.emplace(Resources{databases_->user_manager(), databases_->api_manager(), clock_,
                                 random_, bus_, passwords_, sealer_, metrics_, fetches_.fetcher()});
    key_manager_.emplace(*resources_, options);
    GH_ASSERT(key_manager_->bootstrap({.name = "admin"}).has_value());
    GH_ASSERT(key_manager_->start().has_value());
  }
  ~DiskKeyManager() {
    key_manager_.reset();
    databases_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string client(const std::string& token_type) {
    const json::object made = *parse_json_object(
        ask("POST", "/internal/keys/v1/clients",
            {{"name", "speed"},
             {"owner_id", Directory(resources_->users).by_name("admin")->user.id},
             {"grant_types", {"client_credentials"}},
             {"token_type", token_type}})
            .body);
    return text_or(made, "client_id", "") + ':' + text_or(made, "client_secret", "");
  }
  http::Response ask(const char* method, const char* path, const json::object& body) {
    const http::Request request =
        http::make_request(method, path, json::serialize(body), "application/json");
    std::optional<http::Response> remembered = key_manager_->internal_handler().try_answer(request);
    return remembered ? *std::move(remembered) : key_manager_->internal_handler().handle(request);
  }
  http::Response token(const std::string& client) {
    http::Request request =
        http::make_request("POST", "/oauth2/token", "grant_type=client_credentials",
                           "application/x-www-form-urlencoded");
    request.headers.add("Authorization", "Basic " + to_base64(client));
    return key_manager_->public_handler().handle(request);
  }

 private:
  const std::filesystem::path folder_ = "keymanager-speed";
  SystemClock clock_;
  SystemRandom random_;
  bus::LocalBus bus_;
  net::Pool passwords_{{.name = "password", .threads = 1}};
  jose::Sealer sealer_{{std::string(cluster_key)}};
  Metrics metrics_;
  http::FetchThread fetches_{{}};
  std::unique_ptr<storage::Databases> databases_;
  std::optional<Resources> resources_;
  std::optional<KeyManager> key_manager_;
};

// Of all threads of this process; other processes of the machine do not count.
double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Rate {
  double per_second = 0;
  double per_cpu_second = 0;
};

// Calls `work`, of `weight` tokens, on many threads for a while.
Rate rate_of(const std::function<bool()>& work, double weight = 1) {
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<bool> failed = false;
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < threads_count; ++i) {
    threads.emplace_back([&] {
      while (std::chrono::steady_clock::now() - begin < duration) {
        if (!work()) failed = true;
        ++calls;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_FALSE(failed);
  const double tokens = static_cast<double>(calls) * weight;
  return {tokens / took.count(), tokens / (cpu_seconds() - cpu)};
}

void measure(const char* token_type, KeyCacheMode cache) {
  Options options = quick_options();
  options.key_cache = cache;
  options.signing_algorithms = {jose::Algorithm::rs256};
  DiskKeyManager server(options);
  const std::string client = server.client(token_type);
  const Rate issued = rate_of([&] { return server.token(client).status == 200; });
  const json::object answer = *parse_json_object(server.token(client).body);
  const std::string token = text_or(answer, "access_token", "");
  const auto validate = [&](const json::array& tokens) {
    return server.ask("POST", "/internal/keys/v1/validate", {{"tokens", tokens}});
  };
  const Rate single = rate_of([&] {
    return validate({json::string_view(token)}).body.find("\"active\":true") != std::string::npos;
  });
  const json::array many(64, json::string_view(token));
  const Rate batched = rate_of([&] { return validate(many).status == 200; }, 64);
  const auto print = [&](const char* what, const Rate& rate) {
    fmt::print("[ measured ] {} tokens, key cache {}: {} {:.0f}/s, {:.0f} per second of CPU\n",
               token_type, cache == KeyCacheMode::on ? "on" : "off", what, rate.per_second,
               rate.per_cpu_second);
  };
  print("issued", issued);
  print("validated one by one", single);
  print("validated in batches of 64", batched);
}

TEST(Speed, IsPrinted) {
  if (std::getenv("GATEHOUSE_MEASURE") == nullptr) {
    GTEST_SKIP() << "skipped: GATEHOUSE_MEASURE is not set";
  }
  measure("OAUTH", KeyCacheMode::off);
  measure("OAUTH", KeyCacheMode::on);
  measure("JWT", KeyCacheMode::off);
}

}  // namespace
}  // namespace gatehouse::keymanager
