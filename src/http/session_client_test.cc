// SPDX-License-Identifier: Apache-2.0
#include "http/session_client.h"

#include <gtest/gtest.h>

#include "net/loop.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;

// Answers from a list and keeps what it was asked.
class ScriptedPeer final : public Client {
 public:
  struct Script {
    std::vector<Result<Response>> answers;
    std::vector<Request> asked;
    std::chrono::milliseconds time{};  // that the last question was given
  };
  explicit ScriptedPeer(Script& script) : script_(script) {}

  net::Task<Result<Response>> send(const Request& request,
                                   std::chrono::milliseconds time) override {
    script_.time = time;
    co_return next(request);
  }
  Result<Response> ask(const Request& request, std::chrono::milliseconds time) override {
    script_.time = time;
    return next(request);
  }

 private:
  Result<Response> next(const Request& request) {
    script_.asked.push_back(request);
    Result<Response> answer = script_.answers.front();
    if (script_.answers.size() > 1) script_.answers.erase(script_.answers.begin());
    return answer;
  }

  Script& script_;
};

Result<Response> answer(int status, const std::string& cookie = "") {
  Response response = make_response(status, "text/plain", "");
  if (!cookie.empty()) response.headers.add("Set-Cookie", cookie);
  return response;
}

class SessionClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<SessionClient> client(
      const std::string& authorization = "Basic bm9kZTpzZWNyZXQ=",
      SessionClient::Patience patience = SessionClient::Patience::part) {
    std::vector<std::unique_ptr<Client>> peers;
    peers.push_back(std::make_unique<ScriptedPeer>(first_));
    peers.push_back(std::make_unique<ScriptedPeer>(second_));
    authorization_ = authorization;
    return std::make_unique<SessionClient>(
        std::move(peers), [this] { return authorization_; }, patience);
  }
  int send(SessionClient& client) {
    const Result<Response> response =
        loop_.run_until_done(client.send(make_request("POST", "/internal/x"), 3s));
    return response ? response->status : 0;
  }

  std::string authorization_;
  net::Loop loop_;
  ScriptedPeer::Script first_;
  ScriptedPeer::Script second_;
};

TEST_F(SessionClientTest, CarriesTheSessionAndBasicTogether) {
  first_.answers = {answer(200, "n=1; Path=/; Secure"), answer(200)};
  const auto client = this->client();
  EXPECT_EQ(send(*client), 200);
  EXPECT_EQ(send(*client), 200);
  ASSERT_EQ(first_.asked.size(), 2U);
  EXPECT_EQ(first_.asked[0].headers.value_or("Cookie", "none"), "none");
  EXPECT_EQ(first_.asked[1].headers.value_or("Cookie", "none"), "n=1");
  for (const Request& request : first_.asked) {
    EXPECT_EQ(request.headers.value_or("Authorization", ""), "Basic bm9kZTpzZWNyZXQ=");
  }
  EXPECT_TRUE(second_.asked.empty());
}

TEST_F(SessionClientTest, ShowsANewCredentialWithoutTheSessionOfTheOld) {
  first_.answers = {answer(200, "n=1; Path=/"), answer(200), answer(200)};
  const auto client = this->client();
  EXPECT_EQ(send(*client), 200);
  authorization_ = "Basic bmV3";
  EXPECT_EQ(send(*client), 200);
  EXPECT_EQ(first_.asked.at(1).headers.value_or("Authorization", ""), "Basic bmV3");
  EXPECT_EQ(first_.asked.at(1).headers.find("Cookie"), nullptr);
}

TEST_F(SessionClientTest, SendsNeitherWhereTheConnectionProvesTheNode) {
  first_.answers = {answer(200, "n=1; Path=/; Secure"), answer(200)};
  const auto client = this->client("");
  EXPECT_EQ(send(*client), 200);
  EXPECT_EQ(send(*client), 200);
  ASSERT_EQ(first_.asked.size(), 2U);
  for (const Request& request : first_.asked) {
    EXPECT_EQ(request.headers.find("Authorization"), nullptr);
    EXPECT_EQ(request.headers.find("Cookie"), nullptr);
  }
}

struct FailureCase {
  const char* name;
  int status;  // 0: no answer at all
  bool next_is_asked;
};

class Failure : public SessionClientTest, public ::testing::WithParamInterface<FailureCase> {};

TEST_P(Failure, OfOnePeerIsMetByTheNext) {
  const FailureCase& row = GetParam();
  first_.answers = {row.status == 0 ? Result<Response>(fail(ErrorCode::unavailable, "away"))
                                    : answer(row.status)};
  second_.answers = {answer(200)};
  const auto client = this->client();
  EXPECT_EQ(send(*client), row.next_is_asked ? 200 : row.status);
  EXPECT_EQ(second_.asked.empty(), !row.next_is_asked);
  const std::size_t asked = first_.asked.size();
  if (row.next_is_asked) {
    EXPECT_EQ(send(*client), 200);
    EXPECT_EQ(first_.asked.size(), asked) << "the peer that answered last is asked first";
  }
  const Result<Response> asked_by_thread = client->ask(make_request("POST", "/internal/x"), 3s);
  ASSERT_TRUE(asked_by_thread);
  EXPECT_EQ(asked_by_thread->status, row.next_is_asked ? 200 : row.status);
}

INSTANTIATE_TEST_SUITE_P(Peers, Failure,
                         ::testing::Values(FailureCase{"no_answer", 0, true},
                                           FailureCase{"bad_gateway", 502, true},
                                           FailureCase{"unavailable", 503, true},
                                           FailureCase{"late", 504, true},
                                           FailureCase{"refusal_is_an_answer", 401, false},
                                           FailureCase{"bug_is_an_answer", 500, false}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(SessionClientTest, PassesOnWhatIsNotItsOwnOnceAndAsItIs) {
  first_.answers = {answer(503)};
  second_.answers = {answer(200, "login=1")};
  const auto client = this->client();
  Request request = make_request("POST", "/oauth2/token");
  request.headers.add("Authorization", "Basic c2hvcDpzZWNyZXQ=");
  EXPECT_EQ(loop_.run_until_done(client->send(request, 3s))->status, 503);
  EXPECT_EQ(loop_.run_until_done(client->send(request, 3s))->status, 200);
  EXPECT_EQ(send(*client), 200);
  ASSERT_EQ(first_.asked.size(), 1U);
  ASSERT_EQ(second_.asked.size(), 2U);
  EXPECT_EQ(second_.asked[0].headers.value_or("Authorization", ""), "Basic c2hvcDpzZWNyZXQ=");
  EXPECT_EQ(second_.asked[1].headers.find("Cookie"), nullptr) << "a browser's cookie is no session";
}

TEST_F(SessionClientTest, PassesOnToTheNextPeerOnlyWhatHasNotBeenSent) {
  struct Row {
    std::uint32_t number;
    std::size_t asked_elsewhere;
  };
  for (const Row& row : {Row{unsent, 1}, Row{0, 0}}) {
    first_ = {};
    second_ = {};
    first_.answers = {fail(ErrorCode::unavailable, "away", "", row.number)};
    second_.answers = {answer(200)};
    const auto client = this->client();
    const Result<Response> passed =
        loop_.run_until_done(client->send(make_request("POST", "/oauth2/token"), 3s));
    EXPECT_EQ(passed.has_value(), row.asked_elsewhere == 1);
    if (!passed) {
      EXPECT_EQ(passed.error().number, 0U);
    }
    EXPECT_EQ(first_.asked.size(), 1U);
    EXPECT_EQ(second_.asked.size(), row.asked_elsewhere);
  }
}

TEST_F(SessionClientTest, SaysWhomItPassesARequestOnFor) {
  first_.answers = {answer(200)};
  const auto client = this->client();
  Request request = make_request("POST", "/oauth2/token");
  request.peer.address = "192.0.2.7";
  ASSERT_TRUE(loop_.run_until_done(client->send(request, 3s)));
  Request question = make_request("POST", "/internal/x");
  question.peer.address = "192.0.2.7";
  ASSERT_TRUE(loop_.run_until_done(client->send(question, 3s)));
  ASSERT_EQ(first_.asked.size(), 2U);
  EXPECT_EQ(first_.asked[0].headers.value_or("X-Forwarded-For", ""), "192.0.2.7");
  EXPECT_EQ(first_.asked[1].headers.find("X-Forwarded-For"), nullptr);
}

TEST_F(SessionClientTest, DoesNotTakeItsOwnRefusalForOneOfTheUser) {
  Result<Response> refused = answer(401);
  refused->headers.add(std::string(node_refused_field), std::string(node_refused));
  first_.answers = {refused};
  second_.answers = {answer(401)};
  const auto client = this->client();
  EXPECT_EQ(send(*client), 401);
  EXPECT_EQ(second_.asked.size(), 1U) << "the next peer may know this node";
  second_.answers = {refused};
  const Result<Response> nobody = client->ask(make_request("POST", "/internal/x"), 3s);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::unavailable);
}

TEST_F(SessionClientTest, ThreadsThatAskKeepTheSessionAndThePeer) {
  first_.answers = {fail(ErrorCode::unavailable, "away")};
  second_.answers = {answer(200, "n=1; Path=/; Secure"), answer(200)};
  const auto client = this->client();
  ASSERT_TRUE(client->ask(make_request("POST", "/internal/x"), 3s));
  ASSERT_TRUE(client->ask(make_request("POST", "/internal/x"), 3s));
  EXPECT_EQ(first_.asked.size(), 1U);
  ASSERT_EQ(second_.asked.size(), 2U);
  EXPECT_EQ(second_.asked[1].headers.value_or("Cookie", ""), "n=1");
}

TEST_F(SessionClientTest, GivesAPeerItsPartOfTheTimeOrAllOfIt) {
  first_.answers = {answer(200)};
  ASSERT_TRUE(client()->ask(make_request("GET", "/internal/x"), 3s));
  EXPECT_EQ(first_.time, 1s);
  const auto patient = client("", SessionClient::Patience::whole);
  ASSERT_TRUE(patient->ask(make_request("GET", "/internal/x"), 3s));
  EXPECT_EQ(first_.time, 3s);
}

TEST_F(SessionClientTest, SaysSoWhenNobodyAnswers) {
  first_.answers = {fail(ErrorCode::unavailable, "away")};
  second_.answers = {answer(503)};
  const auto client = this->client();
  EXPECT_NE(send(*client), 200);
  EXPECT_EQ(first_.asked.size() + second_.asked.size(), 3U);
}

}  // namespace
}  // namespace gatehouse::http
