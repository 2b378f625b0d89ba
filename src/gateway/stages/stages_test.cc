// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"

#include "gateway/stages/test_stages.h"
#include "jose/jwt.h"
#include "jose/opaque_token.h"

namespace gatehouse::gateway {
namespace {

TEST_F(StageTest, AStandingCountsForOneApiAndOneSnapshotOnly) {
  model::FeedRange range;
  model::DeployedApi pasta = pizza();
  pasta.id = "pasta";
  pasta.context = "/pasta";
  range.upserts = {entry("api", "pasta", pasta)};
  snapshot_ = snapshot_->with(range);
  remember("shop", token_of("shop"));
  const auto code = [&](const char* line) {
    run(line, "Authorization: Bearer shop\r\n");
    return static_cast<std::uint32_t>(exchange_.fault.code);
  };
  EXPECT_EQ(code("GET /pizza/1/menu"), 0U);
  EXPECT_EQ(code("GET /pasta/1/menu"), 900908U);
  EXPECT_EQ(code("GET /pizza/1/menu"), 0U);

  range.upserts = {
      entry("subscription", "shop",
            model::KnownSubscription{"shop", 1, "pizza", "shop", "Unlimited", "BLOCKED"})};
  snapshot_ = snapshot_->with(range);
  ++snapshot_number_;
  EXPECT_EQ(code("GET /pizza/1/menu"), 900907U);
}

struct VerdictCase {
  const char* name;
  const char* line;
  const char* fields;
  std::uint32_t code;  // 0: proceeds
  int status;
};

class Verdict : public StageTest, public ::testing::WithParamInterface<VerdictCase> {};

TEST_P(Verdict, IsTheOneOfTheRules) {
  for (const char* client : {"shop", "stranger", "off", "half", "held", "try", "nobody"}) {
    remember(client, token_of(client));
  }
  remember("user", token_of("shop", "u1", {"order"}));
  remember("reader", token_of("shop", "u1", {"read"}));
  Token token = token_of("shop");
  token.expires_at = the_time;
  remember("late", token);
  token.state = TokenState::unknown;
  remember("bad", token);

  const Flow flow = run(GetParam().line, GetParam().fields);
  EXPECT_EQ(static_cast<std::uint32_t>(exchange_.fault.code), GetParam().code);
  EXPECT_EQ(flow, GetParam().code == 0 ? Flow::proceed : Flow::answer);
  if (GetParam().code != 0) {
    EXPECT_EQ(status_of(exchange_.fault), GetParam().status);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, Verdict,
    ::testing::Values(
        VerdictCase{"good", "GET /pizza/1/menu", "Authorization: Bearer shop\r\n", 0, 0},
        VerdictCase{"scheme_is_caseless", "GET /pizza/1/menu", "authorization: bEARER shop\r\n", 0,
                    0},
        VerdictCase{"unknown_api", "GET /pasta/1", "", 404, 404},
        VerdictCase{"unknown_resource", "GET /pizza/1/secret", "", 404, 404},
        VerdictCase{"wrong_verb", "DELETE /pizza/1/menu", "", 405, 405},
        VerdictCase{"blocked_api", "GET /blocked/1/menu", "", 700700, 503},
        VerdictCase{"wrong_transport", "GET /secure/1/menu", "", 403, 403},
        VerdictCase{"no_credential", "GET /pizza/1/menu", "", 900902, 401},
        VerdictCase{"basic_is_no_credential", "GET /pizza/1/menu", "Authorization: Basic YTpi\r\n",
                    900902, 401},
        VerdictCase{"two_tokens_in_one", "GET /pizza/1/menu", "Authorization: Bearer shop shop\r\n",
                    900902, 401},
        VerdictCase{"two_fields", "GET /pizza/1/menu",
                    "Authorization: Bearer shop\r\nAuthorization: Bearer bad\r\n", 900901, 401},
        VerdictCase{"unknown_token", "GET /pizza/1/menu", "Authorization: Bearer bad\r\n", 900901,
                    401},
        VerdictCase{"expired_token", "GET /pizza/1/menu", "Authorization: Bearer late\r\n", 900903,
                    401},
        VerdictCase{"nothing_needed", "GET /pizza/1/open", "", 0, 0},
        VerdictCase{"user_wanted", "GET /pizza/1/mine", "Authorization: Bearer shop\r\n", 900905,
                    401},
        VerdictCase{"user_given", "GET /pizza/1/mine", "Authorization: Bearer user\r\n", 0, 0},
        VerdictCase{"no_user_wanted", "GET /pizza/1/ours", "Authorization: Bearer user\r\n", 900905,
                    401},
        VerdictCase{"client_of_no_application", "GET /pizza/1/menu",
                    "Authorization: Bearer nobody\r\n", 900908, 403},
        VerdictCase{"not_subscribed", "GET /pizza/1/menu", "Authorization: Bearer stranger\r\n",
                    900908, 403},
        VerdictCase{"subscription_blocked", "GET /pizza/1/menu", "Authorization: Bearer off\r\n",
                    900907, 401},
        VerdictCase{"production_blocked", "GET /pizza/1/menu", "Authorization: Bearer half\r\n",
                    900907, 401},
        VerdictCase{"subscription_on_hold", "GET /pizza/1/menu", "Authorization: Bearer held\r\n",
                    900909, 401},
        VerdictCase{"scope_missing", "POST /pizza/1/order", "Authorization: Bearer reader\r\n",
                    900910, 403},
        VerdictCase{"one_scope_is_enough", "POST /pizza/1/order", "Authorization: Bearer user\r\n",
                    0, 0},
        VerdictCase{"sandbox_key_without_sandbox", "GET /pizza/1/menu",
                    "Authorization: Bearer try\r\n", 900901, 403},
        VerdictCase{"api_key_in_header", "GET /pizza/1/menu", "apikey: key-of-shop\r\n", 0, 0},
        VerdictCase{"api_key_in_query", "GET /pizza/1/menu?a=1&apikey=key-of-shop", "", 0, 0},
        VerdictCase{"unknown_api_key", "GET /pizza/1/menu", "apikey: key\r\n", 900901, 401},
        VerdictCase{"expired_api_key", "GET /pizza/1/menu", "apikey: key-of-old\r\n", 900903, 401},
        VerdictCase{"api_key_from_elsewhere", "GET /pizza/1/menu", "apikey: key-of-home\r\n",
                    900901, 403},
        VerdictCase{"options_is_no_way_around", "OPTIONS /pizza/1/menu", "", 405, 405}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(StageTest, ARepeatedMethodListsWhatIsAllowed) {
  run("DELETE /pizza/1/menu");
  EXPECT_EQ(exchange_.fields, "Allow: GET, HEAD\r\n");
}

TEST_F(StageTest, OnlyATruePreflightIsAnsweredWithoutACredential) {
  const std::string origin = "Origin: https://shop.example\r\n";
  const std::string method = "Access-Control-Request-Method: GET\r\n";
  EXPECT_EQ(run("OPTIONS /pizza/1/menu", origin + method), Flow::answer);
  EXPECT_EQ(exchange_.answer_status, 200);
  EXPECT_EQ(exchange_.fields,
            "Access-Control-Allow-Origin: https://shop.example\r\nVary: Origin\r\n"
            "Access-Control-Allow-Methods: GET,POST\r\n"
            "Access-Control-Allow-Headers: authorization\r\n");
  for (const std::string& fields : {origin, method}) {
    run("OPTIONS /pizza/1/menu", fields);
    EXPECT_EQ(exchange_.fault.code, FaultCode::method_not_allowed);
  }
  run("OPTIONS /pizza/1/secret", origin + method);
  EXPECT_EQ(exchange_.fault.code, FaultCode::not_found);
  run("OPTIONS /pizza/1/menu", "Origin: https://evil.example\r\n" + method);
  EXPECT_EQ(exchange_.fields, "Vary: Origin\r\n");
}

TEST_F(StageTest, AFaultOfACrossOriginCallMayBeReadByItsPage) {
  run("GET /pizza/1/menu", "Origin: https://shop.example\r\n");
  EXPECT_EQ(exchange_.fault.code, FaultCode::missing_credentials);
  EXPECT_EQ(exchange_.fields,
            "Access-Control-Allow-Origin: https://shop.example\r\nVary: Origin\r\n");
}

TEST_F(StageTest, AnOpaqueTokenThatNobodyRemembersIsAskedForOnce) {
  const std::string fields = "Authorization: Bearer gate_x\r\n";
  ASSERT_EQ(run("GET /pizza/1/menu", fields), Flow::need_credential);
  exchange_.verdict = std::make_unique<Token>(token_of("shop"));
  exchange_.verdict->expires_at = the_time + std::chrono::hours(1);
  EXPECT_EQ(go_on(), Flow::proceed);

  ASSERT_EQ(run("GET /pizza/1/menu", fields), Flow::need_credential);
  exchange_.key_manager_failed = true;
  EXPECT_EQ(go_on(), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::key_manager_unavailable);
  EXPECT_EQ(status_of(exchange_.fault), 503);
}

class ThreeTrials : public StageTest {
 protected:
  ThreeTrials() : StageTest(3) {}
};

TEST_F(ThreeTrials, AreAllThatUnknownTokensGetInAMinute) {
  const auto call = [&](const std::string& token) {
    return run("GET /pizza/1/menu", "Authorization: Bearer " + token + "\r\n");
  };
  exchange_.client = net::Address::loopback();
  // A token that is known after all, or that nobody could check, costs nothing.
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(call("gate_known" + std::to_string(i)), Flow::need_credential);
    if (i % 2 == 0) {
      exchange_.verdict = std::make_unique<Token>(token_of("shop"));
      exchange_.verdict->expires_at = the_time + std::chrono::hours(1);
    } else {
      exchange_.key_manager_failed = true;
    }
    go_on();
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(call("gate_guess" + std::to_string(i)), Flow::need_credential);
    exchange_.verdict = std::make_unique<Token>();
    EXPECT_EQ(go_on(), Flow::answer);
    EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  }
  EXPECT_EQ(call("gate_guess"), Flow::answer);
  EXPECT_EQ(status_of(exchange_.fault), 429);
  EXPECT_EQ(exchange_.fault.retry_after, std::chrono::seconds(20));
  call("e30.e30.e30");  // a JWT costs a verification
  EXPECT_EQ(status_of(exchange_.fault), 429);
  // What is remembered goes on, and so do others.
  remember("shop", token_of("shop"));
  EXPECT_EQ(call("shop"), Flow::proceed);
  exchange_.client = net::Address::parse("192.0.2.1").value();
  EXPECT_EQ(call("gate_guess"), Flow::need_credential);
  now_ += std::chrono::seconds(20);
  exchange_.client = net::Address::loopback();
  EXPECT_EQ(call("gate_guess"), Flow::need_credential);
}

TEST_F(StageTest, AnOpaqueTokenThatSaysItHasExpiredIsNotAskedFor) {
  SeededRandom random(1);
  const std::string token =
      make_opaque_token(jose::OpaqueKind::access, the_time - std::chrono::hours(2), random);
  run("GET /pizza/1/menu", "Authorization: Bearer " + token + "\r\n");
  EXPECT_EQ(exchange_.fault.code, FaultCode::token_expired);
}

struct AgeCase {
  std::chrono::seconds age;
  TokenState state;
  std::chrono::seconds stale_max;
  Flow flow;
  bool recheck;
};

TEST_F(StageTest, WhatIsRememberedServesUntilItIsTooOld) {
  using std::chrono::seconds;
  for (const AgeCase& row :
       {AgeCase{seconds(899), TokenState::active, seconds(60), Flow::proceed, false},
        AgeCase{seconds(900), TokenState::active, seconds(60), Flow::proceed, true},
        AgeCase{seconds(960), TokenState::active, seconds(60), Flow::need_credential, false},
        AgeCase{seconds(900), TokenState::active, seconds(0), Flow::need_credential, false},
        AgeCase{seconds(29), TokenState::unknown, seconds(60), Flow::answer, false},
        AgeCase{seconds(30), TokenState::unknown, seconds(60), Flow::need_credential, false}}) {
    Token token = token_of("shop");
    token.state = row.state;
    remember("t", token);
    rules_.stale_max = row.stale_max;
    const Tick before = now_;
    now_ += row.age;
    EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), row.flow) << row.age.count();
    EXPECT_EQ(exchange_.recheck, row.recheck) << row.age.count();
    now_ = before;
  }
}

class JwtTest : public StageTest {
 protected:
  JwtTest() {
    model::FeedRange range;
    range.tag = "t";
    range.from = 1;
    range.to = 2;
    const std::string kid = key_.public_key().kid();
    range.upserts = {entry(
        "signing_key", kid,
        model::KnownSigningKey{kid, 1, std::string(test_issuer), key_.public_key().to_jwk()})};
    snapshot_ = snapshot_->with(range);
  }
  json::object claims() const {
    return {{"iss", test_issuer},
            {"sub", "u1"},
            {"client_id", "shop"},
            {"jti", "j1"},
            {"scope", "read order"},
            {"iat", to_ms(the_time) / 1000 - 10},
            {"exp", to_ms(the_time) / 1000 + 10}};
  }
  Flow call(const json::object& with, std::string_view type = "at+jwt") {
    const std::string token = jose::sign(key_, type, with).value();
    return run("POST /pizza/1/order", "Authorization: Bearer " + token + "\r\n");
  }
  jose::PrivateKey key_ = jose::PrivateKey::generate(jose::Algorithm::es256).value();
};

TEST_F(JwtTest, IsVerifiedHereAndRemembered) {
  EXPECT_EQ(call(claims()), Flow::proceed);
  EXPECT_EQ(exchange_.token->user_id, "u1");
  EXPECT_EQ(tokens_.size(), 1U);
}

TEST_F(JwtTest, OfAnotherKindOrIssuerOrPastItsTimeIsRefused) {
  json::object changed = claims();
  changed["exp"] = to_ms(the_time) / 1000;
  call(changed);
  EXPECT_EQ(exchange_.fault.code, FaultCode::token_expired);
  changed = claims();
  changed["iss"] = "https://elsewhere";
  call(changed);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  call(claims(), "JWT");  // as an ID token is
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
}

TEST_F(JwtTest, ThatWasRevokedIsRefusedAndOneOfAChangedUserIsAskedFor) {
  model::Revocation revocation{1, 1, "user_changed", "u1", the_time, the_time};
  revocations_.add(revocation, the_time);
  EXPECT_EQ(call(claims()), Flow::need_credential);
  revocation.kind = "token";
  revocation.value = "j1";
  revocations_.add(revocation, the_time);
  EXPECT_EQ(call(claims()), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
}

TEST_F(StageTest, ALimitIsAskedForThenTakenThenRefusedWithItsNumbers) {
  remember("shop", token_of("shop"));
  const std::string fields = "Authorization: Bearer shop\r\n";
  ASSERT_EQ(run("GET /pizza/1/rare", fields), Flow::need_permit);

  struct Nobody final : limits::Waiter {
    void answered() override {}
  } waiter;
  leases_.wait(exchange_.permit, waiter, now_);
  const limits::HolderMessage asked = leases_.take_message();
  ASSERT_EQ(asked.asks.size(), 1U);
  limits::OwnerMessage answer;
  answer.grants = {{asked.asks[0].key, 1, 2, 0, std::chrono::seconds(30), 0, asked.asks[0].number}};
  leases_.on_message(answer, now_);
  EXPECT_EQ(go_on(), Flow::proceed);

  EXPECT_EQ(run("GET /pizza/1/rare", fields), Flow::proceed);
  ASSERT_EQ(run("GET /pizza/1/rare", fields), Flow::need_permit);
  leases_.wait(exchange_.permit, waiter, now_);
  const limits::HolderMessage again = leases_.take_message();
  ASSERT_EQ(again.asks.size(), 1U);
  answer.grants = {{again.asks[0].key, 1, 0, 0, std::chrono::seconds(30), 1, again.asks[0].number}};
  leases_.on_message(answer, now_);
  EXPECT_EQ(go_on(), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::resource_limit);
  EXPECT_EQ(exchange_.fault.policy, "TwoPerMin");
  EXPECT_EQ(exchange_.fault.quota, 2U);
  EXPECT_EQ(exchange_.fault.retry_after, std::chrono::seconds(30));
}

// Whose limit it is decides, and how many passed without a permit is told.
TEST_F(StageTest, APolicyMayLetPassWhileItsOwnerIsSilent) {
  remember("shop", token_of("shop"));
  for (const auto& [choice, flow] :
       std::map<model::WhenSilent, Flow>{{model::WhenSilent::keep_share, Flow::answer},
                                         {model::WhenSilent::pass, Flow::proceed}}) {
    model::FeedRange range;
    range.tag = snapshot_->tag();
    range.from = snapshot_->number();
    range.to = range.from + 1;
    model::KnownPolicy policy{
        "p", 1, model::PolicyLevel::api, "TwoPerMin", false, 2, 60, 0, 1, true, false, choice};
    range.upserts = {entry("policy", "p", policy)};
    snapshot_ = snapshot_->with(range);
    run("GET /pizza/1/rare", "Authorization: Bearer shop\r\n");
    if (choice == model::WhenSilent::keep_share) {
      struct Nobody final : limits::Waiter {
        void answered() override {}
      } waiter;
      leases_.wait(exchange_.permit, waiter, now_);
      leases_.forget(exchange_.permit);
      now_ += limits::LeaseTable::silence;
      exchange_.turn = now_;
      exchange_.permit_unanswered = true;
      EXPECT_EQ(go_on(), flow);
      EXPECT_EQ(exchange_.fault.code, FaultCode::resource_limit);
      EXPECT_EQ(exchange_.fault.retry_after, std::chrono::seconds(1));
      EXPECT_EQ(exchange_.passed_unlimited, 0U);
    } else {
      EXPECT_EQ(exchange_.failed(), false);
      EXPECT_EQ(exchange_.passed_unlimited, 1U);
    }
  }
}

}  // namespace
}  // namespace gatehouse::gateway
