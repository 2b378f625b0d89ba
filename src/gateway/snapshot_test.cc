// SPDX-License-Identifier: Apache-2.0
#include "gateway/snapshot.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace gatehouse::gateway {
namespace {

model::DeployedApi api_of(std::string id, std::string context, std::string version) {
  model::DeployedApi api;
  api.id = std::move(id);
  api.name = api.id;
  api.context = std::move(context);
  api.version = std::move(version);
  api.tenant_domain = "carbon.super";
  api.operations = {{"GET", "/*", model::AuthType::any, "", {}}};
  return api;
}

model::FeedRange range_of(std::uint64_t from, std::uint64_t to) {
  model::FeedRange range;
  range.tag = "t";
  range.from = from;
  range.to = to;
  return range;
}

model::FeedEntry entry_of(const model::DeployedApi& api) { return {"api", api.id, to_json(api)}; }

std::shared_ptr<const Snapshot> snapshot_of(const std::vector<model::DeployedApi>& apis) {
  model::FeedRange range = range_of(0, 1);
  for (const auto& api : apis) range.upserts.push_back(entry_of(api));
  return Snapshot().with(range);
}

struct RouteCase {
  const char* name;
  const char* path;
  const char* api;   // empty: none
  const char* rest;  // what follows the context
};

class Routes : public ::testing::TestWithParam<RouteCase> {};

TEST_P(Routes, AreFoundByTheLongestContext) {
  auto standard = api_of("standard", "/pizza", "1.0");
  auto by_default = api_of("default", "/pizza", "2.0");
  by_default.is_default_version = true;
  auto inside = api_of("inside", "/{version}/cake", "3");
  inside.is_default_version = true;
  auto longer = api_of("longer", "/pizza/1.0/extra", "9");
  auto tenant = api_of("tenant", "/pizza", "1.0");
  tenant.tenant = 2;
  tenant.tenant_domain = "example.com";
  const auto snapshot = snapshot_of({standard, by_default, inside, longer, tenant});

  const std::string_view path = GetParam().path;
  const RouteTable::Found found = snapshot->routes().find(path);
  EXPECT_EQ(found.api == nullptr ? "" : found.api->deployed.id, GetParam().api);
  if (found.api != nullptr) {
    EXPECT_EQ(path.substr(found.context_size), GetParam().rest);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Routes,
    ::testing::Values(RouteCase{"version", "/pizza/1.0/menu", "standard", "/menu"},
                      RouteCase{"nothing_follows", "/pizza/1.0", "standard", ""},
                      RouteCase{"slash_follows", "/pizza/1.0/", "standard", "/"},
                      RouteCase{"whole_segments_only", "/pizza/1.00/menu", "default", "/1.00/menu"},
                      RouteCase{"other_version", "/pizza/2.0/menu", "default", "/menu"},
                      RouteCase{"default_version", "/pizza/menu", "default", "/menu"},
                      RouteCase{"version_inside", "/3/cake/x", "inside", "/x"},
                      RouteCase{"version_inside_default", "/cake/x", "inside", "/x"},
                      RouteCase{"longest_wins", "/pizza/1.0/extra/9/x", "longer", "/x"},
                      RouteCase{"tenant", "/t/example.com/pizza/1.0/x", "tenant", "/x"},
                      RouteCase{"other_tenant", "/t/example.org/pizza/1.0/x", "", ""},
                      RouteCase{"case_counts", "/Pizza/1.0/menu", "", ""},
                      RouteCase{"root", "/", "", ""}, RouteCase{"nothing", "", "", ""},
                      RouteCase{"unknown", "/pasta/1.0", "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Snapshot, AChangeLeavesTheOneBeforeAsItWas) {
  const auto before = snapshot_of({api_of("a", "/a", "1"), api_of("b", "/b", "1")});
  model::FeedRange range = range_of(1, 2);
  range.removals = {{"api", "a", {}}};
  range.upserts = {entry_of(api_of("b", "/moved", "1"))};
  const auto after = before->with(range);

  EXPECT_EQ(before->routes().find("/a/1").api->deployed.id, "a");
  EXPECT_EQ(before->routes().find("/b/1").api->deployed.id, "b");
  EXPECT_EQ(before->number(), 1U);
  EXPECT_EQ(after->routes().find("/a/1").api, nullptr);
  EXPECT_EQ(after->routes().find("/b/1").api, nullptr);
  EXPECT_EQ(after->routes().find("/moved/1").api->deployed.id, "b");
  EXPECT_EQ(after->number(), 2U);
  EXPECT_EQ(after->api_count(), 1U);
}

TEST(Snapshot, TheDefaultVersionMayGoFromOneApiToAnotherInAnyOrder) {
  auto first = api_of("v1", "/pizza", "1");
  auto second = api_of("v2", "/pizza", "2");
  first.is_default_version = true;
  const auto before = snapshot_of({first, second});
  EXPECT_EQ(before->routes().find("/pizza").api->deployed.id, "v1");
  first.is_default_version = false;
  second.is_default_version = true;
  for (const bool first_goes_first : {true, false}) {
    model::FeedRange range = range_of(1, 2);
    range.upserts = {entry_of(first_goes_first ? first : second),
                     entry_of(first_goes_first ? second : first)};
    EXPECT_EQ(before->with(range)->routes().find("/pizza").api->deployed.id, "v2");
  }
}

TEST(Snapshot, ThingsAreFoundByNameAndChangedById) {
  model::FeedRange range = range_of(0, 1);
  range.upserts = {
      entry_of(api_of("a", "/a", "1")),
      {"application", "p", to_json(model::KnownApplication{"p", 1, "shop", "ann", "", ""})},
      {"key_mapping", "m",
       to_json(model::KnownKeyMapping{"m", 1, "client", "p", model::KeyType::sandbox, ""})},
      {"subscription", "s", to_json(model::KnownSubscription{"s", 1, "a", "p", "Gold", ""})},
      {"policy", "l",
       to_json(model::KnownPolicy{"l", 1, model::PolicyLevel::subscription, "Gold", false, 5, 60, 0,
                                  1, true, false})},
      {"from_the_future", "x", {}},
      {"api", "broken", {}}};
  const auto snapshot = Snapshot().with(range);
  const Api* api = snapshot->routes().find("/a/1").api;
  const KeyMapping* mapping = snapshot->key_mapping({1, "", "client"});
  ASSERT_NE(mapping, nullptr);
  const Application* application =
      snapshot->application(mapping->known.application_id, mapping->application_hash);
  ASSERT_NE(application, nullptr);
  const Subscription* subscription = snapshot->subscription(*api, *application);
  ASSERT_NE(subscription, nullptr);
  ASSERT_NE(snapshot->policy(subscription->policy), nullptr);
  EXPECT_EQ(snapshot->policy(subscription->policy)->quota.quota, 5U);

  model::FeedRange later = range_of(1, 2);
  later.upserts = {
      {"key_mapping", "m",
       to_json(model::KnownKeyMapping{"m", 1, "other", "p", model::KeyType::sandbox, ""})}};
  later.removals = {{"subscription", "s", {}}, {"policy", "unknown", {}}};
  const auto after = snapshot->with(later);
  EXPECT_EQ(after->key_mapping({1, "", "client"}), nullptr);
  EXPECT_NE(after->key_mapping({1, "", "other"}), nullptr);
  EXPECT_EQ(after->subscription(*api, *application), nullptr);
}

TEST(Snapshot, WholeSaysEverythingAgain) {
  model::FeedRange range = range_of(0, 9);
  range.revocation = 3;
  range.upserts = {
      entry_of(api_of("a", "/a", "1")),
      {"application", "p", to_json(model::KnownApplication{"p", 1, "shop", "ann", "", ""})}};
  const auto snapshot = Snapshot().with(range);
  const auto again = Snapshot().with(snapshot->whole());
  EXPECT_EQ(json::serialize(to_json(again->whole())), json::serialize(to_json(range)));
}

TEST(Api, BackendsAreReadFromTheirUrls) {
  struct Case {
    const char* url;
    const char* authority;  // empty: refused
    const char* base_path;
    std::uint16_t port;
  };
  for (const Case& row :
       {Case{"http://one", "one", "", 80}, Case{"http://one/a/", "one", "/a", 80},
        Case{"http://one:8080/a?b", "one:8080", "/a", 8080},
        Case{"http://[::1]:81", "[::1]:81", "", 81}, Case{"ftp://one", "", "", 0},
        Case{"http://user@one", "", "", 0}, Case{"http://", "", "", 0}, Case{"one", "", "", 0}}) {
    const Result<Backend> backend = parse_backend(row.url, nullptr);
    ASSERT_EQ(backend.has_value(), *row.authority != '\0') << row.url;
    if (!backend) continue;
    EXPECT_EQ(backend->origin.authority(), row.authority);
    EXPECT_EQ(backend->base_path, row.base_path);
    EXPECT_EQ(backend->origin.port(), row.port);
  }
}

}  // namespace
}  // namespace gatehouse::gateway
