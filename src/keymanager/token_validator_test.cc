// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_validator.h"

#include <gmock/gmock.h>

#include "jose/claims.h"
#include "jose/test_attacks.h"
#include "keymanager/access_claims.h"
#include "keymanager/test_key_manager.h"
#include "storage/apis/api_scope_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::keymanager {
namespace {

using ::testing::ElementsAre;

std::string access_token(TestKeyManager& server, const std::string& client,
                         const std::string& body = "grant_type=client_credentials") {
  const auto answer = server.token(body, client);
  EXPECT_EQ(answer.status, 200) << answer.response.body;
  return text_or(answer.body, "access_token", "");
}

TEST(Validate, AnswersInTheOrderOfTheQuestion) {
  TestKeyManager server;
  const std::string opaque = access_token(server, server.client());
  const std::string jwt = access_token(server, server.client("JWT"));
  const auto answer = server.internal("POST", "validate",
                                      {{"tokens", {"x", opaque, "gate_x", jwt, "eyJ.e30.AA", ""}}});
  ASSERT_EQ(answer.status, 200);
  const json::array& list = *array_at(answer.body, "list");
  ASSERT_EQ(list.size(), 6U);
  const std::uint32_t codes[] = {900901, 0, 900901, 0, 900901, 900901};
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto validation = model::validation_from(list[i].as_object());
    ASSERT_TRUE(validation) << validation.error().message;
    EXPECT_EQ(validation->code, codes[i]) << i;
    EXPECT_EQ(validation->active, codes[i] == 0) << i;
  }
  EXPECT_EQ(server.internal("POST", "validate", {}).status, 400);
  EXPECT_EQ(server.internal("POST", "validate", {{"tokens", {7}}}).status, 400);
  EXPECT_EQ(server.internal("POST", "validate", {{"tokens", json::array(257, "x")}}).status, 400);
}

TEST(Validate, SaysExpiredOfWhatWasOurs) {
  TestKeyManager server;
  const std::string opaque = access_token(server, server.client());
  const std::string jwt = access_token(server, server.client("JWT"));
  server.clock().advance(std::chrono::seconds(3599));
  EXPECT_TRUE(server.validate(opaque).active);
  EXPECT_TRUE(server.validate(jwt).active);
  server.clock().advance(std::chrono::seconds(1));
  EXPECT_EQ(server.validate(opaque).code, 900903U);
  EXPECT_EQ(server.validate(jwt).code, 900903U);
  // Also when its row is gone.
  server.clock().advance(std::chrono::hours(2));
  EXPECT_TRUE(server->sweep());
  EXPECT_EQ(server.validate(opaque).code, 900903U);
}

TEST(Validate, CarriesTheRevocationNumberOfItsSnapshot) {
  TestKeyManager server;
  const std::string client = server.client();
  const std::string token = access_token(server, client);
  const auto revocation = [&] {
    return number_or(server.internal("POST", "validate", {{"tokens", {token}}}).body, "revocation",
                     -1);
  };
  EXPECT_EQ(revocation(), 0);
  server.form("/oauth2/revoke", "token=" + access_token(server, client), client);
  EXPECT_EQ(revocation(), 1);
}

TEST(Jwt, HasTheClaimsOfTheContract) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const std::string client_id = client.substr(0, client.find(':'));
  ASSERT_TRUE(server.databases().api_manager().write([&](storage::Transaction& transaction) {
    return storage::KeyMappingStore(transaction)
        .insert({1,
                 "m",
                 "app",
                 model::KeyType::sandbox,
                 "Resident Key Manager",
                 client_id,
                 "CREATED",
                 "APPROVED",
                 {},
                 server.clock().now()});
  }));
  const std::string token =
      access_token(server, client,
                   "grant_type=password&username=admin&password=admin-password&scope=apim:admin");
  const Result<jose::KeySet> keys = jose::KeySet::from_json(server.get("/oauth2/jwks").body);
  const Result<jose::Jwt> jwt = jose::verify(token, *keys);
  ASSERT_TRUE(jwt) << jwt.error().detail;
  EXPECT_EQ(jwt->type, "at+jwt");
  const json::object& claims = jwt->claims;
  EXPECT_EQ(claims.at("iss").as_string(), "https://localhost:9443/oauth2/token");
  EXPECT_EQ(claims.at("sub").as_string(), server.user_id("admin"));
  EXPECT_EQ(claims.at("username").as_string(), "admin");
  EXPECT_EQ(claims.at("aut").as_string(), "APPLICATION_USER");
  for (const char* name : {"aud", "azp", "client_id"}) {
    EXPECT_EQ(claims.at(name).as_string(), client_id) << name;
  }
  EXPECT_EQ(claims.at("scope").as_string(), "apim:admin");
  EXPECT_EQ(claims.at("keytype").as_string(), "SANDBOX");
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 3600);
  EXPECT_EQ(claims.at("nbf"), claims.at("iat"));
  EXPECT_EQ(claims.at("family").as_string(), server.validate(token).family);
  EXPECT_TRUE(parse_uuid(std::string(claims.at("jti").as_string())));
}

// Nothing of a client is remembered from one token to the next.
TEST(Jwt, SaysOfWhichKeysItsClientIsNow) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const auto key_type = [&] {
    const auto made = server.token("grant_type=client_credentials", client);
    const Result<jose::Jwt> jwt = jose::verify(text_or(made.body, "access_token", ""),
                                               server->signing_keys().current()->published);
    return jwt ? text_or(jwt->claims, "keytype", "") : jwt.error().detail;
  };
  EXPECT_EQ(key_type(), "");
  storage::KeyMapping mapping{1,
                              "m",
                              "app",
                              model::KeyType::production,
                              "Resident Key Manager",
                              client.substr(0, client.find(':')),
                              "MAPPED",
                              "APPROVED",
                              {},
                              server.clock().now()};
  const auto write = [&](auto work) {
    ASSERT_TRUE(server.databases().api_manager().write([&](storage::Transaction& transaction) {
      return work(storage::KeyMappingStore(transaction));
    }));
  };
  write([&](storage::KeyMappingStore store) { return store.insert(mapping); });
  EXPECT_EQ(key_type(), "PRODUCTION");
  write([&](storage::KeyMappingStore store) { return store.remove(mapping); });
  mapping.key_type = model::KeyType::sandbox;
  write([&](storage::KeyMappingStore store) { return store.insert(mapping); });
  EXPECT_EQ(key_type(), "SANDBOX");
  // Of another key manager's keys nothing is said.
  write([&](storage::KeyMappingStore store) { return store.remove(mapping); });
  mapping.key_manager = "Elsewhere";
  write([&](storage::KeyMappingStore store) { return store.insert(mapping); });
  EXPECT_EQ(key_type(), "");
}

// What was issued before a revocation or with it is dead. What comes in the next second is good; a
// JWT tells only its second, so in that of the revocation it is refused, too.
TEST(Revocation, TellsWhatCameBeforeFromWhatCameAfter) {
  for (const char* form : {"JWT", "OAUTH"}) {
    for (const bool at_once : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", form, at_once));
      TestKeyManager server;
      const std::string client = server.client(form);
      const std::string login = "grant_type=password&username=admin&password=admin-password";
      const std::string before = access_token(server, client, login);
      if (!at_once) server.clock().advance(std::chrono::milliseconds(1));
      ASSERT_EQ(server
                    .internal("POST", "revoke-user",
                              {{"tenant", 1}, {"user_id", server.user_id("admin")}})
                    .status,
                204);
      server.clock().advance(std::chrono::seconds(1));
      const std::string after = access_token(server, client, login);
      EXPECT_FALSE(server.validate(before).active);
      EXPECT_TRUE(server.validate(after).active);
      server.clock().advance(std::chrono::seconds(2));
      EXPECT_FALSE(server.validate(before).active);
      EXPECT_TRUE(server.validate(after).active);
    }
  }
}

// What was decided before a revocation is not made good by being written after it.
TEST(Revocation, CoversATokenThatWasBeingMade) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const auto found = server.databases().api_manager().read([&](storage::Transaction& transaction) {
    return storage::ClientStore(transaction).find(client.substr(0, client.find(':')));
  });
  ASSERT_TRUE(found);
  const Options options = quick_options();
  TokenAlgorithms algorithms(server.resources(), options.signing_algorithms);
  Revocations revocations(server.resources());
  TokenIssuer issuer(server.resources(), server->signing_keys(), algorithms, revocations,
                     options.issuer);
  const Entitlement entitlement{.client = *found,
                                .user_id = server.user_id("admin"),
                                .user = "admin",
                                .grant_type = "password",
                                .as_of = issuer.now()};
  server.clock().advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(revocations.revoke_user(1, server.user_id("admin")));
  server.clock().advance(std::chrono::milliseconds(1));
  const Result<IssuedTokens> issued = issuer.issue(entitlement);
  ASSERT_TRUE(issued);
  EXPECT_FALSE(server.validate(issued->access_token).active);
}

TEST(Jwt, OfAnotherIssuerOrTypeIsUnknown) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const std::string client_id = client.substr(0, client.find(':'));
  const auto ring = server->signing_keys().current();
  AccessClaims claims{.issuer = quick_options().issuer,
                      .jti = "j",
                      .family = "f",
                      .client_id = client_id,
                      .user_id = "",
                      .user = "",
                      .scopes = {},
                      .key_type = "",
                      .issued_at = server.clock().now(),
                      .expires_at = server.clock().now() + std::chrono::hours(1)};
  const json::object good = to_json(claims);
  EXPECT_TRUE(server.validate(*jose::sign(ring->signer(), "at+jwt", good)).active);
  EXPECT_FALSE(server.validate(*jose::sign(ring->signer(), "JWT", good)).active);
  json::object bad = good;
  bad["iss"] = "https://elsewhere";
  EXPECT_FALSE(server.validate(*jose::sign(ring->signer(), "at+jwt", bad)).active);
  bad = good;
  bad["client_id"] = "unknown";
  EXPECT_FALSE(server.validate(*jose::sign(ring->signer(), "at+jwt", bad)).active);
  const jose::PrivateKey stranger = *jose::PrivateKey::generate(jose::Algorithm::es256);
  EXPECT_FALSE(server.validate(*jose::sign(stranger, "at+jwt", good)).active);
}

// At introspection, userinfo and the REST APIs, which ask the validator; and at revocation, which
// looks for itself.
TEST(Jwt, OpensNothingWhenSpoiled) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const jose::PrivateKey& ours = server->signing_keys().current()->signer();
  const std::string token = access_token(server, client);
  jose::HonestToken honest{
      ours, {{"typ", "at+jwt"}, {"kid", ours.public_key().kid()}}, *jose::unverified_claims(token)};
  honest.claims["nbf"] = honest.claims["iat"];
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    EXPECT_FALSE(server.validate(spoiled.text).active) << spoiled.name;
  }
  // What has expired may be revoked, so times do not count there.
  honest.times.clear();
  for (const jose::SpoiledToken& spoiled : jose::spoiled_tokens(honest)) {
    const auto answer =
        server.form("/oauth2/revoke", "token=" + percent_encode(spoiled.text), client);
    EXPECT_EQ(answer.status, 200) << spoiled.name;
  }
  EXPECT_TRUE(server.validate(token).active);
  EXPECT_TRUE(server.validate(jose::honest_text(honest)).active);
  server.form("/oauth2/revoke", "token=" + jose::honest_text(honest), client);
  EXPECT_FALSE(server.validate(token).active);
}

// Rows that were written before the column `details` was there.
TEST(OpaqueToken, WithoutDetailsIsBoundToNothing) {
  TestKeyManager server;
  const std::string token = access_token(server, server.client());
  ASSERT_TRUE(server.databases().api_manager().write([](storage::Transaction& transaction) {
    return transaction.execute("UPDATE am_token SET details = NULL WHERE tenant_id > 0");
  }));
  const model::Validation validation = server.validate(token);
  EXPECT_TRUE(validation.active);
  EXPECT_TRUE(validation.key_thumbprint.empty());
  EXPECT_TRUE(validation.audiences.empty());
}

// An algorithm that is added later gets its first key at the next start; the others keep theirs.
TEST(SigningKeys, OfAnotherAlgorithmAreMadeAtTheNextStart) {
  TestKeyManager server;
  const auto keys_with = [&](std::vector<jose::Algorithm> algorithms) {
    SigningKeys keys(server.databases().api_manager(), server.clock(), server.resources().random,
                     server.resources().sealer, std::move(algorithms));
    EXPECT_TRUE(keys.start());
    return keys.current();
  };
  const std::string before = server->signing_keys().current()->signer().public_key().kid();
  const auto more = keys_with({jose::Algorithm::rs256, jose::Algorithm::es256});
  EXPECT_EQ(more->signer().public_key().algorithm(), jose::Algorithm::rs256);
  EXPECT_EQ(more->signer_for(jose::Algorithm::es256).public_key().kid(), before);
  EXPECT_FALSE(more->signs_with(jose::Algorithm::eddsa));
  // What signed before stays published for those who verify.
  EXPECT_EQ(more->published.to_json().at("keys").as_array().size(), 3U);
  EXPECT_EQ(keys_with({jose::Algorithm::rs256})->signer().public_key().kid(),
            more->signer().public_key().kid());
}

TEST(SigningKeys, RotateWithoutAGap) {
  TestKeyManager server;
  const std::string client = server.client("JWT");
  const std::string before = access_token(server, client);
  const std::string first = server->signing_keys().current()->signer().public_key().kid();
  const Result<std::vector<std::string>> second = server->signing_keys().rotate();
  ASSERT_TRUE(second);
  const auto published = [&] {
    return server.get("/oauth2/jwks").body.at("keys").as_array().size();
  };
  EXPECT_EQ(published(), 4U);  // of two algorithms each
  EXPECT_EQ(server->signing_keys().current()->signer().public_key().kid(), first);
  server.clock().advance(std::chrono::minutes(59));
  EXPECT_TRUE(server.validate(before).active);
  server.clock().advance(std::chrono::minutes(1));
  ASSERT_TRUE(server->sweep());
  EXPECT_EQ(server->signing_keys().current()->signer().public_key().kid(), second->front());
  EXPECT_TRUE(server.validate(access_token(server, client)).active);
  server.clock().advance(std::chrono::hours(24 * 366));
  ASSERT_TRUE(server->sweep());
  EXPECT_EQ(published(), 2U);
}

TEST(SigningKeys, NeedTheirClusterKey) {
  TestKeyManager server;
  const jose::Sealer other({std::string(32, 'x')});
  SigningKeys keys(server.databases().api_manager(), server.clock(), server.resources().random,
                   other, {jose::Algorithm::es256});
  EXPECT_FALSE(keys.start());
}

// am_api_scope beside um_scope_role: rows of (definitions, roles of the user) → allowed or not.
TEST(ApiScopes, NeedARoleOfEveryApiThatDefinesThem) {
  TestKeyManager server;
  ASSERT_TRUE(
      server.databases().api_manager().write([](storage::Transaction& transaction) -> Result<> {
        storage::ApiScopeStore store(transaction, model::first_tenant);
        GH_CHECK(store.put("api-1", {{"", "open", {}},
                                     {"", "guarded", {"Internal/creator"}},
                                     {"", "shared", {"Internal/creator"}},
                                     {"", "apim:admin", {}},
                                     {"", "apim:invented", {}}}));
        return store.put("api-2", {{"", "shared", {"Internal/publisher"}}});
      }));
  server.add_user("ida", {"Internal/creator"});
  const std::string asked = "&scope=open+guarded+shared+apim:admin+apim:invented";
  const std::string login = "grant_type=password&username=ida&password=password-of-ida" + asked;
  const std::string client = server.client();
  const std::string token = access_token(server, client, login);
  EXPECT_THAT(server.validate(token).scopes, ElementsAre("open", "guarded"));
  server.set_roles("ida", {"Internal/creator", "Internal/publisher"});
  EXPECT_THAT(server.validate(access_token(server, client, login)).scopes,
              ElementsAre("open", "guarded", "shared"));
  server.set_roles("ida", {});
  EXPECT_THAT(server.validate(token).scopes, ElementsAre("open"));
  // An application holds what its owner's roles allow; the owner here is the administrator.
  EXPECT_THAT(
      server.validate(access_token(server, client, "grant_type=client_credentials" + asked)).scopes,
      ElementsAre("open", "guarded", "shared"));
}

class KeyCacheModes : public ::testing::TestWithParam<KeyCacheMode> {};

TEST_P(KeyCacheModes, CountWhatReachesTheDatabase) {
  Options options = quick_options();
  options.key_cache = GetParam();
  TestKeyManager server(options);
  const std::string client = server.client();
  const std::string token = access_token(server, client);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(server.validate(token).active);
  const auto counter = [&](const std::string& name) {
    const std::string text = server.metrics().text();
    const std::size_t at = text.find('\n' + name + ' ');
    return text.substr(at + name.size() + 2, text.find('\n', at + 1) - at - name.size() - 2);
  };
  const bool on = GetParam() == KeyCacheMode::on;
  EXPECT_EQ(counter("gatehouse_key_validations_total"), "3");
  EXPECT_EQ(counter("gatehouse_key_validation_reads_total"), on ? "1" : "3");
  EXPECT_EQ(counter("gatehouse_key_validation_hits_total"), on ? "2" : "0");

  const http::Request question =
      http::make_request("POST", "/internal/keys/v1/validate",
                         json::serialize(json::object{{"tokens", {token}}}), "application/json");
  const std::optional<http::Response> at_once = server->internal_handler().try_answer(question);
  EXPECT_EQ(at_once.has_value(), on);
  if (at_once) {
    const http::Response waited = server->internal_handler().handle(question);
    EXPECT_EQ(*parse_json_object(at_once->body), *parse_json_object(waited.body));
  }
  server.form("/oauth2/revoke", "token=" + token, client);
  EXPECT_FALSE(server->internal_handler().try_answer(question));
  EXPECT_FALSE(server.validate(token).active);
}

INSTANTIATE_TEST_SUITE_P(KeyManager, KeyCacheModes,
                         ::testing::Values(KeyCacheMode::off, KeyCacheMode::on),
                         [](const auto& row) {
                           return row.param == KeyCacheMode::on ? "on" : "off";
                         });

TEST(KeyCache, ForgetsWhatARevocationNames) {
  FakeClock clock(Instant(std::chrono::hours(1)));
  model::Validation validation;
  validation.active = true;
  validation.client_id = "c";
  validation.user_id = "u";
  validation.family = "f";
  validation.expires_at = clock.now() + std::chrono::hours(1);
  const struct {
    const char* kind;
    const char* value;
    bool forgotten;
  } rows[] = {{"user_client", "u c", true}, {"user_client", "u d", false},
              {"family", "f", true},        {"client", "c", true},
              {"user", "u", true},          {"user_changed", "u", true},
              {"token", "6868", true},      {"family", "c", false},
              {"user_changed", "v", false}, {"token", "f", false}};
  for (const auto& row : rows) {
    KeyCache cache(clock, std::chrono::seconds(900));
    cache.put("hh", 0, validation);
    EXPECT_TRUE(cache.find("hh"));
    cache.apply({1, 1, row.kind, row.value, clock.now(), clock.now()});
    EXPECT_EQ(cache.find("hh").has_value(), !row.forgotten) << row.kind << ' ' << row.value;
    // What was read before the revocation does not come back.
    cache.put("hh", 0, validation);
    EXPECT_EQ(cache.find("hh").has_value(), !row.forgotten);
    cache.put("hh", 1, validation);
    EXPECT_EQ(cache.find("hh")->revocation, 1U);
  }
}

TEST(KeyCache, ForgetsWithTime) {
  FakeClock clock(Instant(std::chrono::hours(1)));
  KeyCache cache(clock, std::chrono::seconds(900));
  model::Validation validation;
  validation.expires_at = clock.now() + std::chrono::seconds(1000);
  cache.put("long", 0, validation);
  validation.expires_at = clock.now() + std::chrono::seconds(10);
  cache.put("short", 0, validation);
  clock.advance(std::chrono::seconds(10));
  EXPECT_FALSE(cache.find("short"));
  clock.advance(std::chrono::seconds(889));
  EXPECT_TRUE(cache.find("long"));
  clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(cache.find("long"));
}

}  // namespace
}  // namespace gatehouse::keymanager
