// SPDX-License-Identifier: Apache-2.0
//
// Counts what the threads of this test program take from the heap.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "gateway/test_world.h"

namespace {

thread_local std::size_t allocations_here = 0;

void* counted(std::size_t size) {
  ++allocations_here;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace gatehouse::gateway {
namespace {

class AllocationTest : public ::testing::Test {
 protected:
  AllocationTest() : clock_(SystemClock().now()) {
    options_.address = net::Address::loopback();
    worker_ = std::make_unique<Worker>(
        Worker::Parts{options_, clock_, metrics_, bus_, pool_, log_, used_proofs_,
                      [this](net::Loop& loop) -> std::unique_ptr<http::Client> {
                        return std::make_unique<http::LocalClient>(loop, pool_, key_manager_);
                      },
                      1, [this](const Sha256&) -> TokenHome& { return worker_->home(); },
                      [](unsigned, std::uint64_t) {}},
        0);
  }
  ~AllocationTest() override {
    worker_->stop();
    if (thread_.joinable()) thread_.join();
    pool_.stop();
  }

  // An API, an application and a token; every level has a finite limit.
  std::shared_ptr<const Snapshot> knowledge() {
    using namespace model;
    Validation valid;
    valid.active = true;
    valid.client_id = "client";
    valid.expires_at = clock_.now() + std::chrono::hours(1);
    key_manager_.issue("good", valid);
    FeedRange range;
    const auto add = [&](const char* kind, const auto& thing) {
      range.upserts.push_back({kind, thing.id, to_json(thing)});
    };
    DeployedApi api = test_api("pizza", backend_.url());
    api.operations = {{"GET", "/orders/{id}", AuthType::any, "Many", {}}};
    add("api", api);
    add("application", KnownApplication{"shop", 1, "Shop", "ann", "Many", ""});
    add("key_mapping", KnownKeyMapping{"map", 1, "client", "shop", KeyType::production, ""});
    add("subscription", KnownSubscription{"sub", 1, "pizza", "shop", "Many", ""});
    for (const auto level :
         {PolicyLevel::api, PolicyLevel::subscription, PolicyLevel::application}) {
      add("policy", KnownPolicy{std::string(to_text(level)), 1, level, "Many", false, 9'000'000,
                                86'400, 0, 1, true, false});
    }
    return Snapshot().with(range);
  }

  // What the worker's thread has allocated so far.
  std::size_t count() {
    std::atomic<bool> done{false};
    std::size_t counted = 0;
    worker_->loop().post([&] {
      counted = allocations_here;
      done = true;
    });
    while (!done) std::this_thread::yield();
    return counted;
  }

  // Grants a million permits to whoever asks.
  static TestOwner::Answers grant(const limits::HolderMessage& asked) {
    limits::OwnerMessage answer;
    for (const limits::Ask& ask : asked.asks) {
      answer.grants.push_back({ask.key, 1, 1'000'000, 0, std::chrono::hours(1), 0, ask.number});
    }
    return {{asked.holder, answer}};
  }

  TestBackend backend_{TestBackend::answers(std::string(200, 'x'))};
  FakeClock clock_;  // stands still: no new minute of usage begins in between
  bus::LocalBus bus_;
  Metrics metrics_;
  net::Pool pool_{{.name = "test", .threads = 1}};
  TestKeyManager key_manager_;
  TestOwner owner_{bus_, grant};
  AccessLog log_{{.file = "/dev/null"}};
  UsedProofs used_proofs_;
  Options options_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
};

TEST_F(AllocationTest, ACallWhoseTokenAndPermitsAreAtHandMakesNone) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "with the sanitizer frames come from the heap";
#endif
#endif
  ASSERT_TRUE(worker_->listen({0, 0}, net::Listener::Claim::first));
  worker_->publish(knowledge());
  thread_ = std::thread([this] { worker_->run(); });
  TestClient client(worker_->ports().http);
  const std::string request =
      "GET /pizza/1/orders/7?x=1 HTTP/1.1\r\nHost: g\r\nAccept: */*\r\n"
      "Authorization: Bearer good\r\n\r\n";
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.call(request).status, 200);
  count();
  const std::size_t before = count();
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.call(request).status, 200);
  EXPECT_EQ(count() - before, 0U) << "allocations in 500 calls";
}

}  // namespace
}  // namespace gatehouse::gateway
