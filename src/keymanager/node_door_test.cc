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
#include "storage/apis/node_store.h"
#include "storage/test_databases.h"

namespace gatehouse::keymanager {
namespace {

const std::string shared_key(32, 'k');
const std::string other_key(32, 'o');

// Stands for the endpoints behind the door; answers what is "remembered" on the loop.
class Inside final : public http::Handler {
 public:
  std::optional<http::Response> try_answer(const http::Request& request) override {
    if (request.body != "remembered") return std::nullopt;
    asked_by = request.peer.node;
    return http::make_response(200, "text/plain", "from memory");
  }
  http::Response handle(const http::Request& request) override {
    ++handled;
    asked_by = request.peer.node;
    if (meanwhile) meanwhile();
    return http::make_response(200, "text/plain", "from the database");
  }

  int handled = 0;
  std::optional<http::KnownNode> asked_by;
  std::function<void()> meanwhile;
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

  static NodePass pass_of(const std::string& node, const Clock& clock) {
    return {.node = {node, {"Internal", "External"}},
            .serial = 0,
            .expires = clock.now() + NodeDoor::session_lifetime};
  }
  std::string credential(const std::string& node = "gw") const {
    return credentials_.make(pass_of(node, clock_)).value();
  }
  std::string basic() const { return "gw:" + credential(); }
  std::string session() const { return sessions_.make(pass_of("gw", clock_)).value(); }
  NodeDoor::Proofs by_pass() const {
    return {.credentials = &credentials_, .sessions = &sessions_, .revocations = &revocations_};
  }
  void revoke(const std::string& node) {
    const Result<> done = databases_.api_manager().write([&](storage::Transaction& transaction) {
      return storage::NodeStore(transaction).revoke(node);
    });
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(revocations_.load(databases_.api_manager()));
  }

  FakeClock clock_{from_ms(1'700'000'000'000)};
  Metrics metrics_;
  Inside inside_;
  storage::TestDatabases databases_;
  NodePasses credentials_{{std::string(32, 'c')}, clock_};
  NodePasses sessions_{{shared_key}, clock_};
  NodeRevocations revocations_;
  NodeDoor door_{inside_, by_pass(), clock_, metrics_};
};

TEST_F(NodeDoorTest, BasicEarnsASessionThatEveryKeyManagerOfTheKeyBelieves) {
  const http::Response first =
      door_.handle(question("", "gw.example-1:" + credential("gw.example-1")));
  ASSERT_EQ(first.status, 200);
  const std::string session = session_from(first);
  EXPECT_EQ(sessions_.check(session)->node.name, "gw.example-1");

  Inside elsewhere;
  const NodePasses its_sessions({other_key, shared_key}, clock_);
  NodeDoor::Proofs proofs = by_pass();
  proofs.sessions = &its_sessions;
  Metrics its_metrics;
  NodeDoor its_door(elsewhere, proofs, clock_, its_metrics);
  const http::Response second = its_door.handle(question(session, "gw:wrong"));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.headers.find("Set-Cookie"), nullptr);
}

TEST_F(NodeDoorTest, TellsWhatIsBehindItWhoAsksAndWhatHeMayRead) {
  const http::Response first = door_.handle(question("", basic()));
  for (const std::string& session : {std::string(), session_from(first)}) {
    inside_.asked_by.reset();
    http::Request request = question(session, session.empty() ? basic() : "");
    request.peer.node = http::KnownNode{"somebody", {"Secret"}};
    for (const char* body : {"", "remembered"}) {
      request.body = body;
      if (*body == '\0') door_.handle(request);
      if (*body != '\0') ASSERT_TRUE(door_.try_answer(request));
      ASSERT_TRUE(inside_.asked_by);
      EXPECT_EQ(inside_.asked_by->name, "gw");
      EXPECT_EQ(inside_.asked_by->environments, (std::vector<std::string>{"Internal", "External"}));
    }
  }
}

TEST_F(NodeDoorTest, GivesNoSessionThatOutlivesItsCredential) {
  NodePass soon = pass_of("gw", clock_);
  soon.expires = clock_.now() + std::chrono::seconds(30);
  const http::Response first = door_.handle(question("", "gw:" + credentials_.make(soon).value()));
  const std::string session = session_from(first);
  EXPECT_EQ(sessions_.check(session)->expires, soon.expires);
  EXPECT_NE(first.headers.value_or("Set-Cookie", "").find("Max-Age=30;"), std::string_view::npos);
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(door_.handle(question(session, "")).status, 401);
}

TEST_F(NodeDoorTest, ShutsARevokedNodeOutWithAllThatItHas) {
  const std::string session = session_from(door_.handle(question("", basic())));
  revoke("another");
  EXPECT_EQ(door_.handle(question(session, basic())).status, 200);
  revoke("gw");
  EXPECT_EQ(door_.handle(question(session, basic())).status, 401);
  NodePass next = pass_of("gw", clock_);
  next.serial = 1;
  EXPECT_EQ(door_.handle(question("", "gw:" + credentials_.make(next).value())).status, 200);
  revoke("gw");
  EXPECT_EQ(door_.handle(question("", "gw:" + credentials_.make(next).value())).status, 401);
}

TEST_F(NodeDoorTest, GivesNoAnswerToWhoWasRevokedWhileItWasMade) {
  inside_.meanwhile = [this] { revoke("gw"); };
  const http::Response response = door_.handle(question("", basic()));
  EXPECT_EQ(inside_.handled, 1);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body.find("from the database"), std::string::npos);
  EXPECT_EQ(response.headers.find("Set-Cookie"), nullptr);
}

// A session, and what Basic has: of the fixture's good ones, what a case makes of them.
struct NodeCase {
  const char* name;
  std::function<std::string(const std::string& good, FakeClock&)> session;
  const char* basic;  // "good", or text
  int status;
};

class Node : public NodeDoorTest, public ::testing::WithParamInterface<NodeCase> {};

TEST_P(Node, IsBySessionThenByBasicThenRefused) {
  const NodeCase& row = GetParam();
  const std::string shown = row.session(session(), clock_);
  const std::string offered = row.basic == std::string_view("good") ? basic() : row.basic;
  const http::Response response = door_.handle(question(shown, offered));
  EXPECT_EQ(response.status, row.status);
  EXPECT_EQ(inside_.handled, row.status == 200 ? 1 : 0);
  EXPECT_EQ(response.headers.find("WWW-Authenticate") != nullptr, row.status == 401);
}

std::string good(const std::string& session, FakeClock&) { return session; }
std::string none(const std::string&, FakeClock&) { return ""; }
std::string expired(const std::string& session, FakeClock& clock) {
  clock.advance(NodeDoor::session_lifetime);
  return session;
}
std::string forged(const std::string& session, FakeClock&) {
  std::string text = session;
  text[text.find("gw")] = 'x';
  return text;
}
std::string of_another_key(const std::string&, FakeClock& clock) {
  return NodePasses({other_key}, clock)
      .make({.node = {"gw", {"Default"}}, .expires = clock.now() + std::chrono::hours(1)})
      .value();
}
std::string cut(const std::string& session, FakeClock&) {
  return session.substr(0, session.rfind('.'));
}

INSTANTIATE_TEST_SUITE_P(
    Nodes, Node,
    ::testing::Values(NodeCase{"session_alone", good, "", 200},
                      NodeCase{"session_with_wrong_basic", good, "gw:wrong", 200},
                      NodeCase{"basic_alone", none, "good", 200},
                      NodeCase{"nothing", none, "", 401},
                      NodeCase{"wrong_basic", none, "gw:wrong", 401},
                      NodeCase{"expired_with_basic", expired, "good", 200},
                      NodeCase{"expired_with_wrong_basic", expired, "gw:wrong", 401},
                      NodeCase{"forged_with_basic", forged, "good", 200},
                      NodeCase{"forged_with_wrong_basic", forged, "gw:wrong", 401},
                      NodeCase{"of_another_key_with_basic", of_another_key, "good", 200},
                      NodeCase{"of_another_key_with_wrong_basic", of_another_key, "gw:wrong", 401},
                      NodeCase{"cut", cut, "", 401}),
    [](const auto& row) { return std::string(row.param.name); });

// A session is no credential, a credential no session, and neither is another node's.
TEST_F(NodeDoorTest, TakesEachPassForWhatItIs) {
  EXPECT_EQ(door_.handle(question(credential(), "")).status, 401);
  EXPECT_EQ(door_.handle(question("", "gw:" + session())).status, 401);
  EXPECT_EQ(door_.handle(question("", "other:" + credential())).status, 401);
  EXPECT_EQ(inside_.handled, 0);
}

TEST_F(NodeDoorTest, CountsHowEachNodeWasKnown) {
  door_.handle(question("", basic()));
  door_.handle(question(session(), ""));
  door_.handle(question(session(), ""));
  http::Request remembered = question(session(), "");
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
    NodeDoor::Proofs proofs = secret_too ? by_pass() : NodeDoor::Proofs();
    proofs.certificates = &nodes_;
    return proofs;
  }

  TestAuthority authority_{"cluster", clock_.now()};
  TestAuthority stranger_{"stranger", clock_.now()};
  const std::filesystem::path folder_;
  NodeCertificates nodes_{{.files = {.certificates = (folder_ / "ca.pem").string()},
                           .names = {"gw-1.example@Internal", "gw-1.example@External"}},
                          clock_};
};

struct CertificateCase {
  const char* name;
  const char* shown;  // of: good, foreign, unnamed, or nothing
  bool session;       // a good one comes with it
  const char* basic;  // "good", or text
  int alone;          // status, where only certificates count
  int with_secret;    // where the secret counts, too
};

// On the loop only what is remembered counts, and nobody is refused.
TEST_F(CertificateDoorTest, VerifiesNoChainOnTheLoop) {
  NodeDoor door(inside_, proofs(true), clock_, metrics_);
  http::Request request = question(session(), "");
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
    NodeDoor door(inside_, proofs(secret_too), clock_, metrics);
    const std::string offered = row.basic == std::string_view("good") ? basic() : row.basic;
    http::Request request = question(row.session ? session() : "", offered);
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
                      CertificateCase{"secret", "", false, "good", 401, 200},
                      CertificateCase{"session", "", true, "", 401, 200},
                      CertificateCase{"foreign", "foreign", false, "", 401, 401},
                      CertificateCase{"foreign_with_secret", "foreign", true, "good", 401, 401},
                      CertificateCase{"unnamed_with_secret", "unnamed", true, "good", 401, 401}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(NodeDoorTest, LooksAtNoCertificateWhereNoneCounts) {
  http::Request request = question("", basic());
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
  const http::Response served = door_.handle(question("", basic()));
  EXPECT_EQ(served.headers.find(http::node_refused_field), nullptr);
}

}  // namespace
}  // namespace gatehouse::keymanager
