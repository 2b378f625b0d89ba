// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_resolver.h"

#include <gtest/gtest.h>

namespace gatehouse::gateway {
namespace {

// Answers when the test says so, with what the test says.
class HeldClient final : public http::Client {
 public:
  explicit HeldClient(net::Loop& loop) : changed_(loop) {}

  net::Task<Result<http::Response>> send(const http::Request& request,
                                         std::chrono::milliseconds) override {
    const auto body = parse_json_object(request.body);
    batches.push_back(texts_of(*body, "tokens"));
    const std::size_t mine = batches.size() - 1;
    changed_.notify_all();
    while (answers.size() <= mine) {
      const bool told = co_await changed_.wait_until(net::never);
      GH_ASSERT(told);
    }
    co_return answers[mine];
  }
  Result<http::Response> ask(const http::Request&, std::chrono::milliseconds) override {
    return fail(ErrorCode::internal, "Not on a loop");
  }

  void answer(std::uint64_t revocation, const std::vector<model::Validation>& list) {
    json::array array;
    for (const auto& each : list) array.push_back(to_json(each));
    answers.emplace_back(http::make_response(
        200, "application/json",
        json::serialize(json::object{{"revocation", revocation}, {"list", std::move(array)}})));
    changed_.notify_all();
  }
  void answer_nothing() {
    answers.emplace_back(fail(ErrorCode::unavailable, "Nobody is there"));
    changed_.notify_all();
  }
  net::Task<> wait_for_batches(std::size_t count) {
    while (batches.size() < count) {
      const bool told = co_await changed_.wait_until(net::never);
      GH_ASSERT(told);
    }
  }

  std::vector<std::vector<std::string>> batches;
  std::vector<Result<http::Response>> answers;

 private:
  net::Condition changed_;
};

class KeyResolverTest : public ::testing::Test {
 protected:
  static model::Validation active(const std::string& user = "") {
    model::Validation validation;
    validation.active = true;
    validation.client_id = "client";
    validation.user_id = user;
    validation.issued_at = from_ms(100);
    validation.expires_at = from_ms(1'000'000);
    return validation;
  }
  void ask(const std::string& token) { group_.spawn(resolve(token)); }
  net::Task<> resolve(std::string token) {
    const Sha256 hash = sha256(token);
    results_.push_back(co_await resolver_.resolve(token, hash));
  }
  void wait_for_batches(std::size_t count) {
    loop_.run_until_done(client_.wait_for_batches(count));
  }
  void wait_for_results(std::size_t count) { loop_.run_until_done(all_results(count)); }
  net::Task<> all_results(std::size_t count) {
    while (results_.size() < count) co_await loop_.yield();
  }

  net::Loop loop_;
  HeldClient client_{loop_};
  TokenCache tokens_{16};
  Revocations revocations_;
  CacheRules rules_;
  Counter failures_;
  KeyResolver resolver_{{loop_, client_, tokens_, revocations_, rules_, failures_}};
  std::vector<Result<Token>> results_;
  net::TaskGroup group_;
};

TEST_F(KeyResolverTest, EqualQuestionsAreOneAndThoseOfATurnAreOneBatch) {
  ask("a");
  ask("b");
  ask("a");
  wait_for_batches(1);
  EXPECT_EQ(client_.batches[0], (std::vector<std::string>{"a", "b"}));
  client_.answer(0, {active(), model::Validation{}});
  wait_for_results(3);
  EXPECT_EQ(client_.batches.size(), 1U);
  EXPECT_EQ(tokens_.find(sha256("a"))->state, TokenState::active);
  EXPECT_EQ(tokens_.find(sha256("b"))->state, TokenState::unknown);
}

TEST_F(KeyResolverTest, ABatchIsBounded) {
  for (int i = 0; i < 100; ++i) ask(std::to_string(i));
  wait_for_batches(1);
  EXPECT_EQ(client_.batches[0].size(), KeyResolver::batch_max);
  client_.answer(0, std::vector<model::Validation>(KeyResolver::batch_max, active()));
  wait_for_batches(2);
  client_.answer(0, std::vector<model::Validation>(100 - KeyResolver::batch_max, active()));
  wait_for_results(100);
}

TEST_F(KeyResolverTest, AVerdictThatARevocationOvertakesIsNeverRemembered) {
  ask("a");
  wait_for_batches(1);
  revocations_.add({7, 1, "client", "client", from_ms(100), from_ms(1'000'000)}, from_ms(200));
  client_.answer(6, {active()});  // read before number 7
  wait_for_results(1);
  EXPECT_EQ(results_[0]->state, TokenState::unknown);
  EXPECT_EQ(tokens_.find(sha256("a")), nullptr);

  ask("a");
  wait_for_batches(2);
  client_.answer(7, {active()});  // read after it: the key manager knows better
  wait_for_results(2);
  EXPECT_EQ(results_[1]->state, TokenState::active);
  EXPECT_NE(tokens_.find(sha256("a")), nullptr);
}

TEST_F(KeyResolverTest, AVerdictOnAUserWhoChangedMeanwhileIsAskedForAgain) {
  ask("a");
  wait_for_batches(1);
  revocations_.add({7, 1, "user_changed", "ann", from_ms(100), from_ms(1'000'000)}, from_ms(200));
  client_.answer(6, {active("ann")});
  wait_for_batches(2);
  EXPECT_TRUE(results_.empty());
  client_.answer(7, {active("ann")});
  wait_for_results(1);
  EXPECT_EQ(results_[0]->state, TokenState::active);
}

TEST_F(KeyResolverTest, NoAnswerIsAnErrorAndWhatIsRememberedStays) {
  Token token;
  token.state = TokenState::active;
  token.rechecking = true;
  tokens_.put(sha256("a"), token);
  ask("a");
  wait_for_batches(1);
  client_.answer_nothing();
  wait_for_results(1);
  EXPECT_EQ(results_[0].error().code, ErrorCode::unavailable);
  EXPECT_EQ(failures_.value(), 1U);
  ASSERT_NE(tokens_.find(sha256("a")), nullptr);
  EXPECT_FALSE(tokens_.find(sha256("a"))->rechecking);
}

TEST_F(KeyResolverTest, WithTheCacheOffNothingIsRemembered) {
  rules_.enabled = false;
  ask("a");
  wait_for_batches(1);
  client_.answer(0, {active()});
  wait_for_results(1);
  EXPECT_EQ(results_[0]->state, TokenState::active);
  EXPECT_EQ(tokens_.size(), 0U);
}

}  // namespace
}  // namespace gatehouse::gateway
