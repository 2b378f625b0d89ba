// SPDX-License-Identifier: Apache-2.0
#include "publisher/feed.h"

#include "publisher/test_feed.h"

namespace gatehouse::publisher {

namespace {

// Asked by a node of another machine, as a door lets it in.
struct Asked {
  int status;
  std::string text;
};
Asked ask_as(Feed& feed, const http::KnownNode& node, const std::string& resource) {
  http::Request request = http::make_request("GET", "/internal/data/v1" + resource);
  request.peer.node = node;
  const http::Response response = feed.handle(request);
  return {response.status, response.body};
}

TEST_F(FeedTest, ANodeReadsTheEnvironmentsOfItsCredentialAndNoOther) {
  add_environment("Internal");
  add_environment("External");
  const http::KnownNode outside{"gw-out", {"External"}};
  const http::KnownNode both{"gw", {"External", "Internal"}};
  for (const std::string resource : {"/snapshot", "/changes"}) {
    for (const char* wanted :
         {"Internal", "External,Internal", "Internal,External", "Default", "", ",", "external",
          "External&environments=Internal", "Internal&environments=External", "External%2CInternal",
          "External,%49nternal", "External%0AInternal"}) {
      const Asked asked = ask_as(feed_, outside, resource + "?environments=" + wanted);
      EXPECT_EQ(asked.status, 403) << resource << " " << wanted << asked.text;
      EXPECT_NE(asked.text.find("its credential opens External"), std::string::npos) << asked.text;
    }
    EXPECT_EQ(ask_as(feed_, outside, resource).status, 403) << "Default, unless it says another";
  }
  EXPECT_EQ(ask_as(feed_, outside, "/revocations?since=0").status, 200);
  EXPECT_EQ(ask_as(feed_, outside, "/snapshot?environments=External").status, 200);
  EXPECT_EQ(ask_as(feed_, outside, "/snapshot?environments=%45xternal").status, 200);
  EXPECT_EQ(ask_as(feed_, both, "/snapshot?environments=Internal,External").status, 200);
  // Nobody was counted who was refused.
  for (const auto& environments : feed_.asked_lately()) {
    EXPECT_EQ(std::ranges::count(environments, "Default"), 0);
  }
}

TEST_F(FeedTest, ANodeStandsUnderTheNameThatItHasProved) {
  const model::FeedRange whole = snapshot();
  const std::string question = fmt::format("/changes?since={}&tag={}&node=", whole.to, whole.tag);
  const http::KnownNode node{"gw-1", {"Default"}};
  EXPECT_EQ(ask_as(feed_, node, question + "gw-1").status, 200);
  EXPECT_EQ(ask_as(feed_, node, question + "gw-2").status, 200);
  std::string names;
  write([&](Transaction& transaction) {
    const auto stands = storage::GatewayStore(transaction).seen_since(Instant(), 0);
    for (const storage::GatewayStand& stand : *stands) names += stand.node + " ";
  });
  EXPECT_EQ(names, "gw-1 gw-1/gw-2 ");
}

TEST_F(FeedTest, ANewServerHasItsPolicies) {
  const TestGateway gateway = gateway_with_snapshot();
  EXPECT_EQ(gateway.known.size(), 13U);
  EXPECT_FALSE(gateway.tag.empty());
  for (const auto& [key, value] : gateway.known) {
    EXPECT_EQ(key.first, "policy");
    const auto policy = model::known_policy_from(value);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->unlimited, policy->name == "Unlimited");
    if (policy->name == "Bronze") {
      EXPECT_EQ(policy->quota, 1'000);
      EXPECT_EQ(policy->window_s, 60);
    }
  }
}

TEST_F(FeedTest, FollowingTheChangesLeadsToTheSnapshot) {
  add_environment("Second");
  const std::vector<std::string> environments{"Default", "Second"};
  const std::vector<std::string> applications{"one", "two"};
  std::vector<std::string> apis{make_api(), make_api({{"name", "Pasta"}, {"context", "/pasta"}})};
  std::vector<std::string> revisions{make_revision(apis[0]), make_revision(apis[1])};
  std::set<std::string> deployed;
  std::set<std::string> subscribed;
  for (const std::string& application : applications) add_application(application);
  TestGateway gateway = gateway_with_snapshot();

  SeededRandom chance(7);
  for (int step = 0; step < 120; ++step) {
    const std::size_t api = chance.number() % 2;
    const std::string& where = environments[chance.number() % 2];
    const std::string& who = applications[chance.number() % 2];
    const std::string at = apis[api] + where;
    const std::string subscription = subscription_id(who, apis[api]);
    if (chance.number() % 2 == 0) {
      const bool serves = !deployed.insert(at).second;
      place(apis[api], revisions[api], serves ? "undeploy" : "deploy", where);
      if (serves) deployed.erase(at);
    } else if (subscribed.insert(subscription).second) {
      subscribe(who, apis[api]);
    } else {
      unsubscribe(who, apis[api]);
      subscribed.erase(subscription);
    }
    if (chance.number() % 3 == 0) continue;  // several changes in one range
    catch_up(gateway);
    const TestGateway fresh = gateway_with_snapshot();
    for (const auto& [key, value] : fresh.known) {
      ASSERT_TRUE(gateway.known.contains(key)) << key.first << " " << key.second;
      ASSERT_EQ(gateway.known[key], value) << key.first << " " << key.second;
    }
    for (const auto& [key, value] : gateway.known) {
      ASSERT_TRUE(fresh.known.contains(key)) << key.first << " " << key.second;
    }
  }
}

TEST_F(FeedTest, ARemovedApplicationTakesItsKeysWithIt) {
  const std::string api = make_published_api();
  add_application("app");
  subscribe("app", api);
  TestGateway gateway = gateway_with_snapshot();
  EXPECT_TRUE(gateway.knows("key_mapping", "keys-of-app"));
  remove_application("app");
  catch_up(gateway);
  EXPECT_EQ(gateway.known.size(), 14U);  // the policies and the API
}

// As after the promotion of a standby that had not heard of the last changes.
TEST_F(FeedTest, SendsWhoKnowsALostChangeToTheSnapshot) {
  const std::string api = make_published_api();
  TestGateway gateway = gateway_with_snapshot();
  write([](Transaction& transaction) {
    EXPECT_TRUE(transaction.execute("UPDATE am_change_counter SET number = number + 1000"));
  });
  ASSERT_EQ(change_state(api, "Deprecate").status, 200);
  TestGateway ahead = gateway;
  ahead.number += 1;
  EXPECT_EQ(changes(ahead).status, 409);
  catch_up(gateway);
  EXPECT_EQ(text_or(gateway.known[{"api", api}], "state", ""), "DEPRECATED");
}

TEST_F(FeedTest, PassesOverWhatOnlyANewerVersionKnows) {
  make_published_api();
  TestGateway gateway = gateway_with_snapshot();
  const auto before = gateway.known;
  const std::uint64_t number = gateway.number;
  write([&](Transaction& transaction) {
    EXPECT_TRUE(transaction.execute("UPDATE am_change_counter SET number = number + 1"));
    EXPECT_TRUE(transaction.execute(
        "INSERT INTO am_change (number, tenant_id, kind, object_id, environments_before,"
        " environments_after, created_at_ms) VALUES ($1, 1, 'of tomorrow', 'x', '', '', $2)",
        number + 1, clock_.now()));
  });
  catch_up(gateway);
  EXPECT_EQ(gateway.number, number + 1);
  EXPECT_EQ(gateway.known, before);
}

TEST_F(FeedTest, SendsAGatewayToTheSnapshotWhenItCannotGoOn) {
  make_published_api();
  TestGateway gateway = gateway_with_snapshot();
  TestGateway stranger = gateway;
  stranger.tag = "another-history";
  EXPECT_EQ(changes(stranger).status, 409);
  TestGateway ahead = gateway;
  ahead.number += 1;
  EXPECT_EQ(changes(ahead).status, 409);
  // What was kept too long is gone; who stands at the head misses nothing.
  write([&](Transaction& transaction) {
    EXPECT_TRUE(storage::forget_changes(transaction, Instant::max()));
  });
  TestGateway behind = gateway;
  behind.number -= 1;
  EXPECT_EQ(changes(behind).status, 410);
  EXPECT_EQ(changes(gateway).status, 200);
  EXPECT_EQ(get("/changes?since=x").status, 400);
  EXPECT_EQ(get("/elsewhere").status, 404);
}

// A table that is locked holds whoever renders a snapshot.
TEST(FeedOnPostgresql, OfThreeSnapshotsAtOnceOneIsSentAway) {
  const SystemClock clock;
  storage::TestDatabases databases(storage::TestEngine::postgresql);
  Feed feed(databases.all(), clock, "issuer");
  std::atomic<int> sent_away = 0;
  std::vector<rest::TestAnswer> answers(3);
  std::vector<std::thread> gateways;
  const Result<> done = databases.api_manager().write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(transaction.execute("LOCK TABLE am_policy IN ACCESS EXCLUSIVE MODE"));
    for (rest::TestAnswer& answer : answers) {
      gateways.emplace_back([&] {
        answer = rest::ask(feed, "", "GET /internal/data/v1/snapshot");
        if (answer.status == 503) ++sent_away;
      });
    }
    while (sent_away == 0) std::this_thread::yield();
    return {};
  });
  EXPECT_TRUE(done) << done.error().detail;
  for (std::thread& gateway : gateways) gateway.join();
  int served = 0;
  for (const rest::TestAnswer& answer : answers) {
    if (answer.status == 200) ++served;
    if (answer.status == 503) {
      EXPECT_NE(answer.headers.find("Retry-After"), nullptr);
    }
  }
  EXPECT_EQ(served, 2);
  EXPECT_EQ(sent_away, 1);
}

TEST_F(FeedTest, AWaitingCallAnswersOnceSomethingHappens) {
  const TestGateway gateway = gateway_with_snapshot();
  rest::TestAnswer answer;
  std::thread waiter([&] {
    answer = get(fmt::format("/changes?since={}&tag={}&wait=30s", gateway.number, gateway.tag));
  });
  make_published_api();
  feed_.wake(gateway.number + 1);
  waiter.join();
  ASSERT_EQ(answer.status, 200);
  EXPECT_GT(model::feed_range_from(answer.object())->to, gateway.number);
}

TEST_F(FeedTest, AStoppedFeedKeepsNobodyWaiting) {
  const TestGateway gateway = gateway_with_snapshot();
  feed_.stop();
  EXPECT_EQ(
      get(fmt::format("/changes?since={}&tag={}&wait=30s", gateway.number, gateway.tag)).status,
      200);
}

TEST_F(FeedTest, TellsRevocationsAfterANumber) {
  std::vector<model::Revocation> two(2);
  for (model::Revocation& revocation : two) {
    revocation.kind = "client";
    revocation.value = "client-1";
  }
  write([&](Transaction& transaction) {
    EXPECT_TRUE(storage::RevocationStore(transaction).append(two));
  });
  EXPECT_EQ(snapshot().revocation, 2U);
  EXPECT_EQ(get("/revocations?since=0").list().size(), 2U);
  EXPECT_EQ(get("/revocations?since=1").list().size(), 1U);
}

}  // namespace

}  // namespace gatehouse::publisher
