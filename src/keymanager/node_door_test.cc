// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_door.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>

#include "core/random.h"
#include "core/text.h"
#include "http/session_client.h"
#include "keymanager/test_authority.h"

namespace gatehouse::keymanager {
namespace {

const std::string shared_key(32, 'k');
const std::string other_key(32, 'o');

// Stands for the endpoints behind the door; answers what is "remembered" on the loop.
class Inside final : public http::Handler {
 public:
  std::optional<http::Response> try_answer(const http::Request& request) override {
    if (request.body != "remembered") return std::nullopt;
    return http::make_response(200, "text/plain", "from memory");
  }
  http::Response handle(const http::Request&) override {
    ++handled;
    return http::make_response(200, "text/plain", "from the database");
  }

  int handled = 0;
};

class NodeDoorTest : public ::testing::Test {
 protected:
  static http::Request question(const std::string& session, const std::string& basic) {
    http::Request request = http::make_request("POST", "/internal/keys/v1/validate");
    if (!session.empty()) {
      request.headers.add("Cookie", "other=1; gatehouse_node=" + session + "; last=2");
    }
    if (!basic.empty()) request.headers.add("Authorization", "Basic " + to_base64(basic));
    return request;
  }
  static std::string session_from(const http::Response& response) {
    const std::string_view cookie = response.headers.value_or("Set-Cookie", "");
    const std::size_t begin = cookie.find('=') + 1;
    return std::string(cookie.substr(begin, cookie.find(';') - begin));
  }
  // The value of a series without labels, as a scrape shows it.
  double counter(const std::string& name) {
    const std::string text = metrics_.text();
    const std::size_t line = text.find("\n" + name + " ");
    EXPECT_NE(line, std::string::npos) << name;
    return std::stod(text.substr(line + name.size() + 2));
  }

  FakeClock clock_{from_ms(1'700'000'000'000)};
  Metrics metrics_;
  Inside inside_;
  NodeSessions sessions_{{shared_key}, clock_};
  NodeDoor door_{inside_, {.sessions = &sessions_, .secret = "the cluster's secret"}, metrics_};
};

TEST_F(NodeDoorTest, BasicEarnsASessionThatEveryKeyManagerOfTheKeyBelieves) {
  const http::Response first = door_.handle(question("", "gw.example-1:the cluster's secret"));
  ASSERT_EQ(first.status, 200);
  const std::string session = session_from(first);
  EXPECT_EQ(sessions_.check(session), "gw.example-1");

  Inside elsewhere;
  const NodeSessions its_sessions({other_key, shared_key}, clock_);
  Metrics its_metrics;
  NodeDoor its_door(elsewhere, {.sessions = &its_sessions, .secret = "the cluster's secret"},
                    its_metrics);
  const http::Response second = its_door.handle(question(session, "gw:wrong"));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.headers.find("Set-Cookie"), nullptr);
}

struct NodeCase {
  const char* name;
  std::function<std::string(const NodeSessions&, FakeClock&)> session;
  const char* basic;
  int status;
};

class Node : public NodeDoorTest, public ::testing::WithParamInterface<NodeCase> {};

TEST_P(Node, IsBySessionThenByBasicThenRefused) {
  const NodeCase& row = GetParam();
  const http::Response response = door_.handle(question(row.session(sessions_, clock_), row.basic));
  EXPECT_EQ(response.status, row.status);
  EXPECT_EQ(inside_.handled, row.status == 200 ? 1 : 0);
  EXPECT_EQ(response.headers.find("WWW-Authenticate") != nullptr, row.status == 401);
}

std::string good(const NodeSessions& sessions, FakeClock&) { return sessions.make("gw"); }
std::string none(const NodeSessions&, FakeClock&) { return ""; }
std::string expired(const NodeSessions& sessions, FakeClock& clock) {
  const std::string session = sessions.make("gw");
  clock.advance(NodeSessions::lifetime);
  return session;
}
std::string forged(const NodeSessions& sessions, FakeClock&) {
  std::string session = sessions.make("gw");
  session[session.find("gw")] = 'x';
  return session;
}
std::string revoked(const NodeSessions&, FakeClock& clock) {
  return NodeSessions({other_key}, clock).make("gw");
}
std::string cut(const NodeSessions& sessions, FakeClock&) {
  const std::string session = sessions.make("gw");
  return session.substr(0, session.rfind('.'));
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, Node,
    ::testing::Values(NodeCase{"session_alone", good, "", 200},
                      NodeCase{"session_with_wrong_basic", good, "gw:wrong", 200},
                      NodeCase{"basic_alone", none, "gw:the cluster's secret", 200},
                      NodeCase{"nothing", none, "", 401},
                      NodeCase{"wrong_basic", none, "gw:wrong", 401},
                      NodeCase{"name_that_breaks_a_cookie", none, "g;w:the cluster's secret", 401},
                      NodeCase{"expired_with_basic", expired, "gw:the cluster's secret", 200},
                      NodeCase{"expired_with_wrong_basic", expired, "gw:wrong", 401},
                      NodeCase{"forged_with_basic", forged, "gw:the cluster's secret", 200},
                      NodeCase{"forged_with_wrong_basic", forged, "gw:wrong", 401},
                      NodeCase{"revoked_with_basic", revoked, "gw:the cluster's secret", 200},
                      NodeCase{"revoked_with_wrong_basic", revoked, "gw:wrong", 401},
                      NodeCase{"cut", cut, "", 401}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(NodeDoorTest, CountsHowEachNodeWasKnown) {
  door_.handle(question("", "gw:the cluster's secret"));
  door_.handle(question(sessions_.make("gw"), ""));
  door_.handle(question(sessions_.make("gw"), ""));
  http::Request remembered = question(sessions_.make("gw"), "");
  remembered.body = "remembered";
  EXPECT_EQ(door_.try_answer(remembered)->body, "from memory");
  door_.handle(question("", "gw:wrong"));
  EXPECT_EQ(counter("gatehouse_key_manager_session_hits_total"), 3);
  EXPECT_EQ(counter("gatehouse_key_manager_basic_fallbacks_total"), 1);
  EXPECT_EQ(counter("gatehouse_key_manager_node_refusals_total"), 1);
}

// A door that takes certificates, and perhaps the secret.
class CertificateDoorTest : public NodeDoorTest {
 protected:
  CertificateDoorTest() : folder_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directory(folder_);
    authority_.write(folder_);
    EXPECT_TRUE(nodes_.load());
  }
  ~CertificateDoorTest() override { std::filesystem::remove_all(folder_); }

  static std::string unique_name() {
    SystemRandom random;
    return "gatehouse-door-" + std::to_string(random.number());
  }
  NodeDoor::Proofs proofs(bool secret_too) {
    NodeDoor::Proofs proofs{.certificates = &nodes_};
    if (secret_too) {
      proofs.sessions = &sessions_;
      proofs.secret = "the cluster's secret";
    }
    return proofs;
  }

  TestAuthority authority_{"cluster", clock_.now()};
  TestAuthority stranger_{"stranger", clock_.now()};
  const std::filesystem::path folder_;
  NodeCertificates nodes_{
      {.files = {.certificates = (folder_ / "ca.pem").string()}, .names = {"gw-1.example"}},
      clock_};
};

struct CertificateCase {
  const char* name;
  const char* shown;  // of: good, foreign, unnamed, or nothing
  bool session;       // a good one comes with it
  const char* basic;
  int alone;        // status, where only certificates count
  int with_secret;  // where the secret counts, too
};

// On the loop only what is remembered counts, and nobody is refused.
TEST_F(CertificateDoorTest, VerifiesNoChainOnTheLoop) {
  NodeDoor door(inside_, proofs(true), metrics_);
  http::Request request = question(sessions_.make("gw"), "");
  request.body = "remembered";
  request.peer.certificate = stranger_.issue({.name = "gw-1.example"});
  EXPECT_FALSE(door.try_answer(request));
  EXPECT_EQ(door.handle(request).status, 401);
  EXPECT_FALSE(door.try_answer(request));
  request.peer.certificate = authority_.issue({.name = "gw-1.example"});
  EXPECT_FALSE(door.try_answer(request));
  EXPECT_EQ(door.handle(request).status, 200);
  const std::optional<http::Response> at_once = door.try_answer(request);
  ASSERT_TRUE(at_once);
  EXPECT_EQ(at_once->status, 200);
}

class Certified : public CertificateDoorTest,
                  public ::testing::WithParamInterface<CertificateCase> {};

TEST_P(Certified, IsByItsCertificateAndNothingLess) {
  const CertificateCase& row = GetParam();
  const std::map<std::string, std::string> certificates{
      {"", ""},
      {"good", authority_.issue({.name = "gw-1.example"})},
      {"unnamed", authority_.issue({.name = "gw-2.example"})},
      {"foreign", stranger_.issue({.name = "gw-1.example"})}};
  for (const bool secret_too : {false, true}) {
    Metrics metrics;
    NodeDoor door(inside_, proofs(secret_too), metrics);
    http::Request request = question(row.session ? sessions_.make("gw") : "", row.basic);
    request.peer.certificate = certificates.at(row.shown);
    const http::Response response = door.handle(request);
    EXPECT_EQ(response.status, secret_too ? row.with_secret : row.alone);
    const std::string_view asks = response.headers.value_or("WWW-Authenticate", "");
    EXPECT_EQ(response.headers.count("WWW-Authenticate"), response.status == 401 ? 1U : 0U);
    EXPECT_EQ(asks.starts_with("Basic"), response.status == 401 && secret_too) << asks;
    const bool by_certificate = row.shown == std::string("good");
    EXPECT_NE(metrics.text().find(fmt::format("\ngatehouse_key_manager_mtls_hits_total {}\n",
                                              by_certificate ? 1 : 0)),
              std::string::npos);
    if (by_certificate) {
      EXPECT_EQ(response.headers.find("Set-Cookie"), nullptr);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, Certified,
    ::testing::Values(CertificateCase{"certificate", "good", false, "", 200, 200},
                      CertificateCase{"certificate_with_wrong_basic", "good", false, "gw:wrong",
                                      200, 200},
                      CertificateCase{"nothing", "", false, "", 401, 401},
                      CertificateCase{"secret", "", false, "gw:the cluster's secret", 401, 200},
                      CertificateCase{"session", "", true, "", 401, 200},
                      CertificateCase{"foreign", "foreign", false, "", 401, 401},
                      CertificateCase{"foreign_with_secret", "foreign", true,
                                      "gw:the cluster's secret", 401, 401},
                      CertificateCase{"unnamed_with_secret", "unnamed", true,
                                      "gw:the cluster's secret", 401, 401}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(NodeDoorTest, LooksAtNoCertificateWhereNoneCounts) {
  http::Request request = question("", "gw:the cluster's secret");
  request.peer.certificate = "an OAuth client's";
  EXPECT_EQ(door_.handle(request).status, 200);
}

TEST_F(NodeDoorTest, SaysThatItIsTheNodeWhoIsNotKnown) {
  http::Request stranger = question("", "gw:wrong");
  stranger.body = "remembered";
  for (const http::Response& refused : {door_.handle(stranger), *door_.try_answer(stranger)}) {
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.headers.value_or(http::node_refused_field, ""), http::node_refused);
  }
  const http::Response served = door_.handle(question("", "gw:the cluster's secret"));
  EXPECT_EQ(served.headers.find(http::node_refused_field), nullptr);
}

}  // namespace
}  // namespace gatehouse::keymanager
