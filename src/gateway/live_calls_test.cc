// SPDX-License-Identifier: Apache-2.0
#include "gateway/live_calls.h"

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <map>
#include <utility>

#include "core/text.h"

namespace gatehouse::gateway {
namespace {

constexpr std::chrono::milliseconds young_time{30};
const Instant issued = from_ms(1'800'000'000'000);

class TestCall final : public LiveCall {
 public:
  TestCall(LiveCalls& calls, std::string name) : calls_(calls), name_(std::move(name)) {
    token.client_id = "client-" + name_;
    token.user_id = "user-" + name_;
    token.family = "family-" + name_;
    token.jti = "jti-" + name_;
    token.issued_at = issued;
    calls_.begin(*this);
  }
  void end() { calls_.end(*this); }

  Token token;
  bool remembered = true;
  int judged = 0;
  int ended = 0;
  Tick next = net::never;

 private:
  bool is_remembered() override { return remembered; }
  void judge_again() override {
    ++judged;
    calls_.hold(*this, &token, sha256(name_), std::exchange(next, net::never));
  }
  void revoked() override { ++ended; }

  LiveCalls& calls_;
  const std::string name_;
};

class LiveCallsTest : public ::testing::Test {
 protected:
  // Until what is young now lasts.
  void grow_old() {
    const Tick now = std::chrono::steady_clock::now();
    loop_.run_until_done(wait(loop_, now + young_time + std::chrono::milliseconds(5)));
  }
  // What is to be judged now is judged.
  void take_turns() {
    const Tick now = std::chrono::steady_clock::now();
    loop_.run_until_done(wait(loop_, now + std::chrono::milliseconds(1)));
  }
  static net::Task<> wait(net::Loop& loop, Tick until) { co_await loop.sleep_until(until); }

  static model::Revocation revocation(std::string kind, std::string value,
                                      Instant issued_before = issued) {
    model::Revocation revocation;
    revocation.kind = std::move(kind);
    revocation.value = std::move(value);
    revocation.issued_before = issued_before;
    return revocation;
  }

  net::Loop loop_;
  LiveCalls calls_{loop_, young_time};
};

TEST_F(LiveCallsTest, AShortCallIsNeverJudgedAgain) {
  TestCall call(calls_, "a");
  call.end();
  grow_old();
  EXPECT_EQ(call.judged, 0);
  EXPECT_EQ(calls_.lasting(), 0U);
}

TEST_F(LiveCallsTest, OneThatLastsIsJudgedOnceAndThenFoundByItsNames) {
  TestCall a(calls_, "a");
  TestCall b(calls_, "b");
  grow_old();
  EXPECT_EQ(calls_.lasting(), 2U);
  EXPECT_EQ(a.judged, 1);
  int ended = 0;
  for (const auto& [kind, value] : std::map<std::string, std::string>{
           {"client", "client-a"},
           {"user", "user-a"},
           {"family", "family-a"},
           {"user_client", model::user_and_client("user-a", "client-a")}}) {
    calls_.revoke(revocation(kind, value));
    EXPECT_EQ(a.ended, ++ended) << kind;
  }
  for (const std::string& value : {to_hex(to_bytes(sha256("a"))), std::string("jti-a")}) {
    calls_.revoke(revocation("token", value, {}));
    EXPECT_EQ(a.ended, ++ended) << value;
  }
  EXPECT_EQ(a.judged, 1);
  EXPECT_EQ(b.ended, 0);
}

// Nobody knows a young call by name, but whoever is no longer remembered is judged.
TEST_F(LiveCallsTest, ARevocationIsHeldAgainstYoungOnesSoon) {
  TestCall meant(calls_, "a");
  TestCall other(calls_, "b");
  meant.remembered = false;
  calls_.revoke(revocation("client", "client-a"));
  EXPECT_EQ(meant.judged, 0);
  const Tick before = loop_.tick();
  loop_.run_until_done(wait(loop_, before + 2 * LiveCalls::check_time));
  EXPECT_EQ(meant.judged, 1);
  grow_old();
  EXPECT_EQ(meant.judged, 1);
  EXPECT_EQ(other.judged, 1);
}

TEST_F(LiveCallsTest, ATokenIssuedAfterTheRevocationIsNotMeant) {
  TestCall call(calls_, "a");
  grow_old();
  calls_.revoke(revocation("client", "client-a", issued - std::chrono::milliseconds(1)));
  calls_.revoke(revocation("client", "client-"));
  calls_.revoke(revocation("client", ""));
  calls_.revoke(revocation("family", "client-a"));
  EXPECT_EQ(call.ended, 0);
}

TEST_F(LiveCallsTest, AChangedUserIsJudgedAgain) {
  TestCall call(calls_, "a");
  grow_old();
  calls_.revoke(revocation("user_changed", "user-a"));
  take_turns();
  EXPECT_EQ(call.judged, 2);
  EXPECT_EQ(call.ended, 0);
}

TEST_F(LiveCallsTest, WhatIsOfAChangedTenantIsJudgedAgain) {
  TestCall call(calls_, "a");
  grow_old();
  calls_.revoke(revocation("tenant_changed", std::to_string(model::first_tenant + 1)));
  take_turns();
  EXPECT_EQ(call.judged, 1);
  calls_.revoke(revocation("tenant_changed", std::to_string(model::first_tenant)));
  take_turns();
  EXPECT_EQ(call.judged, 2);
  EXPECT_EQ(call.ended, 0);
}

// Whatever they remember: a subscription or an API key may be gone with it.
TEST_F(LiveCallsTest, ANewSnapshotJudgesYoungOnesSoon) {
  TestCall call(calls_, "a");
  TestCall short_call(calls_, "b");
  calls_.judge_all();
  EXPECT_EQ(call.judged, 0);
  short_call.end();
  const Tick before = loop_.tick();
  loop_.run_until_done(wait(loop_, before + 2 * LiveCalls::check_time));
  EXPECT_EQ(call.judged, 1);
  EXPECT_EQ(short_call.judged, 0);
  EXPECT_EQ(calls_.lasting(), 1U);
  TestCall later(calls_, "c");
  calls_.revoke(revocation("client", "client-z"));
  loop_.run_until_done(wait(loop_, loop_.tick() + 2 * LiveCalls::check_time));
  EXPECT_EQ(later.judged, 0);
}

TEST_F(LiveCallsTest, ANewSnapshotJudgesAllThatLast) {
  TestCall a(calls_, "a");
  TestCall b(calls_, "b");
  grow_old();
  TestCall young(calls_, "c");
  calls_.judge_all();
  calls_.judge_all();  // before anybody was judged: once is enough
  take_turns();
  EXPECT_EQ(a.judged, 2);
  EXPECT_EQ(b.judged, 2);
  EXPECT_EQ(young.judged, 0);
  calls_.judge_all();
  take_turns();
  EXPECT_EQ(a.judged, 3);
}

// Whoever has something else to do gets a turn in between.
TEST_F(LiveCallsTest, ACrowdIsJudgedInParts) {
  std::list<TestCall> crowd;
  constexpr std::size_t size = 3 * LiveCalls::judged_in_turn_max + 1;
  for (std::size_t i = 0; i < size; ++i) crowd.emplace_back(calls_, "a");
  const auto judged = [&] {
    int sum = 0;
    for (const TestCall& call : crowd) sum += call.judged;
    return static_cast<std::size_t>(sum);
  };
  // The most that were judged between two turns of somebody else.
  std::size_t most = 0;
  std::size_t before = 0;
  const auto watch = [&] {
    most = std::max(most, judged() - before);
    before = judged();
  };
  const auto watched_turns = [&](std::size_t until) {
    std::function<void()> again = [&] {
      watch();
      if (judged() < until) return loop_.post(again);
      loop_.stop();
    };
    loop_.post(again);
    loop_.run();
  };
  watched_turns(size);  // they grow old
  for (const auto& change : std::vector<std::function<void()>>{
           [&] { calls_.judge_all(); },
           [&] { calls_.revoke(revocation("user_changed", "user-a")); }}) {
    change();
    watched_turns(before + size);
  }
  // What let them in ends at one instant.
  for (TestCall& call : crowd) call.next = loop_.tick();
  calls_.judge_all();
  watched_turns(before + 2 * size);
  EXPECT_EQ(most, LiveCalls::judged_in_turn_max);
  EXPECT_EQ(judged(), 5 * size);
}

// Changes that come all the time do not keep anybody from the turn.
TEST_F(LiveCallsTest, OneThatWaitsKeepsItsPlace) {
  std::list<TestCall> crowd;
  constexpr int parts = 4;
  for (std::size_t i = 0; i < parts * LiveCalls::judged_in_turn_max; ++i) {
    crowd.emplace_back(calls_, "a");
  }
  grow_old();
  for (int turn = 0; turn < 2 * parts; ++turn) {
    calls_.revoke(revocation("user_changed", "user-a"));
    loop_.post([&] { loop_.stop(); });
    loop_.run();
  }
  EXPECT_GE(crowd.back().judged, 2);
  EXPECT_LE(crowd.front().judged, 4);
}

TEST_F(LiveCallsTest, OneThatEndsBeforeItsTurnIsNotJudged) {
  TestCall a(calls_, "a");
  TestCall b(calls_, "b");
  grow_old();
  calls_.judge_all();
  a.end();
  take_turns();
  EXPECT_EQ(a.judged, 1);
  EXPECT_EQ(b.judged, 2);
}

TEST_F(LiveCallsTest, EachIsJudgedAgainAtItsTime) {
  TestCall call(calls_, "a");
  call.next = std::chrono::steady_clock::now();  // has passed by the time that it lasts
  grow_old();
  EXPECT_EQ(call.judged, 2);
}

TEST_F(LiveCallsTest, WhatHasEndedIsForgotten) {
  {
    TestCall gone(calls_, "a");
    TestCall ended(calls_, "a");
    grow_old();
    EXPECT_EQ(calls_.lasting(), 2U);
    ended.end();
    EXPECT_EQ(calls_.lasting(), 1U);
    calls_.revoke(revocation("client", "client-a"));
    EXPECT_EQ(ended.ended, 0);
    EXPECT_EQ(gone.ended, 1);
  }
  EXPECT_EQ(calls_.lasting(), 0U);
  calls_.revoke(revocation("client", "client-a"));
  calls_.judge_all();
}

}  // namespace
}  // namespace gatehouse::gateway
