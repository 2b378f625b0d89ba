// SPDX-License-Identifier: Apache-2.0
#include "publisher/feed_renderer.h"

#include "publisher/test_feed.h"

namespace gatehouse::publisher {

namespace {

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

}  // namespace

}  // namespace gatehouse::publisher
