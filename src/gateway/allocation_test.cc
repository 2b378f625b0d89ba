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

TEST(Allocations, ACallWhoseTokenAndPermitsAreAtHandMakesNone) {
  TestBackend backend(TestBackend::answers(std::string(200, 'x')));
  SystemClock system_clock;
  FakeClock clock(system_clock.now());  // no new minute of usage begins in between
  bus::LocalBus bus;
  Metrics metrics;
  net::Pool pool{{.name = "test", .threads = 1}};
  TestKeyManager key_manager;
  AccessLog log({.file = "/dev/null"});
  Options options;
  options.address = net::Address::loopback();

  TestOwner owner(bus, [](const limits::HolderMessage& asked) {
    limits::OwnerMessage answer;
    for (const limits::Ask& ask : asked.asks) {
      answer.grants.push_back({ask.key, 1, 1'000'000, 0, std::chrono::hours(1), 0});
    }
    return TestOwner::Answers{{asked.holder, answer}};
  });
  model::Validation valid;
  valid.active = true;
  valid.client_id = "client";
  valid.expires_at = clock.now() + std::chrono::hours(1);
  key_manager.issue("good", valid);

  model::FeedRange range;
  range.tag = "t";
  range.to = 1;
  const auto add = [&](const char* kind, const auto& thing) {
    range.upserts.push_back({kind, thing.id, to_json(thing)});
  };
  using namespace model;
  model::DeployedApi api = test_api("pizza", backend.url());
  api.operations = {{"GET", "/orders/{id}", AuthType::any, "Many", {}}};
  add("api", api);
  add("application", KnownApplication{"shop", 1, "Shop", "ann", "Many", ""});
  add("key_mapping", KnownKeyMapping{"map", 1, "client", "shop", KeyType::production, ""});
  add("subscription", KnownSubscription{"sub", 1, "pizza", "shop", "Many", ""});
  for (const auto level : {PolicyLevel::api, PolicyLevel::subscription, PolicyLevel::application}) {
    add("policy", KnownPolicy{std::string(to_text(level)), 1, level, "Many", false, 9'000'000,
                              86'400, 0, 1, true, false});
  }

  const auto make_client = [&](net::Loop& loop) -> std::unique_ptr<http::Client> {
    return std::make_unique<http::LocalClient>(loop, pool, key_manager);
  };
  Worker worker(
      {options, clock, metrics, bus, pool, log, make_client, 1, [](unsigned, std::uint64_t) {}}, 0);
  ASSERT_TRUE(worker.listen({0, 0}, net::Listener::Claim::first));
  worker.publish(Snapshot().with(range));
  std::atomic<std::size_t> counted_there{0};
  struct Running {
    explicit Running(Worker& its_worker) : worker(its_worker), thread([this] { worker.run(); }) {}
    ~Running() {
      worker.stop();
      thread.join();
    }
    Worker& worker;
    std::thread thread;
  } running(worker);

  // What the worker's thread has allocated so far.
  const auto count = [&] {
    std::atomic<bool> done{false};
    worker.loop().post([&] {
      counted_there = allocations_here;
      done = true;
    });
    while (!done) std::this_thread::yield();
    return counted_there.load();
  };
  TestClient client(worker.ports().http);
  const auto call = [&] {
    return client
        .call(
            "GET /pizza/1/orders/7?x=1 HTTP/1.1\r\nHost: g\r\nAccept: */*\r\nAuthorization: Bearer "
            "good\r\n\r\n")
        .status;
  };
  for (int i = 0; i < 100; ++i) ASSERT_EQ(call(), 200);
  count();
  const std::size_t before = count();
  for (int i = 0; i < 500; ++i) ASSERT_EQ(call(), 200);
  const std::size_t after = count();
  EXPECT_EQ(after - before, 0U) << "allocations in 500 calls";
}

}  // namespace
}  // namespace gatehouse::gateway
