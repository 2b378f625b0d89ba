// SPDX-License-Identifier: Apache-2.0
#include "publisher/deployed_api.h"

#include <gtest/gtest.h>

namespace gatehouse::publisher {

namespace {

struct EndpointCase {
  const char* name;
  const char* config;
  std::vector<std::string> production;
  std::vector<std::string> sandbox;
  std::int64_t timeout_ms;
};

class EndpointConfig : public ::testing::TestWithParam<EndpointCase> {};

TEST_P(EndpointConfig, GivesTheUrlsOfEachKeyType) {
  json::object document;
  document["endpointConfig"] = parse_json(GetParam().config).value();
  const auto api = deployed_api(document);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(api->production.urls, GetParam().production);
  EXPECT_EQ(api->sandbox.urls, GetParam().sandbox);
  EXPECT_EQ(api->production.timeout_ms, GetParam().timeout_ms);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, EndpointConfig,
    ::testing::Values(
        EndpointCase{"http",
                     R"({"endpoint_type":"http","production_endpoints":{"url":"http://a:1/x"},
                         "sandbox_endpoints":{"url":"https://b"}})",
                     {"http://a:1/x"},
                     {"https://b"},
                     30'000},
        EndpointCase{"timeout_as_text",
                     R"({"endpoint_type":"http","production_endpoints":{"url":"http://a",
                         "config":{"actionDuration":"5000","actionSelect":"fault"}}})",
                     {"http://a"},
                     {},
                     5'000},
        EndpointCase{"timeout_as_number",
                     R"({"endpoint_type":"address","production_endpoints":{"url":"http://a",
                         "config":{"actionDuration":250}}})",
                     {"http://a"},
                     {},
                     250},
        EndpointCase{"load_balance",
                     R"({"endpoint_type":"load_balance","algoCombo":"RoundRobin",
                         "production_endpoints":[{"url":"http://a"},{"url":"http://b"}],
                         "sandbox_endpoints":[{"url":"http://c"}]})",
                     {"http://a", "http://b"},
                     {"http://c"},
                     30'000},
        EndpointCase{"failover",
                     R"({"endpoint_type":"failover","production_endpoints":{"url":"http://a"},
                         "production_failovers":[{"url":"http://b"}],
                         "sandbox_failovers":[{"url":"http://c"}]})",
                     {"http://a", "http://b"},
                     {"http://c"},
                     30'000},
        EndpointCase{"failovers_of_another_type",
                     R"({"endpoint_type":"http","production_endpoints":{"url":"http://a"},
                         "production_failovers":[{"url":"http://b"}]})",
                     {"http://a"},
                     {},
                     30'000},
        EndpointCase{"default_endpoint",
                     R"({"endpoint_type":"default","production_endpoints":{"url":"default"}})",
                     {},
                     {},
                     30'000},
        EndpointCase{"nothing", R"({})", {}, {}, 30'000}),
    [](const auto& each) { return std::string(each.param.name); });

json::object websocket_document(const char* operations) {
  json::object document;
  document["type"] = "WS";
  document["endpointConfig"] = parse_json(R"({"endpoint_type":"ws",
      "production_endpoints":{"url":"ws://a:1/x"},
      "sandbox_endpoints":{"url":"WSS://b"}})")
                                   .value();
  document["operations"] = parse_json(operations).value();
  return document;
}

TEST(WebSocketApi, IsReachedOverHttpAndItsTopicsAreHandshakes) {
  const auto api = deployed_api(websocket_document(
      R"([{"target":"/a","verb":"SUBSCRIBE","scopes":["s"]},
          {"target":"/a","verb":"PUBLISH","scopes":["s"]},{"target":"/b","verb":"PUBLISH"}])"));
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_TRUE(api->websocket);
  EXPECT_EQ(api->production.urls, std::vector<std::string>{"http://a:1/x"});
  EXPECT_EQ(api->sandbox.urls, std::vector<std::string>{"https://b"});
  ASSERT_EQ(api->operations.size(), 2U);
  EXPECT_EQ(api->operations[0].verb, "GET");
  EXPECT_EQ(api->operations[0].scopes, std::vector<std::string>{"s"});
  EXPECT_EQ(api->operations[1].target, "/b");
}

// One handshake opens both directions: the stricter one must not be got round.
TEST(WebSocketApi, AsksForTheSameInBothDirections) {
  EXPECT_FALSE(deployed_api(websocket_document(
      R"([{"target":"/a","verb":"SUBSCRIBE"},{"target":"/a","verb":"PUBLISH","scopes":["s"]}])")));
}

TEST(WebSocketApi, AloneHasWebSocketUrls) {
  json::object document = websocket_document("[]");
  document["type"] = "HTTP";
  EXPECT_FALSE(deployed_api(document));
}

struct UrlCase {
  const char* url;
  bool taken;
};

TEST(EndpointUrl, IsHttpWithAHost) {
  for (const UrlCase& each : std::vector<UrlCase>{{"http://a", true},
                                                  {"HTTPS://a.example:8443/x?y=1", true},
                                                  {"http://[::1]:9000/", true},
                                                  {"http://10.0.0.1", true},
                                                  {"http://127.0.0.1:1", true},
                                                  {"", false},
                                                  {"a.example", false},
                                                  {"ftp://a", false},
                                                  {"http://", false},
                                                  {"http:///x", false},
                                                  {"http://a:0", false},
                                                  {"http://a:65536", false},
                                                  {"http://a:b", false},
                                                  {"http://u:p@a", false},
                                                  {"http://a b", false},
                                                  {"http://a\r\nX: y", false},
                                                  {"http://169.254.169.254/", false},
                                                  {"http://[fe80::1]/", false},
                                                  {"file:///etc/passwd", false}}) {
    EXPECT_EQ(check_endpoint_url(each.url).has_value(), each.taken) << each.url;
  }
}

TEST(DeployedApi, CarriesWhatTheDocumentSays) {
  const auto api = deployed_api(parse_json_object(R"({
      "name":"Pizza","version":"1.0","context":"/pizza","provider":"ann",
      "transport":["https"],"securityScheme":["oauth2","api_key"],
      "authorizationHeader":"X-Auth","apiKeyHeader":"X-Key","apiThrottlingPolicy":"10KPerMin",
      "operations":[
        {"target":"/menu","verb":"GET","authType":"Application",
         "throttlingPolicy":"50KPerMin","scopes":["menu"]},
        {"target":"/x","verb":"POST","authType":"Any"}],
      "maxTps":{"production":10,"sandbox":120,"sandboxTimeUnit":"MINUTE"},
      "corsConfiguration":{"corsConfigurationEnabled":true,"accessControlAllowCredentials":true,
        "accessControlAllowOrigins":["https://a"],"accessControlAllowHeaders":["X-A"],
        "accessControlAllowMethods":["GET"]}})")
                                    .value());
  ASSERT_TRUE(api);
  EXPECT_FALSE(api->http);
  EXPECT_TRUE(api->https);
  EXPECT_EQ(api->security_schemes, (std::vector<std::string>{"oauth2", "api_key"}));
  EXPECT_EQ(api->authorization_header, "X-Auth");
  EXPECT_EQ(api->api_key_header, "X-Key");
  EXPECT_EQ(api->api_policy, "10KPerMin");
  ASSERT_EQ(api->operations.size(), 2U);
  EXPECT_EQ(api->operations[0].auth, model::AuthType::application);
  EXPECT_EQ(api->operations[0].policy, "50KPerMin");
  EXPECT_EQ(api->operations[0].scopes, std::vector<std::string>{"menu"});
  EXPECT_EQ(api->operations[1].auth, model::AuthType::any);
  EXPECT_EQ(api->production_tps_max, 10);
  EXPECT_EQ(api->sandbox_tps_max, 2);
  EXPECT_TRUE(api->cors.enabled);
  EXPECT_TRUE(api->cors.allow_credentials);
  EXPECT_EQ(api->cors.origins, std::vector<std::string>{"https://a"});
}

}  // namespace

}  // namespace gatehouse::publisher
