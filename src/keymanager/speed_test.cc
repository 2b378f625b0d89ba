// SPDX-License-Identifier: Apache-2.0
//
// How fast tokens are issued and validated in this process, on a disk that syncs. It prints figures
// and fails only when nothing works; the budgets are in DESIGN.md section 8.
#include <gtest/gtest.h>

#include <cstdlib>

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
                                 random_, bus_, passwords_, sealer_, metrics_});
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
    const json::object made =
        *parse_json_object(ask("POST", "/internal/keys/v1/clients",
                               {{"name", "speed"},
                                {"owner_id", Directory(resources_->users).by_name("admin")->user.id},
                                {"grant_types", {"client_credentials"}},
                                {"token_type", token_type}}).body);
    return text_or(made, "client_id", "") + ':' + text_or(made, "client_secret", "");
  }
  http::Response ask(const char* method, const char* path, const json::object& body) {
    const http::Request request =
        http::make_request(method, path, json::serialize(body), "application/json");
    std::optional<http::Response> remembered =
        key_manager_->internal_handler().try_answer(request);
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
  std::unique_ptr<storage::Databases> databases_;
  std::optional<Resources> resources_;
  std::optional<KeyManager> key_manager_;
};

// Calls `work` on many threads for a while; returns calls per second.
double rate_of(const std::function<bool()>& work) {
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<bool> failed = false;
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
  return static_cast<double>(calls) / took.count();
}

void measure(const char* token_type, KeyCacheMode cache) {
  Options options = quick_options();
  options.key_cache = cache;
  options.signing_algorithm = jose::Algorithm::rs256;
  DiskKeyManager server(options);
  const std::string client = server.client(token_type);
  const double issued = rate_of([&] { return server.token(client).status == 200; });
  const json::object answer = *parse_json_object(server.token(client).body);
  const std::string token = text_or(answer, "access_token", "");
  const auto validate = [&](const json::array& tokens) {
    return server.ask("POST", "/internal/keys/v1/validate", {{"tokens", tokens}});
  };
  const double single = rate_of([&] {
    return validate({json::string_view(token)}).body.find("\"active\":true") != std::string::npos;
  });
  const json::array many(64, json::string_view(token));
  const double batched = rate_of([&] { return validate(many).status == 200; }) * 64;
  fmt::print("[ measured ] {} tokens, key cache {}: {:.0f} issued/s, {:.0f} validated/s one by one, "
             "{:.0f} validated/s in batches of 64\n",
             token_type, cache == KeyCacheMode::on ? "on" : "off", issued, single, batched);
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
