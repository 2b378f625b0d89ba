// SPDX-License-Identifier: Apache-2.0
#include "analytics/analytics.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "rest/documents.h"
#include "rest/test_portal.h"
#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"
#include "storage/test_databases.h"

namespace gatehouse::analytics {

namespace {

constexpr std::string_view base = "/api/am/analytics/v1";
constexpr std::int64_t noon = 1'795'392'000'000 + 12 * 3'600'000;  // 2026-11-23T12:00:00Z
constexpr std::int64_t minute = 60'000;

// Calls of one minute, as a gateway sends them.
struct Calls {
  std::int64_t minute_ms = noon - minute;
  std::string api = "pizza";
  std::string application = "kitchen";
  std::int64_t count = 1;
  std::int64_t status_class = 2;
  std::int64_t fault_code = 0;
  std::string resource = "GET /menu";
  std::string key_type = "PRODUCTION";
};

json::object row_of(const Calls& calls) {
  json::array latency(32, 0);
  json::array backend(32, 0);
  latency[11] = calls.count;  // 1.024 to 2.048 ms
  backend[10] = calls.count;
  return {{"minute_ms", calls.minute_ms},
          {"tenant", 1},
          {"api_id", calls.api},
          {"resource", calls.resource},
          {"application_id", calls.application},
          {"key_type", calls.key_type},
          {"status_class", calls.status_class},
          {"fault_code", calls.fault_code},
          {"count", calls.count},
          {"request_bytes", calls.count * 10},
          {"response_bytes", calls.count * 100},
          {"latency", std::move(latency)},
          {"backend_latency", std::move(backend)}};
}

std::string batch(const std::string& node, std::int64_t sequence, const std::vector<Calls>& all) {
  json::array rows;
  for (const Calls& calls : all) rows.push_back(row_of(calls));
  return json::serialize(
      json::object{{"node", node}, {"sequence", sequence}, {"rows", std::move(rows)}});
}

// Two APIs of two creators and two applications of two subscribers.
class AnalyticsTest : public ::testing::Test {
 protected:
  AnalyticsTest() {
    analytics_.mount(router_);
    key_manager_.add_user("both", {"Internal/creator", "Internal/subscriber"});
    key_manager_.add_user("nobody", {"Internal/everyone"});
    const Result<> stored =
        databases_.api_manager().write([&](storage::Transaction& transaction) -> Result<> {
          for (const auto& [name, provider] :
               std::map<std::string, std::string>{{"pizza", "creator"}, {"pasta", "both"}}) {
            storage::ApiRow api;
            api.id = name;
            api.name = "The " + name;
            api.provider_id = "user-" + provider;
            api.api_version = "1.0";
            api.context = "/" + name;
            api.full_context = api.context + "/1.0";
            api.state = "PUBLISHED";
            GH_CHECK(storage::ApiStore(transaction, 1).insert(api));
          }
          for (const auto& [name, owner] :
               std::map<std::string, std::string>{{"kitchen", "subscriber"}, {"bar", "both"}}) {
            storage::ApplicationRow application;
            application.id = name;
            application.name = "My " + name;
            application.owner_id = "user-" + owner;
            application.status = "APPROVED";
            GH_CHECK(storage::ApplicationStore(transaction, 1).insert(application));
          }
          return {};
        });
    EXPECT_TRUE(stored) << stored.error().message << stored.error().detail;
  }

  // Nothing, or how a body differs from tests/golden/rest/<name>.json.
  static std::string golden(std::string_view name, const rest::TestAnswer& answer) {
    return rest::differs_from_golden(GH_SOURCE_DIR, name, answer.body);
  }

  int send(const std::string& body) {
    return rest::ask(analytics_.intake(), "", "POST /internal/data/v1/usage", body).status;
  }
  void count(const std::vector<Calls>& all) {
    EXPECT_EQ(send(batch("gw-1", ++sequence_, all)), 204);
  }
  rest::TestAnswer usage(const std::string& query, const std::string& user = "admin") {
    return rest::ask(router_, user, "GET " + std::string(base) + "/usage" + query);
  }
  // "pizza=3 pasta=1 ": what an answer is grouped by, and the counts.
  std::string counts(const std::string& query, const std::string& user = "admin") {
    const rest::TestAnswer answer = usage(query, user);
    EXPECT_EQ(answer.status, 200) << answer.text;
    std::string text;
    for (const json::value& item : answer.list()) {
      const json::object& entry = item.as_object();
      std::vector<std::string> key;
      for (const char* name :
           {"time", "apiId", "applicationId", "resource", "keyType", "status", "fault"}) {
        const json::value* value = entry.if_contains(name);
        if (value == nullptr) continue;
        key.push_back(value->is_string() ? std::string(value->get_string())
                                         : json::serialize(*value));
      }
      text += fmt::format("{}={} ", join(key, "/"), number_or(entry, "count", -1));
    }
    return text;
  }

  storage::TestDatabases databases_;
  FakeClock clock_{from_ms(noon)};
  rest::TestKeyManager key_manager_;
  Analytics analytics_{databases_.all(), clock_};
  rest::Router router_{{.base_paths = {std::string(base)},
                        .openapi_json = rest::analytics_document.json,
                        .openapi_yaml = rest::analytics_document.yaml,
                        .after_write = nullptr},
                       key_manager_};
  std::int64_t sequence_ = 0;
};

TEST_F(AnalyticsTest, ServesEveryOperationOfItsDocument) {
  const Result<> complete = router_.check();
  EXPECT_TRUE(complete) << complete.error().message;
}

TEST_F(AnalyticsTest, AnswersInTheFormOfTheContract) {
  count(
      {{.count = 5}, {.application = "bar", .count = 2, .status_class = 4, .fault_code = 900802}});
  EXPECT_EQ(golden("analytics-usage", usage("")), "");
  EXPECT_EQ(golden("analytics-usage-grouped",
                   usage("?group=api,application,resource,keyType,status,fault,minute")),
            "");
}

TEST_F(AnalyticsTest, GroupsAreWhatIsAskedFor) {
  count({{.count = 3},
         {.minute_ms = noon - 2 * minute, .count = 4},
         {.minute_ms = noon - 70 * minute, .application = "bar", .count = 5},
         {.api = "pasta", .count = 7, .status_class = 5, .fault_code = 101503},
         {.count = 11, .resource = "POST /order", .key_type = "SANDBOX"}});
  struct Case {
    const char* group;
    const char* counts;
  };
  for (const Case& each : {
           Case{"", "=30 "},
           Case{"?group=api", "pasta=7 pizza=23 "},
           Case{"?group=application", "bar=5 kitchen=25 "},
           Case{"?group=resource", "GET /menu=19 POST /order=11 "},
           Case{"?group=keyType", "PRODUCTION=19 SANDBOX=11 "},
           Case{"?group=status", "2xx=23 5xx=7 "},
           Case{"?group=fault", "0=23 101503=7 "},
           Case{"?group=api,application", "pasta/kitchen=7 pizza/bar=5 pizza/kitchen=18 "},
           Case{"?group=hour", "2026-11-23T10:00:00.000Z=5 2026-11-23T11:00:00.000Z=25 "},
           Case{"?group=minute",
                "2026-11-23T10:50:00.000Z=5 2026-11-23T11:58:00.000Z=4 "
                "2026-11-23T11:59:00.000Z=21 "},
           Case{"?group=day,api",
                "2026-11-23T00:00:00.000Z/pasta=7 2026-11-23T00:00:00.000Z/pizza=23 "},
       }) {
    EXPECT_EQ(counts(each.group), each.counts) << each.group;
  }
  EXPECT_EQ(number_or(usage("").list()[0].as_object(), "errors", 0), 7);
}

TEST_F(AnalyticsTest, RangesBeginWithTheirFirstInstantAndEndBeforeTheirLast) {
  count({{.count = 1},
         {.minute_ms = noon - 60 * minute, .count = 2},
         {.minute_ms = noon - 24 * 60 * minute, .count = 4},
         {.minute_ms = noon - 25 * 60 * minute, .count = 8}});
  struct Case {
    const char* range;
    const char* counts;
  };
  for (const Case& each : {
           Case{"", "=3 "},  // a day up to now, the minute under way included
           Case{"?from=2026-11-22T12:00:00Z", "=7 "},
           Case{"?from=2026-11-22", "=15 "},
           Case{"?from=2026-11-23T11:00:00Z&to=2026-11-23T11:59:00Z", "=2 "},
           Case{"?to=2026-11-23T11:00:00Z", "=12 "},
           Case{"?from=2026-11-24", ""},
           Case{"?from=2026-11-23T11:00:00Z&to=2026-11-23T10:00:00Z", ""},
       }) {
    EXPECT_EQ(counts(each.range), each.counts) << each.range;
  }
  for (const char* query : {"?from=yesterday", "?to=2026-02-30", "?group=colour", "?limit=x"}) {
    EXPECT_EQ(usage(query).status, 400) << query;
  }
}

TEST_F(AnalyticsTest, EverybodySeesTheirOwn) {
  count({{.count = 1},
         {.application = "bar", .count = 2},
         {.api = "pasta", .count = 4},
         {.api = "pasta", .application = "bar", .count = 8}});
  struct Case {
    const char* user;
    const char* counts;
  };
  for (const Case& each : {
           Case{"admin", "pasta/bar=8 pasta/kitchen=4 pizza/bar=2 pizza/kitchen=1 "},
           Case{"creator", "pizza/bar=2 pizza/kitchen=1 "},
           Case{"subscriber", "pasta/kitchen=4 pizza/kitchen=1 "},
           Case{"both", "pasta/bar=8 pasta/kitchen=4 pizza/bar=2 "},
           Case{"other", ""},
           Case{"publisher", ""},
       }) {
    EXPECT_EQ(counts("?group=api,application", each.user), each.counts) << each.user;
  }
  // Naming another's thing opens nothing.
  EXPECT_EQ(counts("?apiId=pasta", "creator"), "");
  EXPECT_EQ(counts("?applicationId=bar", "subscriber"), "");
  EXPECT_EQ(counts("?apiId=pasta&applicationId=bar", "both"), "=8 ");
  EXPECT_EQ(usage("", "").status, 401);
  EXPECT_EQ(usage("", "nobody").status, 403);
}

// A gateway that has been taken over says what another one will say next.
TEST_F(AnalyticsTest, ANodeSpeaksForItselfOnly) {
  const auto send_as = [&](const std::string& node, const std::string& body) {
    http::Request request =
        http::make_request("POST", "/internal/data/v1/usage", body, "application/json");
    request.peer.node = http::KnownNode{node, {"Default"}};
    return analytics_.intake().handle(request).status;
  };
  EXPECT_EQ(send_as("gw-2", batch("gw-1", 900, {})), 204);
  EXPECT_EQ(send_as("gw-1", batch("gw-1", 7, {{.count = 3}})), 204);
  EXPECT_EQ(send_as("gw-1", batch("gw-1", 7, {{.count = 3}})), 204);
  EXPECT_EQ(counts(""), "=3 ");
}

TEST_F(AnalyticsTest, ABatchCountsOnce) {
  const std::string first = batch("gw-1", 7, {{.count = 3}});
  EXPECT_EQ(send(first), 204);
  EXPECT_EQ(send(first), 204);
  EXPECT_EQ(counts(""), "=3 ");
  EXPECT_EQ(send(batch("gw-1", 8, {{.count = 4}})), 204);
  EXPECT_EQ(send(first), 204);  // late, after the next one
  EXPECT_EQ(counts(""), "=7 ");
  EXPECT_EQ(send(batch("gw-2", 7, {{.count = 5}})), 204);  // another gateway counts for itself
  EXPECT_EQ(counts(""), "=12 ");
}

TEST_F(AnalyticsTest, MinutesOfSeveralBatchesAddUpWithTheirLatencies) {
  count({{.count = 3}});
  count({{.count = 1}});
  const rest::TestAnswer answer = usage("");
  const json::object& sum = answer.list()[0].as_object();
  EXPECT_EQ(number_or(sum, "count", 0), 4);
  EXPECT_EQ(number_or(sum, "requestBytes", 0), 40);
  EXPECT_EQ(number_or(sum, "responseBytes", 0), 400);
  EXPECT_EQ(sum.at("latencyMs").at("p50"), json::value(1.536));
  EXPECT_EQ(sum.at("latencyMs").at("p95"), json::value(1.996));
  EXPECT_EQ(sum.at("latencyMs").at("p99"), json::value(2.037));
  EXPECT_EQ(sum.at("backendLatencyMs").at("mean"), json::value(0.768));
}

TEST_F(AnalyticsTest, RefusesWhatIsNoBatchAndLeavesOutWhatIsNoRow) {
  for (const char* body :
       {"", "[]", "{", R"({"node":"gw-1","rows":[]})", R"({"sequence":1,"rows":[]})",
        R"({"node":"gw-1","sequence":-1,"rows":[]})", R"({"node":"gw-1","sequence":1})",
        R"({"node":"gw-1","sequence":1e400,"rows":[]})"}) {
    EXPECT_EQ(send(body), 400) << body;
  }
  EXPECT_EQ(rest::ask(analytics_.intake(), "", "GET /internal/data/v1/usage").status, 405);
  Calls broken;
  broken.count = -1;
  EXPECT_EQ(send(batch("gw-1", 1, {broken, {.count = 2}, {.api = "", .count = 5}})), 204);
  EXPECT_EQ(counts(""), "=2 ");
}

TEST_F(AnalyticsTest, NamesAreThoseOfWhatStillExists) {
  count({{.count = 1}, {.api = "gone", .application = "gone", .count = 2}});
  const rest::TestAnswer answer = usage("?group=api,application");
  const json::object& gone = answer.list()[0].as_object();
  EXPECT_EQ(text_or(gone, "apiName", "?"), "");
  EXPECT_EQ(text_or(gone, "applicationName", "?"), "");
  const json::object& known = answer.list()[1].as_object();
  EXPECT_EQ(text_or(known, "apiName", "?"), "The pizza");
  EXPECT_EQ(text_or(known, "apiVersion", "?"), "1.0");
  EXPECT_EQ(text_or(known, "applicationName", "?"), "My kitchen");
}

TEST_F(AnalyticsTest, GroupsArePaged) {
  std::vector<Calls> all;
  for (int i = 0; i < 5; ++i) all.push_back({.resource = "GET /" + std::to_string(i)});
  count(all);
  EXPECT_EQ(counts("?group=resource&limit=2&offset=3"), "GET /3=1 GET /4=1 ");
  const rest::TestAnswer page = usage("?group=resource&limit=2");
  EXPECT_EQ(number_or(*object_at(page.object(), "pagination"), "total", 0), 5);
}

}  // namespace

}  // namespace gatehouse::analytics
