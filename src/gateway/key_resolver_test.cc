// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_resolver.h"

#include <gtest/gtest.h>

#include "gateway/test_held_client.h"

namespace gatehouse::gateway {
namespace {

class KeyResolverTest : public ::testing::Test {
 protected:
  static model::Validation active(const std::string& user = "") { return active_validation(user); }
  void ask(const std::string& token, model::TenantNumber tenant = 0) {
    group_.spawn(resolve(token, tenant));
  }
  net::Task<> resolve(std::string token, model::TenantNumber tenant) {
    const Sha256 hash = sha256(token);
    results_.push_back(co_await resolver_.resolve(token, hash, tenant));
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
  std::vector<std::string> learned_;
  KeyResolver resolver_{
      {loop_, client_, tokens_, revocations_, rules_, failures_,
       [this](const Sha256&, const Token& token) { learned_.push_back(token.client_id); }}};
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

// What it is in one tenant says nothing about the other one.
TEST_F(KeyResolverTest, OneTokenOfTwoTenantsIsTwoQuestions) {
  ask("a", 1);
  ask("a", 2);
  ask("a", 1);
  wait_for_batches(2);
  for (const model::TenantNumber tenant : {1, 2}) {
    model::Validation validation = active();
    validation.tenant = tenant;
    client_.answer(0, {validation});
  }
  wait_for_results(3);
  std::vector<model::TenantNumber> tenants;
  for (const Result<Token>& result : results_) tenants.push_back(result->tenant);
  std::sort(tenants.begin(), tenants.end());
  EXPECT_EQ(tenants, (std::vector<model::TenantNumber>{1, 1, 2}));
}

// The journal outlives the server that said so.
TEST_F(KeyResolverTest, TokensOfOtherServersAreNotJournalled) {
  model::Validation foreign = active();
  foreign.client_id = "foreign";
  foreign.key_manager = "Elsewhere";
  ask("a", 1);
  ask("b", 0);
  wait_for_batches(2);
  // Which of the two was sent first is the loop's business.
  for (const std::vector<std::string>& batch : client_.batches) {
    client_.answer(0, {batch == std::vector<std::string>{"a"} ? foreign : active()});
  }
  wait_for_results(2);
  EXPECT_EQ(learned_, std::vector<std::string>{"client"});
  EXPECT_EQ(tokens_.find(sha256("a"))->key_manager, "Elsewhere");
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
  tokens_.put(sha256("a"), token);
  ask("a");
  wait_for_batches(1);
  client_.answer_nothing();
  wait_for_results(1);
  EXPECT_EQ(results_[0].error().code, ErrorCode::unavailable);
  EXPECT_EQ(failures_.value(), 1U);
  ASSERT_NE(tokens_.find(sha256("a")), nullptr);
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
