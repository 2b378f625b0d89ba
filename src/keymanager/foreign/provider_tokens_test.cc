// SPDX-License-Identifier: Apache-2.0
#include "keymanager/foreign/provider_tokens.h"

#include "jose/opaque_token.h"
#include "keymanager/foreign/test_provider.h"
#include "keymanager/test_key_manager.h"

namespace gatehouse::keymanager {
namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::Transaction;

class ForeignTokens : public ::testing::Test {
 protected:
  KeyManagerRow row(const std::string& name, const TestProvider& provider) {
    KeyManagerRow row;
    row.id = "id-" + name;
    row.name = name;
    row.issuer = provider.url;
    row.document = json::object{
        {"introspectionEndpoint", provider.url + "/introspect"},
        {"additionalProperties", json::object{{"client_id", "gate way"}, {"cache_seconds", 30}}}};
    const std::string sealed =
        server_.resources().sealer.seal("s3cret", "key_manager", server_.resources().random);
    row.secret = to_base64(sealed);
    return row;
  }
  void add(KeyManagerRow row) {
    const Result<> added =
        server_.databases().api_manager().write([&](Transaction& transaction) -> Result<> {
          return KeyManagerStore(transaction, row.tenant).insert(row);
        });
    ASSERT_TRUE(added) << added.error().message;
  }
  // As a gateway asks.
  TestKeyManager::Answer ask(const std::string& token, int tenant = 1) {
    return server_.internal("POST", "validate",
                            json::object{{"tokens", {token}}, {"tenant", tenant}});
  }
  model::Validation validate(const std::string& token, int tenant = 1) {
    const auto answer = ask(token, tenant);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    return *model::validation_from(answer.body.at("list").as_array().at(0).as_object());
  }
  json::object good(const json::object& over = {}) {
    json::object answer{{"active", true},
                        {"client_id", "shop"},
                        {"scope", "menu:read"},
                        {"iat", now() - 10},
                        {"exp", now() + 600}};
    for (const auto& member : over) answer[member.key()] = member.value();
    return answer;
  }
  std::int64_t now() { return to_ms(server_.clock().now()) / 1000; }

  TestKeyManager server_;
  TestProvider provider_;
};

TEST_F(ForeignTokens, AreWhatTheirServerSays) {
  add(row("Keycloak", provider_));
  provider_.know("opaque", good());
  const model::Validation validation = validate("opaque");
  EXPECT_TRUE(validation.active);
  EXPECT_EQ(validation.client_id, "shop");
  EXPECT_EQ(validation.key_manager, "Keycloak");
  EXPECT_EQ(validation.scopes, std::vector<std::string>{"menu:read"});
  EXPECT_EQ(validation.remember_s, 30);
  // RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
  EXPECT_EQ(provider_.last_authorization(), "Basic " + to_base64("gate%20way:s3cret"));
  EXPECT_FALSE(validate("unknown").active);
  EXPECT_EQ(validate("unknown").code, 900901U);
}

struct AnswerCase {
  const char* name;
  json::object over;
  bool active;
};

TEST_F(ForeignTokens, HoldOnlyIfTheAnswerDoes) {
  KeyManagerRow strict = row("Strict", provider_);
  strict.document["additionalProperties"].as_object()["audience"] = "us";
  add(strict);
  const AnswerCase cases[] = {
      {"good", {{"aud", "us"}}, true},
      {"one_of_several", {{"aud", {"them", "us"}}}, true},
      {"no_end", {{"aud", "us"}, {"exp", nullptr}}, false},
      {"inactive", {{"aud", "us"}, {"active", false}}, false},
      {"active_as_text", {{"aud", "us"}, {"active", "true"}}, false},
      {"expired", {{"aud", "us"}, {"exp", now()}}, false},
      {"for_others", {{"aud", "them"}}, false},
      {"for_nobody", {}, false},
      {"no_client", {{"aud", "us"}, {"client_id", nullptr}}, false},
      {"refresh_token", {{"aud", "us"}, {"token_type", "refresh_token"}}, false}};
  for (const AnswerCase& each : cases) {
    provider_.know(each.name, good(each.over));
    EXPECT_EQ(validate(each.name).active, each.active) << each.name;
  }
}

TEST_F(ForeignTokens, AreRememberedForTheirTimeAndNoLonger) {
  add(row("Keycloak", provider_));
  provider_.know("opaque", good());
  EXPECT_TRUE(validate("opaque").active);
  provider_.forget("opaque");
  server_.clock().advance(std::chrono::seconds(29));
  EXPECT_TRUE(validate("opaque").active);
  // Whoever remembers the answer again adds nothing.
  EXPECT_EQ(validate("opaque").remember_s, 1);
  EXPECT_EQ(provider_.asked(), 1);
  server_.clock().advance(std::chrono::seconds(1));
  EXPECT_FALSE(validate("opaque").active);
}

TEST_F(ForeignTokens, AreForgottenWhenTheKeyManagerChanges) {
  add(row("Keycloak", provider_));
  provider_.know("opaque", good());
  EXPECT_TRUE(validate("opaque").active);
  const Result<> off =
      server_.databases().api_manager().write([&](Transaction& transaction) -> Result<> {
        KeyManagerStore store(transaction, 1);
        GH_TRY(present, store.find("id-Keycloak"));
        present.enabled = false;
        return store.update(present);
      });
  ASSERT_TRUE(off);
  EXPECT_FALSE(validate("opaque").active);
}

TEST_F(ForeignTokens, OfAnotherTenantsServerAreUnknown) {
  add(row("Keycloak", provider_));
  provider_.know("opaque", good());
  EXPECT_FALSE(validate("opaque", 2).active);
  EXPECT_EQ(provider_.asked(), 0);
  EXPECT_TRUE(validate("opaque", 1).active);
  EXPECT_FALSE(validate("opaque", 2).active);
}

TEST_F(ForeignTokens, GoOnlyToThoseWhoMayKnowThem) {
  KeyManagerRow narrow = row("Narrow", provider_);
  narrow.document["tokenValidation"] = json::array{json::object{
      {"type", "REFERENCE"}, {"enable", true}, {"value", json::object{{"pattern", "ref-[0-9]+"}}}}};
  add(narrow);
  provider_.know("ref-1", good());
  provider_.know("other", good());
  EXPECT_TRUE(validate("ref-1").active);
  EXPECT_FALSE(validate("other").active);
  EXPECT_EQ(provider_.asked(), 1);
  // What looks like ours, and what is too long to be anybody's, leaves the house for nobody.
  SystemRandom random;
  const std::string ours = jose::make_opaque_token(
      jose::OpaqueKind::access, server_.clock().now() + std::chrono::hours(1), random);
  EXPECT_FALSE(validate(ours).active);
  EXPECT_FALSE(validate("ref-" + std::string(17'000, '1')).active);
  EXPECT_EQ(provider_.asked(), 1);
}

// A JWT names its issuer, and nobody else is shown it.
TEST_F(ForeignTokens, ThatNameAnIssuerGoToItAlone) {
  TestProvider other;
  add(row("One", provider_));
  add(row("Other", other));
  const auto jwt = [](const std::string& issuer) {
    return "eyJ9." + to_base64url(json::serialize(json::object{{"iss", issuer}})) + ".c2ln";
  };
  other.know(jwt(other.url), good());
  EXPECT_TRUE(validate(jwt(other.url)).active);
  EXPECT_FALSE(validate(jwt("https://nobody.example")).active);
  EXPECT_EQ(provider_.asked(), 0);
}

// A silent server is asked a few times, then left alone; another one's tokens hold all the same.
TEST_F(ForeignTokens, OfOneServerDoNotWaitForAnother) {
  TestProvider silent;
  add(row("A silent one", silent));
  add(row("Keycloak", provider_));
  silent.fall_silent();
  provider_.know("opaque", good());
  EXPECT_TRUE(validate("opaque").active);
  // It might know the token: nobody can say that the token is wrong.
  for (int i = 0; i < Circuit::failures_max + 3; ++i) {
    EXPECT_EQ(ask("unknown-" + std::to_string(i)).status, 503) << i;
  }
  EXPECT_LE(silent.asked(), Circuit::failures_max);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    provider_.know("token-" + std::to_string(i), good());
    EXPECT_TRUE(validate("token-" + std::to_string(i)).active);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, ProviderTokens::deadline);
  silent.speak();
  server_.clock().advance(Circuit::rest);
  EXPECT_EQ(ask("unknown").status, 200);
}

}  // namespace
}  // namespace gatehouse::keymanager
