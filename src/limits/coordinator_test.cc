// SPDX-License-Identifier: Apache-2.0
//
// Coordinator and lease tables together, on simulated time. What passed is counted by the
// simulation, not by the tables.
#include "limits/coordinator.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "core/random.h"
#include "limits/lease_table.h"

namespace gatehouse::limits {
namespace {

using std::chrono::milliseconds;

class Request final : public Waiter {
 public:
  void answered() override { ready = true; }

  Permit permit;
  bool ready = false;
};

struct World {
  explicit World(std::uint64_t seed, std::size_t holders) : random(seed) {
    for (std::size_t i = 0; i < holders; ++i) {
      tables.push_back(std::make_unique<LeaseTable>("h" + std::to_string(i), 1000));
      requests.emplace_back();
    }
  }

  bool chance(std::uint32_t percent) { return random.number() % 100 < percent; }

  // One millisecond: deliver what has arrived, let waiting requests go on, send what there is.
  void step() {
    now += milliseconds(1);
    tick += milliseconds(1);
    std::deque<std::pair<std::size_t, OwnerMessage>> arrived;
    arrived.swap(to_holder);
    for (auto& [holder, message] : arrived) tables[holder]->on_message(message, tick);
    for (std::size_t i = 0; i < tables.size(); ++i) go_on(i);
    exchange();
    if (now.time_since_epoch() % milliseconds(50) == milliseconds(0)) coordinator.on_tick(now);
    collect();
  }

  void exchange() {
    for (auto& table : tables) {
      if (!table->has_message()) continue;
      const HolderMessage message = table->take_message();
      const auto decoded = decode_holder_message(encode(message));
      ASSERT_TRUE(decoded);
      if (!chance(loss)) coordinator.on_message(*decoded, now);
    }
  }

  void collect() {
    for (auto& [name, message] : coordinator.take_messages()) {
      const auto decoded = decode_owner_message(encode(message));
      ASSERT_TRUE(decoded);
      const auto holder = static_cast<std::size_t>(std::stoul(name.substr(1)));
      if (!chance(loss)) to_holder.emplace_back(holder, *decoded);
    }
  }

  void offer(std::size_t holder, std::vector<std::pair<Key, Limit>> demands) {
    auto request = std::make_unique<Request>();
    for (const auto& [key, limit] : demands) request->permit.add(key, limit);
    if (!attempt(holder, *request)) requests[holder].push_back(std::move(request));
  }

  // True when the request is over.
  bool attempt(std::size_t holder, Request& request) {
    request.ready = false;
    const Taken taken = tables[holder]->take(request.permit, tick);
    if (taken.outcome == Outcome::unknown) {
      tables[holder]->wait(request.permit, request, tick);
      return false;
    }
    ++(taken.outcome == Outcome::all ? admitted : refused);
    return true;
  }

  void go_on(std::size_t holder) {
    for (auto& request : requests[holder]) {
      if (request->ready && attempt(holder, *request)) request.reset();
    }
    std::erase(requests[holder], nullptr);
  }

  std::size_t waiting() const {
    std::size_t count = 0;
    for (const auto& list : requests) count += list.size();
    return count;
  }

  SeededRandom random;
  std::uint32_t loss = 0;
  Instant now = from_ms(1'800'000'000'000);  // the start of a minute
  Tick tick{std::chrono::hours(1)};
  Coordinator coordinator{Coordinator::Options{}};
  std::vector<std::unique_ptr<LeaseTable>> tables;
  std::vector<std::vector<std::unique_ptr<Request>>> requests;
  std::deque<std::pair<std::size_t, OwnerMessage>> to_holder;
  std::uint64_t admitted = 0;
  std::uint64_t refused = 0;
};

struct QuotaCase {
  const char* name;
  std::uint64_t quota;
  std::size_t holders;
  std::uint32_t per_step;  // calls offered each millisecond, to random holders
};

class Quota : public ::testing::TestWithParam<QuotaCase> {};

TEST_P(Quota, FirstCallsOfAWindowPassAndNoMore) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed, GetParam().holders);
    const Limit limit{LimitKind::window, GetParam().quota, milliseconds(60'000)};
    const Key key = key_of("application:1");
    for (int window = 0; window < 2; ++window) {
      const std::uint64_t before = world.admitted;
      for (int ms = 0; ms < 59'900; ++ms) {
        if (ms < 20'000) {
          for (std::uint32_t i = 0; i < GetParam().per_step; ++i) {
            world.offer(world.random.number() % GetParam().holders, {{key, limit}});
          }
        }
        world.step();
      }
      EXPECT_EQ(world.admitted - before, GetParam().quota);
      EXPECT_EQ(world.waiting(), 0U);
      for (int ms = 0; ms < 100; ++ms) world.step();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Quota,
                         ::testing::Values(QuotaCase{"one_holder_small", 10, 1, 1},
                                           QuotaCase{"two_holders_small", 20, 2, 1},
                                           QuotaCase{"two_holders_thousand", 1000, 2, 1},
                                           QuotaCase{"eight_holders_thousand", 1000, 8, 3},
                                           QuotaCase{"two_holders_large", 5000, 2, 5}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Simulation, NeverMoreThanTheQuotaWhateverIsLost) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed, 4);
    world.loss = 10;
    const Limit limit{LimitKind::window, 500, milliseconds(60'000)};
    const Key key = key_of("application:1");
    for (int ms = 0; ms < 59'000; ++ms) {
      if (ms % 2 == 0) world.offer(world.random.number() % 4, {{key, limit}});
      world.step();
      if (world.waiting() > 2000)
        break;  // lost answers leave requests waiting: their deadline ends
    }
    EXPECT_LE(world.admitted, 500U);
    EXPECT_GT(world.admitted, 0U);
  }
}

TEST(Simulation, AllLimitsOfARequestAreTakenOrNone) {
  World world(7, 2);
  const Limit small{LimitKind::window, 10, milliseconds(60'000)};
  const Limit shared{LimitKind::window, 20, milliseconds(60'000)};
  const Key first = key_of("subscription:1");
  const Key second = key_of("subscription:2");
  const Key application = key_of("application:1");
  for (int i = 0; i < 30; ++i) {
    world.offer(static_cast<std::size_t>(i) % 2, {{first, small}, {application, shared}});
    for (int ms = 0; ms < 5; ++ms) world.step();
  }
  EXPECT_EQ(world.admitted, 10U);  // the first subscription ends first
  for (int i = 0; i < 30; ++i) {
    world.offer(static_cast<std::size_t>(i) % 2, {{second, small}, {application, shared}});
    for (int ms = 0; ms < 5; ++ms) world.step();
  }
  EXPECT_EQ(world.admitted, 20U);  // refused calls have cost the application nothing
}

TEST(Simulation, ABucketRefillsEvenly) {
  World world(3, 2);
  const Limit bucket{LimitKind::bucket, 10, milliseconds(1000)};
  const Key key = key_of("burst:1");
  for (int ms = 0; ms < 3000; ++ms) {
    world.offer(static_cast<std::size_t>(ms) % 2, {{key, bucket}});
    world.step();
  }
  // Ten at once, then one each 100 ms; an answer takes up to 2 ms.
  EXPECT_GE(world.admitted, 37U);
  EXPECT_LE(world.admitted, 40U);
}

TEST(Coordinator, RestoredReservationsAreSpent) {
  Coordinator coordinator{Coordinator::Options{}};
  const Instant now = from_ms(1'800'000'000'000);
  const Key key = key_of("application:1");
  coordinator.restore({key, window_at(milliseconds(60'000), now), milliseconds(60'000), 95});
  HolderMessage message{"h0", {{key, {LimitKind::window, 100, milliseconds(60'000)}, 10, 0}}, {}};
  coordinator.on_message(message, now);
  const auto answers = coordinator.take_messages();
  ASSERT_EQ(answers.size(), 1U);
  ASSERT_EQ(answers[0].second.grants.size(), 1U);
  EXPECT_EQ(answers[0].second.grants[0].permits, 5U);
  EXPECT_EQ(answers[0].second.grants[0].refused, 5U);
}

TEST(Coordinator, ReservesBeforeItGrants) {
  Coordinator coordinator{Coordinator::Options{}};
  const Key key = key_of("application:1");
  std::uint64_t reserved = 0;
  std::uint64_t granted = 0;
  for (int i = 0; i < 300; ++i) {
    coordinator.on_message(
        {"h0", {{key, {LimitKind::window, 200, milliseconds(60'000)}, 1, 50}}, {}},
        from_ms(1'800'000'000'000 + i));
    for (const Reservation& reservation : coordinator.take_reservations()) {
      reserved = reservation.permits;
    }
    for (const auto& [holder, message] : coordinator.take_messages()) {
      for (const Grant& grant : message.grants) granted += grant.permits;
    }
    ASSERT_GE(reserved, granted);
  }
  EXPECT_LE(reserved, 200U);
}

// What `holder` is granted when it needs `need` and sees `rate` calls a second.
Grant ask(Coordinator& coordinator, const std::string& holder, const Limit& limit,
          std::uint32_t need, std::uint32_t rate, Instant now) {
  coordinator.on_message({holder, {{key_of("application:1"), limit, need, rate}}, {}}, now);
  const auto answers = coordinator.take_messages();
  if (answers.size() != 1 || answers[0].second.grants.size() != 1) return {};
  EXPECT_EQ(answers[0].first, holder);
  return answers[0].second.grants[0];
}

TEST(Coordinator, HoldersThatHaveGoneMakeNoQuotaSmall) {
  Coordinator coordinator{Coordinator::Options{}};
  const Limit limit{LimitKind::window, 1000, milliseconds(60'000)};
  const Instant now = from_ms(1'800'000'000'000);
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(ask(coordinator, "h" + std::to_string(i), limit, 1, 0, now).permits, 1U);
  }
  const Instant minute_later = now + milliseconds(60'000);
  EXPECT_EQ(ask(coordinator, "new", limit, 1, 500, minute_later).permits, 1U)
      << "as many holders as that ask for each call";
  const Instant later = minute_later + std::chrono::hours(1);
  coordinator.on_tick(later);
  EXPECT_GT(ask(coordinator, "new", limit, 1, 500, later).permits, 1U);
}

TEST(Coordinator, WhatASilentHolderHeldIsSpent) {
  Coordinator coordinator{Coordinator::Options{}};
  const Limit limit{LimitKind::window, 500, milliseconds(86'400'000)};
  const Instant now = from_ms(1'800'000'000'000 / 86'400'000 * 86'400'000);
  EXPECT_EQ(ask(coordinator, "gone", limit, 100, 0, now).permits, 100U);
  const Instant later = now + std::chrono::hours(2);
  coordinator.on_tick(later);
  const Grant grant = ask(coordinator, "here", limit, 500, 0, later);
  EXPECT_EQ(grant.permits, 400U);
  EXPECT_EQ(grant.refused, 100U) << "at once: there is nobody to ask for them";
}

TEST(Message, AHolderIsAPartOfASubject) {
  const auto decodes = [](const std::string& holder) {
    return decode_holder_message(encode(HolderMessage{holder, {}, {}})).has_value();
  };
  for (const char* holder : {"a", "gw-1.0f3a.12", "a_b.C"}) EXPECT_TRUE(decodes(holder)) << holder;
  for (const char* holder : {"", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB b 0\r\n\r\n", "a.>", "*",
                             "a\tb", "\xc3\xa4"}) {
    EXPECT_FALSE(decodes(holder)) << holder;
  }
  EXPECT_TRUE(decodes(std::string(200, 'a')));
  EXPECT_FALSE(decodes(std::string(201, 'a')));
}

TEST(Message, BrokenBytesAreRefused) {
  HolderMessage message{"h0", {{key_of("a"), {}, 1, 2}}, {{key_of("b"), 3, 4}}};
  const std::string bytes = encode(message);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_holder_message(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_holder_message(bytes + "x"));
  EXPECT_TRUE(decode_holder_message(bytes));
}

}  // namespace
}  // namespace gatehouse::limits
