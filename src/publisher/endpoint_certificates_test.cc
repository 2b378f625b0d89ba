// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "jose/test_certificates.h"
#include "publisher/endpoint_origin.h"
#include "publisher/feed_renderer.h"
#include "publisher/test_publisher.h"
#include "storage/apis/certificate_store.h"
#include "storage/change_log.h"

namespace gatehouse::publisher {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view form_type = "multipart/form-data; boundary=x";

// The body of an upload: a file `certificate` unless it is empty, and fields.
std::string form(std::string_view certificate,
                 const std::vector<std::pair<std::string, std::string>>& fields = {}) {
  std::string body;
  if (!certificate.empty()) {
    body +=
        "--x\r\nContent-Disposition: form-data; name=\"certificate\"; filename=\"c.pem\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n";
    body.append(certificate).append("\r\n");
  }
  for (const auto& [name, value] : fields) {
    body += fmt::format("--x\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", name,
                        value);
  }
  return body + "--x--\r\n";
}

class Certificates : public PublisherTest {
 protected:
  rest::TestAnswer send(const std::string& call, const std::string& body,
                        const std::string& user = "admin") {
    return ask(user, call, body, std::string(form_type));
  }
  rest::TestAnswer add(const std::string& alias, const std::string& endpoint,
                       std::string_view certificate = jose::shop_certificate) {
    return send("POST /endpoint-certificates",
                form(certificate, {{"alias", alias}, {"endpoint", endpoint}}));
  }
  rest::TestAnswer add_client(const std::string& path, const std::string& alias,
                              std::string_view certificate = jose::shop_certificate,
                              const std::string& tier = "Gold") {
    return send("POST " + path, form(certificate, {{"alias", alias}, {"tier", tier}}));
  }
  // What gateways are told of the API, from everything and after the changes alike.
  model::DeployedApi deployed(const std::string& api_id) {
    const FeedRenderer::View view{{"Default"}, {{1, "carbon.super"}}, "issuer"};
    std::vector<model::FeedEntry> all;
    const auto rendered = databases_.api_manager().read([&](storage::Transaction& transaction) {
      return FeedRenderer(transaction, view).everything([&](model::FeedEntry entry) {
        all.push_back(std::move(entry));
      });
    });
    EXPECT_TRUE(rendered) << rendered.error().message;
    for (const model::FeedEntry& entry : all) {
      if (entry.kind == "api" && entry.id == api_id) return *model::deployed_api_from(entry.value);
    }
    ADD_FAILURE() << "not deployed";
    return {};
  }
  // The APIs that gateways hear of because of what happened since the last call.
  std::vector<std::string> heard() {
    const FeedRenderer::View view{{"Default"}, {{1, "carbon.super"}}, "issuer"};
    const auto range = databases_.api_manager().read(
        [&](storage::Transaction& transaction) -> Result<model::FeedRange> {
          GH_TRY(changes, storage::changes_since(transaction, seen_, 1'000));
          if (!changes.empty()) seen_ = changes.back().number;
          return FeedRenderer(transaction, view).changed(changes);
        });
    EXPECT_TRUE(range) << range.error().message;
    std::vector<std::string> ids;
    for (const model::FeedEntry& entry : range->upserts) {
      if (entry.kind == "api") ids.push_back(entry.id);
    }
    return ids;
  }
  static std::vector<std::string> aliases(const rest::TestAnswer& answer) {
    std::vector<std::string> found;
    for (const json::value& item : answer.object().at("certificates").as_array()) {
      found.push_back(text_or(item.as_object(), "alias", "?"));
    }
    return found;
  }

  std::uint64_t seen_ = 0;
};

json::object secure_endpoint(const std::string& url) {
  return {{"endpointConfig", json::object{{"endpoint_type", "http"},
                                          {"production_endpoints", json::object{{"url", url}}}}}};
}

TEST_F(Certificates, AnswerInTheFormOfTheContract) {
  const rest::TestAnswer added = add("shop", "https://shop.example");
  EXPECT_EQ(added.status, 200) << added.text;
  EXPECT_EQ(added.headers.value_or("Location", ""),
            std::string(publisher_base) + "/endpoint-certificates/shop");
  EXPECT_EQ(golden("publisher-endpoint-certificate", added), "");
  EXPECT_EQ(golden("publisher-endpoint-certificates", ask("admin", "GET /endpoint-certificates")),
            "");
  EXPECT_EQ(golden("publisher-certificate-info", ask("admin", "GET /endpoint-certificates/shop")),
            "");
  const std::string api = make_api(secure_endpoint("https://shop.example/base"));
  const rest::TestAnswer usage = ask("admin", "GET /endpoint-certificates/shop/usage");
  ASSERT_EQ(usage.list().size(), 1U);
  EXPECT_EQ(text_or(usage.list()[0].as_object(), "id", ""), api);
  const std::string path = "/apis/" + api + "/client-certs/PRODUCTION";
  const rest::TestAnswer client = add_client(path, "client");
  EXPECT_EQ(client.status, 200) << client.text;
  EXPECT_EQ(client.field("tier"), "Gold");
  EXPECT_EQ(client.field("apiId"), api);
  EXPECT_EQ(golden("publisher-certificate-info", ask("admin", "GET " + path + "/client")), "");
}

TEST_F(Certificates, OfBackendsAreFoundReplacedAndRemoved) {
  add("b", "https://b.example");
  add("a", "https://a.example");
  const std::string all = "GET /endpoint-certificates";
  EXPECT_THAT(aliases(ask("admin", all)), ElementsAre("a", "b"));
  EXPECT_THAT(aliases(ask("admin", all + "?alias=b")), ElementsAre("b"));
  EXPECT_THAT(aliases(ask("admin", all + "?endpoint=https%3A%2F%2Fa.example")), ElementsAre("a"));
  EXPECT_THAT(aliases(ask("admin", all + "?limit=1&offset=1")), ElementsAre("b"));
  EXPECT_EQ(ask("admin", all + "/a/content").text, jose::shop_certificate);
  EXPECT_EQ(send("PUT /endpoint-certificates/a", form(jose::kitchen_certificate)).status, 200);
  restart();
  EXPECT_EQ(ask("admin", all + "/a/content").text, jose::kitchen_certificate);
  EXPECT_EQ(ask("admin", "DELETE /endpoint-certificates/a").status, 200);
  EXPECT_EQ(ask("admin", all + "/a").code(), 909040);
  EXPECT_THAT(aliases(ask("admin", all)), ElementsAre("b"));
}

TEST_F(Certificates, TellWhenTheyExpire) {
  add("shop", "https://shop.example");
  const std::string call = "GET /endpoint-certificates/shop";
  EXPECT_EQ(ask("admin", call).field("status"), "Active");
  clock_.advance(std::chrono::hours(24 * 60));
  EXPECT_EQ(ask("admin", call).field("status"), "Expired");
}

TEST_F(Certificates, RefusesWhatIsNone) {
  const std::string api = make_api();
  const std::string clients = "POST /apis/" + api + "/client-certs/PRODUCTION";
  add("taken", "https://shop.example");
  add_client("/apis/" + api + "/client-certs/SANDBOX", "taken");
  const std::string endpoints = "POST /endpoint-certificates";
  const std::string good(jose::kitchen_certificate);
  const auto endpoint = [](const std::string& certificate, const std::string& alias,
                           const std::string& url) {
    return form(certificate, {{"alias", alias}, {"endpoint", url}});
  };
  const auto client = [](const std::string& certificate, const std::string& alias,
                         const std::string& tier) {
    return form(certificate, {{"alias", alias}, {"tier", tier}});
  };
  const std::string url = "https://a.example";
  const std::string old(jose::old_certificate);
  const struct {
    const char* name;
    std::string call;
    std::string body;
    int status;
    int code;
  } cases[] = {
      {"no file", endpoints, endpoint("", "a", url), 400, 400},
      {"no alias", endpoints, form(good, {{"endpoint", url}}), 400, 400},
      {"an alias too long", endpoints, endpoint(good, std::string(31, 'a'), url), 400, 400},
      {"something else", endpoints, endpoint("text", "a", url), 400, 909042},
      {"an expired one", endpoints, endpoint(old, "a", url), 400, 909043},
      {"an endpoint without TLS", endpoints, endpoint(good, "a", "http://a.example"), 400, 900346},
      {"an alias that is taken", endpoints, endpoint(good, "taken", url), 409, 909041},
      {"a change of none", "PUT /endpoint-certificates/none", form(good), 404, 909040},
      {"no change", "PUT /endpoint-certificates/taken", form(""), 400, 400},
      {"a client's, no file", clients, client("", "a", "Gold"), 400, 400},
      {"a client's, expired", clients, client(old, "a", "Gold"), 400, 909043},
      {"a client's, no such policy", clients, client(good, "a", "None"), 400, 900305},
      {"a client's, taken alias", clients, client(good, "taken", "Gold"), 409, 909041},
      {"a client's, known", clients, client(std::string(jose::shop_certificate), "a", "Gold"), 409,
       909041},
      {"a client's, no such API", "POST /apis/none/client-certs/PRODUCTION",
       client(good, "a", "Gold"), 404, 900308},
      {"a client's, no such type", "POST /apis/" + api + "/client-certs/TRIAL",
       client(good, "a", "Gold"), 400, 400},
  };
  for (const auto& row : cases) {
    const rest::TestAnswer answer = send(row.call, row.body);
    EXPECT_EQ(answer.status, row.status) << row.name << answer.text;
    EXPECT_EQ(answer.code(), row.code) << row.name << answer.text;
  }
  EXPECT_EQ(ask("", "GET /endpoint-certificates").code(), 900902);
  EXPECT_EQ(ask("subscriber", "GET /endpoint-certificates").code(), 900910);
  EXPECT_EQ(send(endpoints, endpoint(good, "a", url), "publisher").code(), 900910);
}

TEST_F(Certificates, GoToTheGatewaysOfTheirBackend) {
  const std::string api = make_published_api(secure_endpoint("https://Shop.example/base"));
  const std::string other = make_published_api(
      {{"name", "Other"},
       {"context", "/other"},
       {"endpointConfig", secure_endpoint("https://shop.example:8443")["endpointConfig"]}});
  heard();
  add("shop", "shop.example");
  EXPECT_THAT(heard(), ::testing::UnorderedElementsAre(api, other));
  const model::DeployedApi told = deployed(api);
  ASSERT_EQ(told.backend_certificates.size(), 1U);
  EXPECT_EQ(told.backend_certificates[0].url, "https://Shop.example/base");
  EXPECT_EQ(told.backend_certificates[0].pem, jose::shop_certificate);
  EXPECT_THAT(deployed(other).backend_certificates, IsEmpty());
  send("PUT /endpoint-certificates/shop", form(jose::kitchen_certificate));
  EXPECT_THAT(heard(), ::testing::Contains(api));
  EXPECT_EQ(deployed(api).backend_certificates[0].pem, jose::kitchen_certificate);
  ask("admin", "DELETE /endpoint-certificates/shop");
  EXPECT_THAT(heard(), ::testing::Contains(api));
  EXPECT_THAT(deployed(api).backend_certificates, IsEmpty());
}

TEST_F(Certificates, OfClientsGoToTheGatewaysAtOnce) {
  const std::string api = make_published_api();
  const std::string path = "/apis/" + api + "/client-certs/SANDBOX";
  heard();
  EXPECT_EQ(add_client(path, "shop").status, 200);
  EXPECT_THAT(heard(), ElementsAre(api));
  ASSERT_EQ(deployed(api).client_certificates.size(), 1U);
  const model::ApiCertificate told = deployed(api).client_certificates[0];
  EXPECT_EQ(told.thumbprint, jose::shop_thumbprint);
  EXPECT_EQ(told.key_type, model::KeyType::sandbox);
  EXPECT_EQ(told.policy, "Gold");
  EXPECT_EQ(to_rfc3339(told.not_after).substr(0, 10), "2027-01-01");

  EXPECT_EQ(send("PUT " + path + "/shop", form("", {{"tier", "Unlimited"}})).field("tier"),
            "Unlimited");
  EXPECT_THAT(heard(), ElementsAre(api));
  EXPECT_EQ(deployed(api).client_certificates[0].policy, "Unlimited");
  EXPECT_EQ(deployed(api).client_certificates[0].thumbprint, jose::shop_thumbprint);
  EXPECT_EQ(send("PUT " + path + "/shop", form(jose::kitchen_certificate)).status, 200);
  EXPECT_NE(deployed(api).client_certificates[0].thumbprint, jose::shop_thumbprint);

  heard();
  EXPECT_EQ(ask("admin", "DELETE " + path + "/shop").status, 200);
  EXPECT_THAT(heard(), ElementsAre(api));
  EXPECT_THAT(deployed(api).client_certificates, IsEmpty());
}

TEST_F(Certificates, OfClientsOfAPublishedApiAreForPublishers) {
  const std::string path = "/apis/" + make_published_api() + "/client-certs/PRODUCTION";
  EXPECT_EQ(add_client(path, "shop").status, 200);
  const std::string upload =
      form(jose::kitchen_certificate, {{"alias", "kitchen"}, {"tier", "Gold"}});
  EXPECT_EQ(send("POST " + path, upload, "creator").status, 403);
  EXPECT_EQ(send("PUT " + path + "/shop", form("", {{"tier", "Unlimited"}}), "creator").status,
            403);
  EXPECT_EQ(ask("creator", "DELETE " + path + "/shop").status, 403);
  EXPECT_EQ(ask("creator", "GET " + path + "/shop").status, 200);
}

TEST_F(Certificates, ThatCannotBeReadKeepNothingElseFromTheGateways) {
  const std::string api = make_published_api();
  EXPECT_EQ(add_client("/apis/" + api + "/client-certs/PRODUCTION", "shop").status, 200);
  const auto broken = databases_.api_manager().write([&](storage::Transaction& transaction) {
    return storage::ClientCertificateStore(transaction, 1)
        .insert({.alias = "broken",
                 .api_id = api,
                 .tier = "Gold",
                 .certificate = "x",
                 .thumbprint = "y"});
  });
  ASSERT_TRUE(broken);
  ASSERT_EQ(deployed(api).client_certificates.size(), 1U);
  EXPECT_EQ(deployed(api).client_certificates[0].thumbprint, jose::shop_thumbprint);
}

TEST_F(Certificates, OfBackendsAreNotUsedByApisThatTheCallerMayNotSee) {
  key_manager_.add_user("stranger", {"Internal/creator"});
  json::object hidden = secure_endpoint("https://shop.example");
  hidden["accessControl"] = "RESTRICTED";
  hidden["accessControlRoles"] = json::array{"kitchen"};
  make_api(hidden);
  add("shop", "https://shop.example");
  const std::string path = "GET /endpoint-certificates/shop/usage";
  EXPECT_EQ(ask("creator", path).list().size(), 1U);
  EXPECT_EQ(ask("stranger", path).list().size(), 0U);
}

TEST_F(Certificates, OfClientsBelongToAnApiAndAType) {
  const std::string api = make_api();
  const std::string other = make_api({{"name", "Other"}, {"context", "/other"}});
  const std::string production = "/apis/" + api + "/client-certs/PRODUCTION";
  EXPECT_EQ(add_client(production, "shop").status, 200);
  EXPECT_EQ(add_client("/apis/" + other + "/client-certificates", "same").status, 200);
  EXPECT_THAT(aliases(ask("admin", "GET " + production)), ElementsAre("shop"));
  EXPECT_THAT(aliases(ask("admin", "GET /apis/" + api + "/client-certificates?alias=shop")),
              ElementsAre("shop"));
  EXPECT_THAT(aliases(ask("admin", "GET /apis/" + api + "/client-certs/SANDBOX")), IsEmpty());
  EXPECT_EQ(ask("admin", "GET /apis/" + api + "/client-certs/SANDBOX/shop").code(), 909040);
  EXPECT_EQ(ask("admin", "GET " + production + "/same").code(), 909040);
  EXPECT_EQ(ask("admin", "DELETE " + production + "/same").code(), 909040);
  EXPECT_EQ(ask("admin", "GET " + production + "/shop/content").text, jose::shop_certificate);
  EXPECT_EQ(ask("admin", "DELETE /apis/" + api).status, 200);
  EXPECT_EQ(add_client("/apis/" + other + "/client-certificates", "shop", jose::kitchen_certificate)
                .status,
            200);  // the alias is free again
}

TEST(TlsOrigin, IsTheHostAndPortBehindTls) {
  const struct {
    const char* endpoint;
    const char* origin;
  } cases[] = {{"https://a.example", "a.example:443"},
               {"HTTPS://A.example:8443/base?x", "a.example:8443"},
               {"a.example", "a.example:443"},
               {"a.example:8443/base", "a.example:8443"},
               {"https://[::1]:9", "[::1]:9"},
               {"http://a.example", ""},
               {"https://user@a.example", ""},
               {"ftp://a.example", ""},
               {"", ""}};
  for (const auto& row : cases) EXPECT_EQ(tls_origin(row.endpoint), row.origin) << row.endpoint;
}

}  // namespace
}  // namespace gatehouse::publisher
