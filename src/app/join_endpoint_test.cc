// SPDX-License-Identifier: Apache-2.0
//
// The endpoint with its tokens: join_token.h, join_endpoint.h, node_credentials.h.
#include "app/join_endpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "app/join_token.h"
#include "app/node_credentials.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/test_folder.h"
#include "core/text.h"
#include "storage/test_databases.h"

namespace gatehouse::app {
namespace {

const std::string cluster_key = "0123456789abcdef0123456789abcdef";

class JoinEndpointTest : public ::testing::Test {
 protected:
  JoinEndpointTest() {
    configuration_.server.data_dir = folder_.path().string();
    std::ofstream(configuration_.path("tls.crt")) << "a certificate";
  }

  std::string token_for(std::vector<std::string> profiles,
                        std::chrono::minutes time = std::chrono::minutes(60)) {
    const JoinToken token = JoinToken::make("a certificate", surroundings_.random);
    const std::string hash = sha256_hex(token.secret);
    storage::JoiningNode node{"new", std::move(profiles), {"In", "Out"}, ""};
    node.seal = seal_of(cluster_key, hash, node);
    add(hash, node, time);
    return to_base64url(token.secret);
  }
  void add(const std::string& hash, const storage::JoiningNode& node, std::chrono::minutes time) {
    const Result<> added = databases_.api_manager().write([&](storage::Transaction& transaction) {
      return storage::NodeStore(transaction)
          .add_token(hash, node, surroundings_.clock.now() + time);
    });
    EXPECT_TRUE(added);
  }
  http::Response show(const std::string& token, const std::string& address = "192.0.2.1",
                      const json::object& more = {}) {
    json::object body = more;
    body["token"] = token;
    http::Request request = http::make_request("POST", "/internal/cluster/v1/join",
                                               json::serialize(body), "application/json");
    request.peer.address = address;
    return endpoint_.handle(request);
  }
  static json::object body_of(const http::Response& response) {
    return parse_json_object(response.body).value_or(json::object());
  }

  TestFolder folder_;
  Configuration configuration_;
  Surroundings surroundings_;
  storage::TestDatabases databases_;
  JoinEndpoint endpoint_{configuration_, cluster_key, databases_.api_manager(), surroundings_};
};

TEST_F(JoinEndpointTest, ATokenHasItsSecretAndTheAuthorities) {
  const JoinToken token = JoinToken::make("pem", surroundings_.random);
  const Result<JoinToken> read = JoinToken::parse(token.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->secret, token.secret);
  EXPECT_EQ(read->authorities, to_bytes(sha256("pem")));
  for (const std::string& bad :
       {std::string(), std::string("ghj1_"), token.text() + "AAAA", token.text().substr(1),
        token.text().substr(0, token.text().size() - 4), "ghj1_" + std::string(86, '*')}) {
    EXPECT_FALSE(JoinToken::parse(bad)) << bad;
  }
}

struct GivenCase {
  std::vector<std::string> profiles;
  bool credential;
  bool cluster_key;
};

TEST_F(JoinEndpointTest, GivesEachNodeWhatItNeedsAndNoMore) {
  for (const GivenCase& row : {
           GivenCase{{"gateway"}, true, false},
           GivenCase{{"gateway", "traffic-manager"}, true, false},
           GivenCase{{"traffic-manager"}, false, false},
           GivenCase{{"key-manager"}, false, true},
           GivenCase{{"publisher"}, false, true},
           GivenCase{{"devportal", "admin"}, false, true},
           GivenCase{{"gateway", "key-manager"}, false, true},
           GivenCase{{"control-plane"}, false, true},
           GivenCase{{"all-in-one"}, false, true},
       }) {
    // What it asks for does not matter.
    const http::Response given =
        show(token_for(row.profiles), "192.0.2.1",
             {{"profiles", json::array{"key-manager"}}, {"environments", json::array{"Secret"}}});
    ASSERT_EQ(given.status, 200) << given.body;
    EXPECT_EQ(given.headers.value_or("Cache-Control", ""), "no-store");
    const json::object body = body_of(given);
    EXPECT_EQ(body.contains("credential"), row.credential) << row.profiles.front();
    EXPECT_EQ(body.contains("cluster_key"), row.cluster_key) << row.profiles.front();
    EXPECT_EQ(given.body.find(to_base64(cluster_key)) != std::string::npos, row.cluster_key);
    if (!row.credential) continue;
    const auto credentials = node_credentials(NodeKind::gateway, cluster_key, surroundings_.clock);
    const auto pass = credentials.check(text_or(body, "credential", ""));
    ASSERT_TRUE(pass) << pass.error().detail;
    EXPECT_EQ(pass->node.name, "new");
    EXPECT_EQ(pass->node.environments, (std::vector<std::string>{"In", "Out"}));
    const auto of_portals =
        node_credentials(NodeKind::control_plane, cluster_key, surroundings_.clock);
    EXPECT_FALSE(of_portals.check(text_or(body, "credential", "")));
  }
}

TEST_F(JoinEndpointTest, TakesATokenOnceAndNoneThatHasExpired) {
  const std::string token = token_for({"key-manager"});
  EXPECT_EQ(show(token).status, 200);
  const http::Response again = show(token);
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.body.find("cluster_key"), std::string::npos);
  EXPECT_EQ(show(token_for({"key-manager"}, std::chrono::minutes(0))).status, 401);
  EXPECT_EQ(body_of(again), body_of(show("AAAA"))) << "nobody is told why";
}

TEST_F(JoinEndpointTest, TakesNoRowThatWasNotMadeWithTheClusterKey) {
  const std::string secret = surroundings_.random.bytes(JoinToken::secret_size);
  const std::string hash = sha256_hex(secret);
  storage::JoiningNode gateway{"new", {"gateway"}, {"In"}, ""};
  storage::JoiningNode raised{"new", {"key-manager"}, {"In"}, ""};
  raised.seal = seal_of(cluster_key, hash, gateway);
  add(hash, raised, std::chrono::minutes(60));
  const http::Response refused = show(to_base64url(secret));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body.find("cluster_key"), std::string::npos);
}

TEST_F(JoinEndpointTest, SlowsDownWhoGuesses) {
  const std::string good = token_for({"gateway"});
  int refused = 0;
  http::Response last;
  for (int i = 0; i < 20; ++i) {
    last = show(to_base64url(surroundings_.random.bytes(32)));
    if (last.status == 401) ++refused;
  }
  EXPECT_EQ(last.status, 429);
  EXPECT_NE(last.headers.find("Retry-After"), nullptr);
  EXPECT_LE(refused, static_cast<int>(JoinEndpoint::limits.free) + 1);
  EXPECT_EQ(show(good).status, 200) << "who shares the address is not held up";
  EXPECT_EQ(show(good, "192.0.2.2").status, 200) << "others are not held up";
}

TEST_F(JoinEndpointTest, AnswersNothingElse) {
  const auto ask = [&](const char* method, const char* target) {
    return endpoint_.handle(http::make_request(method, target)).status;
  };
  EXPECT_EQ(ask("GET", "/internal/cluster/v1/join"), 405);
  EXPECT_EQ(ask("POST", "/internal/cluster/v1/authorities"), 405);
  EXPECT_EQ(ask("GET", "/internal/cluster/v1"), 404);
  EXPECT_EQ(ask("GET", "/internal/cluster/v1/join/x"), 404);
  EXPECT_EQ(ask("POST", "/internal/cluster/v1/join"), 401);
}

TEST_F(JoinEndpointTest, ShowsTheAuthoritiesThatNodesAreCheckedWith) {
  const auto shown = [&] {
    return endpoint_.handle(http::make_request("GET", "/internal/cluster/v1/authorities"));
  };
  EXPECT_EQ(shown().body, "a certificate");
  configuration_.tls.certificate = "other.crt";
  EXPECT_EQ(shown().status, 400) << "nobody says who has issued that one";
  configuration_.cluster.ca = configuration_.path("ca.pem");
  EXPECT_EQ(shown().status, 503);
  std::ofstream(configuration_.cluster.ca) << "an authority";
  EXPECT_EQ(shown().body, "an authority");
}

// --- credentials ---------------------------------------------------------------------------------

class NodeCredentials : public ::testing::Test {
 protected:
  NodeCredentials() { configuration_.server.data_dir = folder_.path().string(); }

  void give(std::vector<std::string> environments, std::chrono::days time) {
    const auto made =
        node_credentials(NodeKind::gateway, cluster_key, clock_)
            .make({.node = {"gw-1", std::move(environments)}, .expires = clock_.now() + time});
    configuration_.cluster.secret_file = "cluster.secret";
    const std::string file = configuration_.path("cluster.secret");
    std::ofstream(file, std::ios::trunc) << *made << "\n";
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  }
  // What it shows, or why it has nothing.
  std::string proof(const std::string& key = "") {
    const Result<std::string> shown = proof_of_gateway(configuration_, key, clock_);
    if (!shown) {
      EXPECT_EQ(shown.error().code, ErrorCode::invalid_argument);
      return shown.error().message;
    }
    return from_base64(shown->substr(std::string_view("Basic ").size())).value();
  }

  TestFolder folder_;
  Configuration configuration_;
  FakeClock clock_{from_ms(1'700'000'000'000)};
};

TEST_F(NodeCredentials, AGatewayShowsWhatItWasGiven) {
  give({"Default", "Internal"}, std::chrono::days(100));
  const std::string shown = proof();
  EXPECT_TRUE(shown.starts_with("gw-1:v1.gw-1.0.")) << shown;
  EXPECT_TRUE(node_credentials(NodeKind::gateway, cluster_key, clock_)
                  .check(std::string_view(shown).substr(shown.find(':') + 1)));
}

TEST_F(NodeCredentials, WhatCannotWorkIsSaidAtTheStart) {
  give({"Internal"}, std::chrono::days(100));
  EXPECT_TRUE(proof().starts_with("gateway.environments: 'Default'")) << proof();
  give({"Default"}, std::chrono::days(100));
  clock_.advance(std::chrono::days(100));
  EXPECT_TRUE(proof().starts_with("cluster.secret_file: ")) << proof();
  EXPECT_NE(proof().find("has expired"), std::string::npos);
  std::ofstream(configuration_.path("cluster.secret")) << "a secret of thirty-two characters";
  EXPECT_NE(proof().find("no credential of a node"), std::string::npos) << proof();
  std::filesystem::permissions(configuration_.path("cluster.secret"), std::filesystem::perms(0640));
  EXPECT_NE(proof().find("chmod 600"), std::string::npos) << proof();
}

TEST_F(NodeCredentials, WhoHasTheKeyMakesItsOwn) {
  configuration_.bus.name = "am-1";
  const std::string shown = proof(cluster_key);
  const auto pass = node_credentials(NodeKind::gateway, cluster_key, clock_)
                        .check(std::string_view(shown).substr(shown.find(':') + 1));
  ASSERT_TRUE(pass) << shown;
  EXPECT_EQ(pass->node.name, "am-1");
  EXPECT_EQ(pass->node.environments, configuration_.gateway.environments);
  const auto of_portal = proof_of_control_plane(configuration_, cluster_key, clock_);
  EXPECT_NE(*of_portal, *proof_of_gateway(configuration_, cluster_key, clock_));
  configuration_.cluster.certificate = "node.crt";
  EXPECT_EQ(*proof_of_gateway(configuration_, cluster_key, clock_), "");
  EXPECT_EQ(*proof_of_control_plane(configuration_, cluster_key, clock_), "");
}

}  // namespace
}  // namespace gatehouse::app
