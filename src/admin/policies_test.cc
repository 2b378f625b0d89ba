// SPDX-License-Identifier: Apache-2.0
#include "admin/test_admin.h"
#include "core/text.h"
#include "storage/apis/api_query.h"
#include "storage/apis/certificate_store.h"
#include "storage/apis/policy_limit.h"
#include "storage/apis/search_store.h"

namespace gatehouse::admin {

namespace {

using model::PolicyLevel;
using storage::Transaction;

// A policy of `count` requests a minute, with changes on top.
std::string policy(const std::string& name, std::int64_t count, const json::object& changes = {}) {
  json::object body{
      {"policyName", name},
      {"defaultLimit",
       {{"type", "REQUESTCOUNTLIMIT"},
        {"requestCount", {{"timeUnit", "min"}, {"unitTime", 1}, {"requestCount", count}}}}}};
  for (const auto& member : changes) body[member.key()] = member.value();
  return json::serialize(body);
}

class PolicyTest : public AdminTest {
 protected:
  std::string make(const std::string& path, const std::string& body) {
    const rest::TestAnswer answer = ask("POST /throttling/policies/" + path, body);
    EXPECT_EQ(answer.status, 201) << answer.text;
    EXPECT_EQ(answer.headers.value_or("Location", ""),
              std::string(base) + "/throttling/policies/" + path + "/" + answer.field("policyId"));
    return answer.field("policyId");
  }
  // What gateways are told of a policy.
  model::KnownPolicy known(PolicyLevel level, const std::string& name) {
    return databases_.api_manager()
        .read([&](Transaction& transaction) -> Result<model::KnownPolicy> {
          GH_TRY(row, storage::PolicyStore(transaction, 1).find_by_name(level, name));
          return storage::known_policy(row, 1);
        })
        .value();
  }
};

struct LevelCase {
  const char* path;
  PolicyLevel level;
  const char* type;
  const char* names;  // that a new server has
};

const std::vector<LevelCase> levels{
    {"application", PolicyLevel::application, "ApplicationThrottlePolicy",
     "10PerMin 20PerMin 50PerMin Unlimited "},
    {"subscription", PolicyLevel::subscription, "SubscriptionThrottlePolicy",
     "Bronze Gold Silver Unauthenticated Unlimited "},
    {"advanced", PolicyLevel::api, "AdvancedThrottlePolicy",
     "10KPerMin 20KPerMin 50KPerMin Unlimited "}};

TEST_F(PolicyTest, AnswersInTheFormOfTheContract) {
  for (const LevelCase& each : levels) {
    const std::string path = "/throttling/policies/" + std::string(each.path);
    const std::string file = "admin-" + std::string(each.path) + "-policy";
    const rest::TestAnswer created = ask("POST " + path, policy("Mine", 7));
    EXPECT_EQ(created.status, 201) << created.text;
    EXPECT_EQ(golden(file, created), "");
    EXPECT_EQ(golden(file, ask("GET " + path + "/" + created.field("policyId"))), "");
  }
  EXPECT_EQ(golden("admin-subscription-policies", ask("GET /throttling/policies/subscription")),
            "");
  EXPECT_EQ(golden("admin-policy-search",
                   ask("GET /throttling/policies/search?query=" + percent_encode("name:Mine"))),
            "");
}

TEST_F(PolicyTest, EachLevelIsMadeReadChangedAndRemoved) {
  for (const LevelCase& each : levels) {
    const std::string path = "/throttling/policies/" + std::string(each.path);
    EXPECT_EQ(names("GET " + path, "policyName"), each.names);
    const std::string id = make(each.path, policy("A mine", 7, {{"description", "of mine"}}));
    EXPECT_EQ(changes(), "policy ");
    EXPECT_EQ(known(each.level, "A mine").quota, 7);
    EXPECT_EQ(ask("GET " + path + "/" + id).field("type"), each.type);

    // The limit is another, the name stays, and what the body leaves out is gone.
    const rest::TestAnswer changed = ask("PUT " + path + "/" + id, policy("Another", 8));
    EXPECT_EQ(changed.status, 200) << changed.text;
    EXPECT_EQ(changed.field("policyName"), "A mine");
    EXPECT_FALSE(changed.object().contains("description"));
    EXPECT_EQ(known(each.level, "A mine").quota, 8);
    EXPECT_EQ(changes(), "policy ");
    restart();
    EXPECT_EQ(ask("GET " + path + "/" + id).body, changed.body);

    EXPECT_EQ(ask("DELETE " + path + "/" + id).status, 200);
    EXPECT_EQ(changes(), "policy ");
    EXPECT_EQ(names("GET " + path, "policyName"), each.names);
    EXPECT_EQ(ask("GET " + path + "/" + id).status, 404);
    EXPECT_EQ(ask("PUT " + path + "/" + id, policy("A mine", 8)).status, 404);
    EXPECT_EQ(ask("DELETE " + path + "/" + id).status, 404);
  }
}

TEST_F(PolicyTest, RefusesWhatCannotBeCounted) {
  const std::string call = "POST /throttling/policies/subscription";
  const auto limit = [](const char* text) {
    return policy("P", 1, {{"defaultLimit", parse_json(text).value()}});
  };
  const std::vector<RefusalCase> cases{
      {"no body", call, "", 400, 400},
      {"no JSON", call, "{", 400, 400},
      {"an infinite count", call, R"({"policyName":"P","rateLimitCount":1e400})", 400, 400},
      {"no limit", call, R"({"policyName":"P"})", 400, 400},
      {"unknown member", call, policy("P", 1, {{"colour", "red"}}), 400, 400},
      {"blank name", call, policy("  ", 1), 400, 900705},
      {"the name of another", call, policy("Gold", 1), 409, 909003},
      {"no requests", call, policy("P", 0), 400, 900960},
      {"another unit", call, limit(R"({"type":"REQUESTCOUNTLIMIT",
                 "requestCount":{"timeUnit":"fortnight","unitTime":1,"requestCount":1}})"),
       400, 900960},
      {"no time", call, limit(R"({"type":"REQUESTCOUNTLIMIT",
                 "requestCount":{"timeUnit":"min","unitTime":0,"requestCount":1}})"),
       400, 900960},
      {"limit of another type", call, limit(R"({"type":"REQUESTCOUNTLIMIT"})"), 400, 900960},
      {"burst without unit", call, policy("P", 1, {{"rateLimitCount", 5}}), 400, 900960}};
  expect_refused(cases);
  EXPECT_EQ(changes(), "");
}

// By level, as the interface has it: the others always stop.
TEST_F(PolicyTest, ASubscriptionPolicyStopsAtItsQuotaWhenItSaysSo) {
  struct Case {
    const char* name;
    json::object with;
    bool stops;
  };
  for (const Case& each :
       {Case{"silent", {}, false}, Case{"yes", {{"stopOnQuotaReach", true}}, true},
        Case{"no", {{"stopOnQuotaReach", false}}, false}}) {
    const std::string id = make("subscription", policy(each.name, 1, each.with));
    const std::string path = "/throttling/policies/subscription/" + id;
    EXPECT_EQ(ask("GET " + path).object().at("stopOnQuotaReach"), each.stops) << each.name;
    EXPECT_EQ(known(PolicyLevel::subscription, each.name).stop_on_quota_reach, each.stops);
  }
  // A body that leaves the member out says false, in a change, too.
  const std::string id = make("subscription", policy("Was", 1, {{"stopOnQuotaReach", true}}));
  const rest::TestAnswer changed =
      ask("PUT /throttling/policies/subscription/" + id, policy("Was", 1));
  EXPECT_EQ(changed.object().at("stopOnQuotaReach"), false);
  EXPECT_FALSE(known(PolicyLevel::subscription, "Was").stop_on_quota_reach);

  for (const char* name : {"Bronze", "Silver", "Gold", "Unauthenticated", "Unlimited"}) {
    EXPECT_TRUE(known(PolicyLevel::subscription, name).stop_on_quota_reach) << name;
  }
  make("application", policy("App", 1));
  make("advanced", policy("Api", 1));
  EXPECT_TRUE(known(PolicyLevel::application, "App").stop_on_quota_reach);
  EXPECT_TRUE(known(PolicyLevel::api, "Api").stop_on_quota_reach);
}

TEST_F(PolicyTest, WhatGatewaysDoNotCountIsNotDeployed) {
  const json::object bandwidth{
      {"type", "BANDWIDTHLIMIT"},
      {"bandwidth",
       {{"timeUnit", "hour"}, {"unitTime", 2}, {"dataAmount", 5}, {"dataUnit", "MB"}}}};
  const std::string id = make("subscription", policy("Bytes", 1, {{"defaultLimit", bandwidth}}));
  const rest::TestAnswer shown = ask("GET /throttling/policies/subscription/" + id);
  EXPECT_EQ(shown.object().at("isDeployed"), false);
  EXPECT_EQ(shown.object().at("defaultLimit"), json::value(bandwidth));
  EXPECT_TRUE(known(PolicyLevel::subscription, "Bytes").unlimited);
  make("subscription", policy("Burst", 100, {{"rateLimitCount", 3}, {"rateLimitTimeUnit", "min"}}));
  EXPECT_EQ(known(PolicyLevel::subscription, "Burst").burst, 3);
  EXPECT_EQ(known(PolicyLevel::subscription, "Burst").burst_window_s, 60);
}

TEST_F(PolicyTest, EachPolicyChoosesWhatASilentOwnerMeans) {
  for (const LevelCase& each : levels) {
    const std::string path = "/throttling/policies/" + std::string(each.path);
    make(each.path, policy("Usual", 1));
    EXPECT_EQ(known(each.level, "Usual").when_silent, model::WhenSilent::keep_share);
    const std::string id = make(each.path, policy("Open", 1, {{"whenOwnerSilent", "PASS"}}));
    EXPECT_EQ(known(each.level, "Open").when_silent, model::WhenSilent::pass);
    EXPECT_EQ(ask("GET " + path + "/" + id).field("whenOwnerSilent"), "PASS");
    ASSERT_EQ(
        ask("PUT " + path + "/" + id, policy("Open", 1, {{"whenOwnerSilent", "STOP"}})).status,
        200);
    EXPECT_EQ(known(each.level, "Open").when_silent, model::WhenSilent::stop);
    EXPECT_EQ(ask("POST " + path, policy("Odd", 1, {{"whenOwnerSilent", "SLEEP"}})).status, 400);
  }
}

TEST_F(PolicyTest, APolicyInUseStays) {
  const std::string application = make("application", policy("App", 1));
  const std::string subscription = make("subscription", policy("Sub", 1));
  const std::string certified = make("subscription", policy("Certified", 1));
  const std::string advanced = make("advanced", policy("Api", 1));
  add_application("kitchen", "subscriber", "App");
  write([](Transaction& transaction) {
    storage::SubscriptionRow row;
    row.id = "order";
    row.api_id = "pizza";
    row.application_id = "kitchen";
    row.policy = "Sub";
    row.status = "UNBLOCKED";
    return storage::SubscriptionStore(transaction, 1).insert(row);
  });
  write([](Transaction& transaction) {
    storage::ClientCertificate shown;
    shown.alias = "till";
    shown.api_id = "pizza";
    shown.tier = "Certified";
    return storage::ClientCertificateStore(transaction, 1).insert(shown);
  });
  write([](Transaction& transaction) {
    storage::SearchTerms terms;
    terms.add_mark(storage::policy_mark("api", "Api"));
    return storage::SearchStore(transaction, 1).put("revision-1", terms);
  });
  const std::string path = "DELETE /throttling/policies/";
  expect_refused({{"application", path + "application/" + application, "", 409, 909004},
                  {"subscription", path + "subscription/" + subscription, "", 409, 909004},
                  {"certified", path + "subscription/" + certified, "", 409, 909004},
                  {"advanced", path + "advanced/" + advanced, "", 409, 900971}});
  EXPECT_NE(ask(path + "application/" + application).text.find("Name of kitchen"),
            std::string::npos);
  write([](Transaction& transaction) {
    storage::SubscriptionRow row;
    row.id = "order";
    row.application_id = "kitchen";
    return storage::SubscriptionStore(transaction, 1).remove(row);
  });
  EXPECT_EQ(ask(path + "subscription/" + subscription).status, 200);
}

TEST_F(PolicyTest, ASearchFindsByTypeAndName) {
  make("application", policy("Mine", 1));
  make("advanced", policy("Mine", 1));
  const auto types = [&](const std::string& query) {
    return names("GET /throttling/policies/search?query=" + percent_encode(query), "type");
  };
  EXPECT_EQ(types("name:Mine"), "app api ");
  EXPECT_EQ(types("type:api name:Mine"), "api ");
  EXPECT_EQ(types("type:sub name:Mine"), "");
  EXPECT_EQ(types("type:sub"), "sub sub sub sub sub ");
}

TEST_F(PolicyTest, OnlyAdministratorsMakePolicies) {
  const std::string call = "POST /throttling/policies/application";
  EXPECT_EQ(ask_as("", call, policy("P", 1)).status, 401);
  EXPECT_EQ(ask_as("creator", call, policy("P", 1)).status, 403);
  EXPECT_EQ(ask_as("creator", "GET /throttling/policies/application").status, 200);
  EXPECT_EQ(ask_as("subscriber", "GET /throttling/policies/application").status, 403);
}

}  // namespace

}  // namespace gatehouse::admin
