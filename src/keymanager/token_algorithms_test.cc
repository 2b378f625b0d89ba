// SPDX-License-Identifier: Apache-2.0
#include "keymanager/token_algorithms.h"

#include "jose/jwt.h"
#include "keymanager/test_key_manager.h"
#include "storage/users/tenant_settings.h"

namespace gatehouse::keymanager {
namespace {

Options options_with(std::vector<jose::Algorithm> algorithms) {
  Options options = quick_options();
  options.signing_algorithms = std::move(algorithms);
  return options;
}

std::string algorithm_name(const std::string& token) {
  const Result<jose::KeyName> name = jose::unverified_key_name(token);
  return name ? std::string(jose::to_text(name->algorithm)) : std::string("none");
}

class Algorithms : public ::testing::Test {
 protected:
  // As the admin API does.
  void choose(const std::string& access_token, const std::string& id_token) {
    const json::object document{
        {"TokenSigning",
         json::object{{"AccessTokenAlgorithm", access_token}, {"IdTokenAlgorithm", id_token}}}};
    ASSERT_TRUE(server_.databases().user_manager().write([&](storage::Transaction& transaction) {
      return storage::TenantSettingsStore(transaction, 1).replace(document);
    }));
    ASSERT_EQ(server_.internal("POST", "tenant-changed", {{"tenant", 1}}).status, 204);
  }
  // "ES256 RS256": of the access token and of the ID token.
  std::string used() {
    const auto answer = server_.token(
        "grant_type=password&username=admin&password=admin-password&scope=openid", client_);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    return algorithm_name(text_or(answer.body, "access_token", "")) + ' ' +
           algorithm_name(text_or(answer.body, "id_token", ""));
  }

  TestKeyManager server_{
      options_with({jose::Algorithm::es256, jose::Algorithm::rs256, jose::Algorithm::eddsa})};
  const std::string client_ = server_.client("JWT");
};

TEST_F(Algorithms, AreTheClientsThenTheTenantsThenTheServers) {
  EXPECT_EQ(used(), "ES256 RS256");
  choose("EdDSA", "");
  EXPECT_EQ(used(), "EdDSA RS256");
  choose("RS256", "ES256");
  EXPECT_EQ(used(), "RS256 ES256");
  choose("PS256", "PS256");  // no key here signs with it
  EXPECT_EQ(used(), "ES256 RS256");
  choose("RS256", "EdDSA");
  server_.describe(client_, {{"access_token_signed_response_alg", "ES256"}});
  EXPECT_EQ(used(), "ES256 EdDSA");
  server_.describe(client_, {{"id_token_signed_response_alg", "RS256"}});
  EXPECT_EQ(used(), "ES256 RS256");
  server_.describe(client_, {{"id_token_signed_response_alg", "PS256"}});
  EXPECT_EQ(used(), "ES256 EdDSA");
}

TEST_F(Algorithms, OfATenantAreReadAgainAfterAWhile) {
  EXPECT_EQ(used(), "ES256 RS256");
  // Nobody tells it.
  ASSERT_TRUE(server_.databases().user_manager().write([&](storage::Transaction& transaction) {
    return storage::TenantSettingsStore(transaction, 1)
        .replace({{"TokenSigning", json::object{{"AccessTokenAlgorithm", "EdDSA"}}}});
  }));
  EXPECT_EQ(used(), "ES256 RS256");
  server_.clock().advance(TokenAlgorithms::lifetime);
  EXPECT_EQ(used(), "EdDSA RS256");
}

TEST_F(Algorithms, AreToldByDiscovery) {
  const auto metadata = server_.get("/.well-known/openid-configuration");
  for (const char* name :
       {"id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"}) {
    EXPECT_EQ(texts_of(metadata.body, name), (std::vector<std::string>{"ES256", "RS256", "EdDSA"}));
  }
}

// A verifier that keeps the key set for as long as we allow verifies every token at any time, while
// all keys are rotated twice: a key is published before it signs and kept while its tokens live.
TEST_F(Algorithms, SurviveARotationOfTheirKeys) {
  constexpr std::chrono::minutes step{5};
  constexpr std::chrono::minutes kept{15};  // Cache-Control: max-age=900
  struct Issued {
    std::string token;
    Instant expires_at;
  };
  std::vector<std::string> clients;
  for (const char* algorithm : {"ES256", "RS256", "EdDSA"}) {
    clients.push_back(server_.client("JWT"));
    server_.describe(clients.back(), {{"access_token_signed_response_alg", algorithm}});
  }
  std::vector<Issued> living;
  std::set<std::string> kids;
  jose::KeySet known;
  Instant read_at{};
  for (int round = 0; round < 60; ++round) {
    const Instant now = server_.clock().now();
    if (round == 10 || round == 35) {
      ASSERT_TRUE(server_->signing_keys().rotate());
    }
    ASSERT_TRUE(server_->sweep());
    if (now >= read_at + kept) {
      known = *jose::KeySet::from_json(server_.get("/oauth2/jwks").body);
      read_at = now;
    }
    for (const std::string& client : clients) {
      const auto answer = server_.token("grant_type=client_credentials", client);
      living.push_back({text_or(answer.body, "access_token", ""), now + std::chrono::hours(1)});
      kids.insert(jose::unverified_key_name(living.back().token)->kid);
    }
    std::erase_if(living, [&](const Issued& issued) { return issued.expires_at <= now; });
    for (const Issued& issued : living) {
      ASSERT_TRUE(jose::verify(issued.token, known)) << "round " << round;
    }
    server_.clock().advance(step);
  }
  EXPECT_EQ(kids.size(), 9U);  // three algorithms, three keys each
}

}  // namespace
}  // namespace gatehouse::keymanager
