// SPDX-License-Identifier: Apache-2.0
#include "gateway/stages/stages.h"

#include <gtest/gtest.h>

#include "jose/jwt.h"
#include "jose/opaque_token.h"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view issuer = "https://localhost:9443/oauth2/token";
const Instant the_time = from_ms(1'800'000'000'000);

model::DeployedApi pizza() {
  model::DeployedApi api;
  api.id = "pizza";
  api.name = "Pizza";
  api.context = "/pizza";
  api.version = "1";
  api.state = "PUBLISHED";
  api.security_schemes = {"oauth2", "api_key"};
  api.operations = {{"GET", "/menu", model::AuthType::any, "", {}},
                    {"GET", "/open", model::AuthType::none, "", {}},
                    {"POST", "/order", model::AuthType::any, "", {"order", "admin"}},
                    {"GET", "/mine", model::AuthType::application_user, "", {}},
                    {"GET", "/ours", model::AuthType::application, "", {}},
                    {"GET", "/rare", model::AuthType::any, "TwoPerMin", {}}};
  api.production.urls = {"http://backend"};
  api.cors = {true, false, {"https://shop.example"}, {"authorization"}, {"GET", "POST"}};
  return api;
}

template <typename T>
model::FeedEntry entry(const char* kind, const std::string& id, const T& thing) {
  return {kind, id, to_json(thing)};
}

model::FeedRange world() {
  using namespace model;
  FeedRange range;
  range.tag = "t";
  range.to = 1;
  DeployedApi blocked = pizza();
  blocked.id = "blocked";
  blocked.context = "/blocked";
  blocked.state = "BLOCKED";
  DeployedApi secure = pizza();
  secure.id = "secure";
  secure.context = "/secure";
  secure.http = false;
  const auto map = [](const char* client, const char* application, KeyType type) {
    return entry("key_mapping", client, KnownKeyMapping{client, 1, client, application, type, ""});
  };
  const auto subscribe = [](const char* application, const char* status) {
    return entry("subscription", application,
                 KnownSubscription{application, 1, "pizza", application, "Unlimited", status});
  };
  DeployedApi choosy = pizza();
  choosy.id = "choosy";
  choosy.context = "/choosy";
  choosy.key_managers = {"Keycloak"};
  range.upserts = {entry("api", "pizza", pizza()), entry("api", "blocked", blocked),
                   entry("api", "secure", secure), entry("api", "choosy", choosy)};
  KnownKeyManager keycloak;
  keycloak.id = "km";
  keycloak.name = "Keycloak";
  range.upserts.push_back(entry("key_manager", "km", keycloak));
  range.upserts.push_back(
      entry("key_mapping", "foreign",
            KnownKeyMapping{"foreign", 1, "theirs", "shop", KeyType::production, "Keycloak"}));
  range.upserts.push_back(
      entry("subscription", "choosy",
            KnownSubscription{"choosy", 1, "choosy", "shop", "Unlimited", "UNBLOCKED"}));
  for (const char* id : {"shop", "stranger", "off", "half", "held"}) {
    range.upserts.push_back(entry("application", id, KnownApplication{id, 1, id, "ann", "", ""}));
    range.upserts.push_back(map(id, id, KeyType::production));
  }
  range.upserts.push_back(map("try", "shop", KeyType::sandbox));
  range.upserts.push_back(subscribe("shop", "UNBLOCKED"));
  range.upserts.push_back(subscribe("off", "BLOCKED"));
  range.upserts.push_back(subscribe("half", "PROD_ONLY_BLOCKED"));
  range.upserts.push_back(subscribe("held", "ON_HOLD"));
  range.upserts.push_back(
      entry("policy", "p",
            KnownPolicy{"p", 1, PolicyLevel::api, "TwoPerMin", false, 2, 60, 0, 1, true, false}));
  KnownApiKey key{"k1", 1, sha256_hex("key-of-shop"), "shop", "", KeyType::production, "", {},
                  {},   {}};
  range.upserts.push_back(entry("api_key", "k1", key));
  key.id = "k2", key.hash = sha256_hex("key-of-home"), key.permitted_addresses = {"10.0.0.0/8"};
  range.upserts.push_back(entry("api_key", "k2", key));
  key.id = "k3", key.hash = sha256_hex("key-of-old"), key.expires_at = from_ms(1);
  range.upserts.push_back(entry("api_key", "k3", key));
  return range;
}

// A worker's memory and one request, read from text.
class StageTest : public ::testing::Test {
 protected:
  explicit StageTest(std::uint32_t trials_max = 0)
      : trials_(trials_max, metrics_.counter("refusals", "", "Trials that were refused")) {}

  Flow run(const std::string& line, const std::string& fields = "") {
    bytes_ = line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
    head_.clear();
    EXPECT_EQ(head_.read(bytes_), http::HeadState::complete) << bytes_;
    exchange_.begin(head_);
    exchange_.path = head_.path();
    exchange_.snapshot = snapshot_.get();
    exchange_.snapshot_number = snapshot_number_;
    exchange_.now = the_time;
    exchange_.turn = now_;
    const RouteTable::Found found = snapshot_->routes().find(exchange_.path);
    exchange_.api = found.api;
    exchange_.rest = exchange_.path.substr(found.context_size);
    if (found.api != nullptr) {
      exchange_.operation = found.api->find(exchange_.rest, head_.method_text());
    }
    stage_ = 0;
    return go_on();
  }
  Flow go_on() { return run_stages(exchange_, surroundings_, stage_); }

  void remember(const std::string& text, Token token) {
    if (token.expires_at == Instant{}) token.expires_at = the_time + std::chrono::hours(1);
    token.checked_at = now_;
    tokens_.put(sha256(text), std::move(token));
  }
  static Token token_of(std::string client, std::string user = "",
                        std::vector<std::string> scopes = {}) {
    Token token;
    token.state = TokenState::active;
    token.client_id = std::move(client);
    token.user_id = std::move(user);
    token.scopes = std::move(scopes);
    return token;
  }

  std::shared_ptr<const Snapshot> snapshot_ = Snapshot().with(world());
  std::uint64_t snapshot_number_ = 1;
  CacheRules rules_;
  TokenCache tokens_{16};
  Revocations revocations_;
  limits::LeaseTable leases_{"test", 100};
  Metrics metrics_;
  TokenTrials trials_;
  Surroundings surroundings_{rules_, tokens_, revocations_, leases_, trials_};
  Tick now_{std::chrono::hours(1)};
  std::string bytes_;
  http::RequestHead head_;
  Exchange exchange_;
  std::size_t stage_ = 0;
};

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
    range.upserts = {
        entry("signing_key", kid,
              model::KnownSigningKey{kid, 1, std::string(issuer), key_.public_key().to_jwk()})};
    snapshot_ = snapshot_->with(range);
  }
  json::object claims() const {
    return {{"iss", issuer},
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
  answer.grants = {{asked.asks[0].key, 1, 2, 0, std::chrono::seconds(30), 0}};
  leases_.on_message(answer, now_);
  EXPECT_EQ(go_on(), Flow::proceed);

  EXPECT_EQ(run("GET /pizza/1/rare", fields), Flow::proceed);
  ASSERT_EQ(run("GET /pizza/1/rare", fields), Flow::need_permit);
  leases_.wait(exchange_.permit, waiter, now_);
  answer.grants = {{asked.asks[0].key, 1, 0, 0, std::chrono::seconds(30), 1}};
  leases_.take_message();
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

// Each row is a remembered token of a client, and what it opens.
struct ForeignCase {
  const char* name;
  const char* line;
  const char* client;
  const char* key_manager;
  model::TenantNumber tenant;
  std::uint32_t code;  // 0: proceeds
};

TEST_F(StageTest, ATokenCountsForTheClientsOfItsOwnKeyManager) {
  const ForeignCase cases[] = {
      {"ours", "GET /pizza/1/menu", "shop", "", 1, 0},
      {"theirs", "GET /pizza/1/menu", "theirs", "Keycloak", 1, 0},
      {"their_client_of_our_name", "GET /pizza/1/menu", "shop", "Keycloak", 1, 900908},
      {"our_client_of_their_name", "GET /pizza/1/menu", "theirs", "", 1, 900908},
      {"chosen", "GET /choosy/1/menu", "theirs", "Keycloak", 1, 0},
      {"not_chosen", "GET /choosy/1/menu", "shop", "", 1, 900901}};
  for (const ForeignCase& row : cases) {
    Token token = token_of(row.client);
    token.key_manager = row.key_manager;
    token.tenant = row.tenant;
    token.remember = std::chrono::seconds(row.key_manager[0] == '\0' ? 0 : 60);
    remember("t", token);
    const Flow flow = run(row.line, "Authorization: Bearer t\r\n");
    EXPECT_EQ(flow == Flow::proceed, row.code == 0) << row.name;
    EXPECT_EQ(static_cast<std::uint32_t>(exchange_.fault.code), row.code) << row.name;
  }
}

// What another server said is asked again where it does not hold, and of that server alone.
TEST_F(StageTest, AnothersTokenIsAskedAboutAgainAfterItsTimeAndForAnotherTenant) {
  Token token = token_of("theirs");
  token.key_manager = "Keycloak";
  token.remember = std::chrono::seconds(60);
  remember("t", token);
  now_ += std::chrono::seconds(59);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::proceed);
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  EXPECT_EQ(exchange_.asked_for, 1);
  token.tenant = 2;
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  token.tenant = 1;
  token.key_manager_stamp = 7;  // it is set up otherwise now
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
  token.key_manager_stamp = 0;
  token.key_manager = "Gone";
  remember("t", token);
  EXPECT_EQ(run("GET /pizza/1/menu", "Authorization: Bearer t\r\n"), Flow::need_credential);
}

TEST_F(StageTest, AKeyThatWasUsedSaysWhen) {
  EXPECT_TRUE(snapshot_->api_keys_used(0).empty());
  EXPECT_EQ(run("GET /pizza/1/menu", "apikey: key-of-shop\r\n"), Flow::proceed);
  EXPECT_EQ(run("GET /pizza/1/menu", "apikey: key-of-old\r\n"), Flow::answer);
  const json::array used = snapshot_->api_keys_used(to_ms(the_time));
  ASSERT_EQ(used.size(), 1U);
  EXPECT_EQ(text_or(used.at(0).as_object(), "id", ""), "k1");
  EXPECT_EQ(number_or(used.at(0).as_object(), "at_ms", 0), to_ms(the_time));
  EXPECT_TRUE(snapshot_->api_keys_used(to_ms(the_time) + 1).empty());
}

TEST_F(StageTest, ATestKeyMustHold) {
  EXPECT_EQ(run("GET /pizza/1/menu", "Internal-Key: x\r\n"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  EXPECT_EQ(run("GET /pizza/1/menu", "Internal-Key: x\r\nInternal-Key: y\r\n"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::invalid_credentials);
  EXPECT_EQ(run("GET /pizza/1/menu"), Flow::answer);
  EXPECT_EQ(exchange_.fault.code, FaultCode::missing_credentials);
}

}  // namespace
}  // namespace gatehouse::gateway
