// SPDX-License-Identifier: Apache-2.0
#include "gateway/jwt_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "jose/jwt.h"
#include "jose/test_attacks.h"

namespace gatehouse::gateway {
namespace {

using model::FeedRange;

constexpr Instant the_time{std::chrono::seconds(1'795'000'000)};
constexpr std::int64_t now_s = 1'795'000'000;

const jose::PrivateKey& key_of(const char* whose) {
  static std::map<std::string, jose::PrivateKey> keys;
  const auto found = keys.find(whose);
  if (found != keys.end()) return found->second;
  return keys.emplace(whose, *jose::PrivateKey::generate(jose::Algorithm::es256)).first->second;
}

// Our own key, two key managers of tenant 1 and one of tenant 2 with the issuer of the first.
std::shared_ptr<const Snapshot> world() {
  FeedRange range;
  range.tag = "test";
  const jose::PublicKey ours = key_of("ours").public_key();
  range.upserts.push_back(
      {"signing_key", ours.kid(),
       to_json(model::KnownSigningKey{ours.kid(), 1, "https://ours", ours.to_jwk()})});
  const auto manager = [&](const char* id, model::TenantNumber tenant, const char* issuer,
                           const char* key) {
    model::KnownKeyManager known;
    known.id = fmt::format("{}-{}", tenant, id);
    known.name = id;
    known.tenant = tenant;
    known.issuer = issuer;
    known.key_set = json::object{{"keys", json::array{key_of(key).public_key().to_jwk()}}};
    return known;
  };
  model::KnownKeyManager strict = manager("strict", 1, "https://strict", "strict");
  strict.audience = "us";
  for (const auto& known : {manager("idp", 1, "https://idp", "idp"), strict,
                            manager("theirs", 2, "https://idp", "theirs"),
                            manager("everybodys", model::every_tenant, "https://all", "all"),
                            manager("theirs", model::every_tenant, "https://idp", "all")}) {
    range.upserts.push_back({"key_manager", known.id, to_json(known)});
  }
  return Snapshot().with(range);
}

void expect_refused_when_spoiled(const jose::HonestToken& honest,
                                 const std::function<TokenState(const std::string&)>& check) {
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    EXPECT_EQ(check(spoiled.text), TokenState::unknown) << spoiled.name;
  }
  EXPECT_EQ(check(jose::honest_text(honest)), TokenState::active);
}

// Whose tenant it is says what a change of that tenant means.
TEST(JwtCheck, KnowsTheTenantOfTheUser) {
  const auto snapshot = world();
  const auto verified = [&](json::object more) {
    json::object claims{{"iss", "https://ours"},
                        {"client_id", "shop"},
                        {"sub", "ann"},
                        {"iat", now_s - 10},
                        {"exp", now_s + 60}};
    for (const auto& member : more) claims[member.key()] = member.value();
    return verify_jwt(jose::sign(key_of("ours"), "at+jwt", claims).value(), *snapshot, the_time);
  };
  const Token guest = verified({{"user_tenant", 8}});
  EXPECT_EQ(guest.state, TokenState::active);
  EXPECT_EQ(guest.user_tenant, 8);
  EXPECT_EQ(verified({}).user_tenant, 0);
}

TEST(SpoiledToken, OpensNothing) {
  const auto snapshot = world();
  const auto honest = [](const char* whose, const char* type, const char* issuer) {
    return jose::HonestToken{key_of(whose),
                             {{"typ", type}, {"kid", key_of(whose).public_key().kid()}},
                             {{"iss", issuer},
                              {"client_id", "shop"},
                              {"sub", "shop"},
                              {"api_id", "pizza"},
                              {"iat", now_s - 10},
                              {"nbf", now_s - 10},
                              {"exp", now_s + 60}}};
  };
  expect_refused_when_spoiled(honest("ours", "at+jwt", "https://ours"), [&](const auto& text) {
    return verify_jwt(text, *snapshot, the_time).state;
  });
  const KeyManager* idp = snapshot->key_manager_of_issuer(1, "https://idp");
  ASSERT_NE(idp, nullptr);
  expect_refused_when_spoiled(honest("idp", "at+jwt", "https://idp"), [&](const auto& text) {
    return verify_foreign_jwt(text, *idp, the_time).state;
  });
  expect_refused_when_spoiled(
      honest("ours", "internal-key+jwt", "https://ours"), [&](const auto& text) {
        return verify_test_key(text, *snapshot, {.api_id = "pizza", .now = the_time});
      });
}

// Each row is a token, and what becomes of it on an API of tenant 1.
struct ForeignCase {
  const char* name;
  const char* signer;
  const char* type;
  const char* claims;  // laid over good ones; null takes a member away
  TokenState state;
};

std::string sign(const ForeignCase& row) {
  json::object claims{{"iss", "https://idp"}, {"client_id", "shop"}, {"sub", "shop"},
                      {"iat", now_s - 10},    {"exp", now_s + 60},   {"scope", "read"}};
  const json::object over = parse_json_object(row.claims).value();
  for (const auto& member : over) {
    if (member.value().is_null()) {
      claims.erase(member.key());
    } else {
      claims[member.key()] = member.value();
    }
  }
  return jose::sign(key_of(row.signer), row.type, claims).value();
}

class ForeignJwt : public ::testing::TestWithParam<ForeignCase> {};

TEST_P(ForeignJwt, IsVerifiedWithTheKeysOfItsIssuer) {
  const auto snapshot = world();
  const std::string token = sign(GetParam());
  const KeyManager* issuer = foreign_issuer(token, *snapshot, 1);
  const Token verified = issuer == nullptr ? verify_jwt(token, *snapshot, the_time)
                                           : verify_foreign_jwt(token, *issuer, the_time);
  EXPECT_EQ(verified.state, GetParam().state);
  if (verified.state != TokenState::active) return;
  EXPECT_EQ(verified.client_id, "shop");
  EXPECT_EQ(verified.scopes, std::vector<std::string>{"read"});
  EXPECT_EQ(verified.tenant, 1);
}

constexpr auto active = TokenState::active;
constexpr auto unknown = TokenState::unknown;

INSTANTIATE_TEST_SUITE_P(
    Rules, ForeignJwt,
    ::testing::Values(
        ForeignCase{"good", "idp", "at+jwt", "{}", active},
        ForeignCase{"plain_type", "idp", "JWT", "{}", active},
        ForeignCase{"id_token", "idp", "JWT", R"({"nonce":"n"})", unknown},
        ForeignCase{"signed_by_us", "ours", "at+jwt", "{}", unknown},
        ForeignCase{"signed_by_another_one", "strict", "at+jwt", "{}", unknown},
        ForeignCase{"signed_by_another_tenants_one", "theirs", "at+jwt", "{}", unknown},
        ForeignCase{"says_that_we_issued_it", "idp", "at+jwt", R"({"iss":"https://ours"})",
                    unknown},
        ForeignCase{"ours", "ours", "at+jwt", R"({"iss":"https://ours"})", active},
        ForeignCase{"unknown_issuer", "idp", "at+jwt", R"({"iss":"https://nobody"})", unknown},
        ForeignCase{"issuer_with_a_slash", "idp", "at+jwt", R"({"iss":"https://idp/"})", unknown},
        ForeignCase{"no_issuer", "idp", "at+jwt", R"({"iss":null})", unknown},
        ForeignCase{"expired", "idp", "at+jwt", R"({"exp":1794999000})", TokenState::expired},
        ForeignCase{"its_clock_is_behind", "idp", "at+jwt", R"({"exp":1794999990})", active},
        ForeignCase{"not_yet", "idp", "at+jwt", R"({"nbf":1795001000})", unknown},
        ForeignCase{"no_end", "idp", "at+jwt", R"({"exp":null})", unknown},
        ForeignCase{"no_client", "idp", "at+jwt", R"({"client_id":null})", unknown},
        ForeignCase{"for_us", "strict", "at+jwt", R"({"iss":"https://strict","aud":["us"]})",
                    active},
        ForeignCase{"for_others", "strict", "at+jwt", R"({"iss":"https://strict","aud":"them"})",
                    unknown},
        ForeignCase{"for_nobody", "strict", "at+jwt", R"({"iss":"https://strict"})", unknown}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ForeignIssuer, IsTheTenantsOwn) {
  const auto snapshot = world();
  const std::string token = sign({"", "theirs", "at+jwt", "{}", active});
  EXPECT_EQ(foreign_issuer(token, *snapshot, 1)->known.name, "idp");
  EXPECT_EQ(foreign_issuer(token, *snapshot, 2)->known.name, "theirs");
  const std::string other = sign({"", "all", "at+jwt", R"({"iss":"https://nobody"})", active});
  EXPECT_EQ(foreign_issuer(other, *snapshot, 1), nullptr);
  // What is everybody's counts where a tenant has none of its own of this issuer or name.
  EXPECT_EQ(foreign_issuer(token, *snapshot, 3)->known.tenant, model::every_tenant);
  EXPECT_EQ(snapshot->key_manager(3, "theirs")->known.tenant, model::every_tenant);
  EXPECT_EQ(snapshot->key_manager(2, "theirs")->known.tenant, 2);
  EXPECT_EQ(snapshot->key_manager(1, "nobody"), nullptr);
  for (const char* broken : {"a.b.c", "..", "a.e30.c", "a.!!!.c"}) {
    EXPECT_EQ(foreign_issuer(broken, *snapshot, 1), nullptr) << broken;
  }
}

TEST(ForeignIssuer, HasAnotherStampWhenItsKeysChange) {
  const auto snapshot = world();
  FeedRange range;
  model::KnownKeyManager known = snapshot->key_manager(1, "idp")->known;
  const std::uint64_t before = snapshot->key_manager(1, "idp")->stamp;
  range.upserts.push_back({"key_manager", known.id, to_json(known)});
  EXPECT_EQ(snapshot->with(range)->key_manager(1, "idp")->stamp, before);
  known.key_set = json::object{{"keys", json::array()}};
  range.upserts = {{"key_manager", known.id, to_json(known)}};
  EXPECT_NE(snapshot->with(range)->key_manager(1, "idp")->stamp, before);
  range.upserts.clear();
  range.removals = {{"key_manager", known.id, {}}};
  EXPECT_EQ(snapshot->with(range)->key_manager(1, "idp"), nullptr);
  // What is everybody's takes its place.
  EXPECT_EQ(snapshot->with(range)->key_manager_of_issuer(1, "https://idp")->known.tenant,
            model::every_tenant);
}

struct TestKeyCase {
  const char* name;
  const char* signer;
  const char* type;
  const char* claims;
  TokenState state;
};

class TestKey : public ::testing::TestWithParam<TestKeyCase> {};

TEST_P(TestKey, OpensOneApiForAMinute) {
  const auto snapshot = world();
  const TestKeyCase& row = GetParam();
  json::object claims{{"iss", "https://ours"}, {"api_id", "pizza"}, {"exp", now_s + 60}};
  const json::object over = parse_json_object(row.claims).value();
  for (const auto& member : over) claims[member.key()] = member.value();
  const std::string key = jose::sign(key_of(row.signer), row.type, claims).value();
  EXPECT_EQ(verify_test_key(key, *snapshot, {"pizza", the_time}), row.state);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, TestKey,
    ::testing::Values(
        TestKeyCase{"good", "ours", "internal-key+jwt", "{}", active},
        TestKeyCase{"of_another_api", "ours", "internal-key+jwt", R"({"api_id":"pasta"})", unknown},
        TestKeyCase{"over", "ours", "internal-key+jwt", R"({"exp":1795000000})",
                    TokenState::expired},
        TestKeyCase{"an_access_token", "ours", "at+jwt", "{}", unknown},
        TestKeyCase{"signed_by_another_server", "idp", "internal-key+jwt", "{}", unknown},
        TestKeyCase{"of_another_issuer", "ours", "internal-key+jwt", R"({"iss":"https://idp"})",
                    unknown}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace gatehouse::gateway
