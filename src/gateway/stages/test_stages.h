// SPDX-License-Identifier: Apache-2.0
//
// A worker's memory and one request, for tests of stages.
//
// Thread:  one.
#pragma once

#include <gtest/gtest.h>

#include "gateway/stages/stages.h"

namespace gatehouse::gateway {

inline constexpr std::string_view test_issuer = "https://localhost:9443/oauth2/token";
inline const Instant the_time = from_ms(1'800'000'000'000);

inline model::DeployedApi pizza() {
  model::DeployedApi api;
  api.id = "pizza";
  api.name = "Pizza";
  api.context = "/pizza";
  api.version = "1";
  api.state = "PUBLISHED";
  api.vhost = "localhost";
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

inline model::FeedRange world() {
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
  UsedProofs used_proofs_;
  Surroundings surroundings_{rules_, tokens_, revocations_, leases_, trials_, used_proofs_};
  Tick now_{std::chrono::hours(1)};
  std::string bytes_;
  http::RequestHead head_;
  Exchange exchange_;
  std::size_t stage_ = 0;
};

}  // namespace gatehouse::gateway
