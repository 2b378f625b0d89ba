// SPDX-License-Identifier: Apache-2.0
#include "keymanager/node_door.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/text.h"

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
  NodeDoor door_{inside_, sessions_, "the cluster's secret", metrics_};
};

TEST_F(NodeDoorTest, BasicEarnsASessionThatEveryKeyManagerOfTheKeyBelieves) {
  const http::Response first = door_.handle(question("", "gw.example-1:the cluster's secret"));
  ASSERT_EQ(first.status, 200);
  const std::string session = session_from(first);
  EXPECT_EQ(sessions_.check(session), "gw.example-1");

  Inside elsewhere;
  const NodeSessions its_sessions({other_key, shared_key}, clock_);
  Metrics its_metrics;
  NodeDoor its_door(elsewhere, its_sessions, "the cluster's secret", its_metrics);
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

TEST_F(NodeDoorTest, OpensToNothingElse) {
  http::Request request = question(sessions_.make("gw"), "");
  request.path = "/internal/keys/v1/clients";
  EXPECT_EQ(door_.handle(request).status, 404);
  EXPECT_FALSE(door_.try_answer(request));
  EXPECT_EQ(inside_.handled, 0);
}

}  // namespace
}  // namespace gatehouse::keymanager
