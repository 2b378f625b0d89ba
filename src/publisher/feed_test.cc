// SPDX-License-Identifier: Apache-2.0
#include "publisher/feed.h"

#include <thread>

#include "publisher/test_feed.h"
#include "storage/apis/revocation_store.h"

namespace gatehouse::publisher {

namespace {

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

TEST_F(FeedTest, AnApiEntersWithItsBundleAndLeavesWithIt) {
  TestGateway gateway = gateway_with_snapshot();
  const std::string api = make_api();
  add_application("app");
  subscribe("app", api);
  catch_up(gateway);
  // Nobody serves the API here, so nobody here has to know of it.
  EXPECT_EQ(gateway.known.size(), 13U);

  const std::string revision = make_revision(api);
  deploy(api, revision);
  catch_up(gateway);
  for (const auto& [kind, id] : std::vector<std::pair<std::string, std::string>>{
           {"api", api},
           {"subscription", subscription_id("app", api)},
           {"application", "app"},
           {"key_mapping", "keys-of-app"},
           {"api_key", "api-key-of-app"}}) {
    EXPECT_TRUE(gateway.knows(kind, id)) << kind;
  }
  const auto deployed = model::deployed_api_from(gateway.known[{"api", api}]);
  ASSERT_TRUE(deployed);
  EXPECT_EQ(deployed->context, "/pizza");
  EXPECT_EQ(deployed->state, "CREATED");
  EXPECT_EQ(deployed->revision_id, revision);
  EXPECT_EQ(deployed->vhost, "localhost");
  EXPECT_EQ(deployed->tenant_domain, "carbon.super");
  EXPECT_EQ(deployed->production.urls, std::vector<std::string>{"http://localhost:9090/pizza"});

  place(api, revision, "undeploy", "Default");
  catch_up(gateway);
  EXPECT_EQ(gateway.known.size(), 13U);
}

TEST_F(FeedTest, GatewaysServeTheRevisionAndNotTheWorkingCopy) {
  const std::string api = make_api();
  deploy(api, make_revision(api));
  TestGateway gateway = gateway_with_snapshot();
  ASSERT_EQ(ask("admin", "PUT /apis/" + api,
                pizza({{"endpointConfig",
                        {{"endpoint_type", "http"},
                         {"production_endpoints", {{"url", "http://localhost:1/new"}}}}}}))
                .status,
            200);
  ASSERT_EQ(change_state(api, "Publish").status, 200);
  catch_up(gateway);
  const auto deployed = model::deployed_api_from(gateway.known[{"api", api}]);
  EXPECT_EQ(deployed->production.urls, std::vector<std::string>{"http://localhost:9090/pizza"});
  EXPECT_EQ(deployed->state, "PUBLISHED");
}

// What gateways of an environment of each type have to call.
TEST_F(FeedTest, AnEnvironmentHasTheBackendsOfItsTypeAlone) {
  const std::string api = make_api();
  const std::string revision = make_revision(api);
  const std::map<std::string, std::pair<std::size_t, std::size_t>> cases{
      {"production", {1, 0}}, {"sandbox", {0, 1}}, {"hybrid", {1, 1}}, {"old", {1, 1}}};
  for (const auto& [type, backends] : cases) {
    const std::string name = "E" + std::to_string(type.size());
    add_environment(name, R"("type":")" + type + "\"");
    place(api, revision, "deploy", name);
    TestGateway gateway = gateway_with_snapshot(name);
    auto deployed = model::deployed_api_from(gateway.known[{"api", api}]);
    ASSERT_TRUE(deployed) << type;
    EXPECT_EQ(deployed->production.urls.size(), backends.first) << type;
    EXPECT_EQ(deployed->sandbox.urls.size(), backends.second) << type;
    const std::string known = json::serialize(json::value(gateway.known[{"api", api}]));
    EXPECT_EQ(known.find("localhost:9090") != known.npos, backends.first > 0) << type;
    EXPECT_EQ(known.find("localhost:9091") != known.npos, backends.second > 0) << type;
  }
}

TEST_F(FeedTest, ARetiredApiIsServedNowhere) {
  const std::string api = make_published_api();
  TestGateway gateway = gateway_with_snapshot();
  ASSERT_EQ(change_state(api, "Deprecate").status, 200);
  catch_up(gateway);
  EXPECT_EQ(text_or(gateway.known[{"api", api}], "state", ""), "DEPRECATED");
  ASSERT_EQ(change_state(api, "Retire").status, 200);
  catch_up(gateway);
  EXPECT_FALSE(gateway.knows("api", api));
}

TEST_F(FeedTest, OneDefaultVersionAtATime) {
  const std::string first = make_published_api({{"isDefaultVersion", true}});
  TestGateway gateway = gateway_with_snapshot();
  ASSERT_EQ(ask("creator", "POST /apis/copy-api?newVersion=2.0&defaultVersion=true&apiId=" + first)
                .status,
            201);
  catch_up(gateway);
  EXPECT_FALSE(flag_or(gateway.known[{"api", first}], "is_default_version", true));
}

TEST_F(FeedTest, AnApplicationLeavesWithItsLastSubscription) {
  const std::vector<std::string> apis{
      make_published_api(), make_published_api({{"name", "Pasta"}, {"context", "/pasta"}})};
  add_application("app");
  for (const std::string& api : apis) subscribe("app", api);
  TestGateway gateway = gateway_with_snapshot();
  const std::map<std::pair<std::string, std::string>, json::object> before = gateway.known;
  EXPECT_EQ(before.size(), 13U + 7U);  // policies; APIs, subscriptions, application and two keys

  unsubscribe("app", apis[0]);
  catch_up(gateway);
  EXPECT_EQ(gateway.known.size(), before.size() - 1);
  unsubscribe("app", apis[1]);
  catch_up(gateway);
  EXPECT_EQ(gateway.known.size(), 13U + 2U);
  subscribe("app", apis[0]);
  subscribe("app", apis[1]);
  catch_up(gateway);
  EXPECT_EQ(gateway.known, before);
}

TEST_F(FeedTest, AnApplicationLeavesWithItsLastApi) {
  const std::string api = make_published_api();
  add_application("app");
  subscribe("app", api);
  TestGateway gateway = gateway_with_snapshot();
  ASSERT_EQ(change_state(api, "Deprecate").status, 200);
  ASSERT_EQ(change_state(api, "Retire").status, 200);
  ASSERT_EQ(ask("creator", "DELETE /apis/" + api).status, 200);
  catch_up(gateway);
  EXPECT_EQ(gateway.known, gateway_with_snapshot().known);
  EXPECT_EQ(gateway.known.size(), 13U);
}

// Whatever happens in whatever order, a gateway that followed the changes knows what a gateway that
// starts now is told, and nothing else.
TEST_F(FeedTest, FollowingTheChangesLeadsToTheSnapshot) {
  add_environment("Second", R"("type":"hybrid")");
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
