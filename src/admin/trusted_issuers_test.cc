// SPDX-License-Identifier: Apache-2.0
#include "admin/test_admin.h"
#include "core/text.h"
#include "jose/key_set.h"
#include "storage/apis/trusted_issuer_store.h"

namespace gatehouse::admin {
namespace {

class TrustedIssuersTest : public AdminTest {
 protected:
  static json::object keys() {
    static const jose::PrivateKey key = *jose::PrivateKey::generate(jose::Algorithm::es256);
    return {{"keys", json::array{key.public_key().to_jwk()}}};
  }
  static std::string wish(const std::string& over = "{}") {
    json::object body{{"issuer", "https://idp.example.com/"}, {"jwks", keys()}};
    const json::object changes = parse_json_object(over).value();
    for (const auto& member : changes) {
      if (member.value().is_null()) body.erase(member.key());
      if (!member.value().is_null()) body[member.key()] = member.value();
    }
    return json::serialize(body);
  }
  std::optional<storage::TrustedIssuer> stored(const std::string& issuer,
                                               model::TenantNumber tenant = 1) {
    return *databases_.api_manager().read([&](storage::Transaction& transaction) {
      return storage::TrustedIssuerStore(transaction, tenant).find(issuer);
    });
  }
};

TEST_F(TrustedIssuersTest, AreMadeReadReplacedAndRemoved) {
  const rest::TestAnswer made = ask("POST /trusted-issuers", wish());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.field("subjectClaim"), "sub");
  const std::string path = "/trusted-issuers/" + made.field("id");
  EXPECT_EQ(ask("GET " + path).body, made.body);
  // As the grants read it.
  ASSERT_TRUE(stored("https://idp.example.com/"));
  EXPECT_EQ(*object_at(stored("https://idp.example.com/")->document, "jwks"), keys());

  const rest::TestAnswer changed =
      ask("PUT " + path, wish(R"({"subjectClaim":"email","description":"Partners"})"));
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.field("id"), made.field("id"));
  EXPECT_EQ(text_or(stored("https://idp.example.com/")->document, "subject", ""), "email");
  EXPECT_EQ(ask("GET " + path).field("description"), "Partners");

  const rest::TestAnswer elsewhere =
      ask("PUT " + path, wish(R"({"jwks":null,"jwksUri":"https://idp.example.com/keys"})"));
  EXPECT_EQ(elsewhere.field("jwksUri"), "https://idp.example.com/keys") << elsewhere.text;
  EXPECT_EQ(text_or(stored("https://idp.example.com/")->document, "jwks_uri", ""),
            "https://idp.example.com/keys");
  EXPECT_EQ(object_at(stored("https://idp.example.com/")->document, "jwks"), nullptr);

  EXPECT_EQ(ask("DELETE " + path).status, 200);
  EXPECT_FALSE(stored("https://idp.example.com/"));
  for (const char* method : {"GET ", "DELETE "}) EXPECT_EQ(ask(method + path).code(), 909022);
  EXPECT_EQ(ask("PUT " + path, wish()).code(), 909022);
}

TEST_F(TrustedIssuersTest, AreListedByName) {
  for (const char* issuer : {"https://c", "https://a", "urn:b"}) {
    const std::string body = wish(fmt::format(R"({{"issuer":"{}"}})", issuer));
    EXPECT_EQ(ask("POST /trusted-issuers", body).status, 201);
  }
  EXPECT_EQ(names("GET /trusted-issuers", "issuer"), "https://a https://c urn:b ");
  EXPECT_EQ(names("GET /trusted-issuers?limit=1&offset=1", "issuer"), "https://c ");
}

TEST_F(TrustedIssuersTest, ThatCannotBeBelievedAreRefused) {
  EXPECT_EQ(ask("POST /trusted-issuers", wish()).status, 201);
  const auto refused = [](const char* name, const std::string& over, int status = 400,
                          std::int64_t code = 400) {
    return RefusalCase{name, "POST /trusted-issuers", wish(over), status, code};
  };
  expect_refused(
      {refused("known", "{}", 409, 909023), refused("ourselves", R"({"issuer":"https://ours"})"),
       refused("nameless", R"({"issuer":""})"),
       refused("with_a_space", R"({"issuer":"https://a b"})"),
       refused("without_keys", R"({"issuer":"https://a","jwks":null})"),
       refused("with_no_key", R"({"issuer":"https://a","jwks":{"keys":[]}})"),
       refused("symmetric", R"({"issuer":"https://a","jwks":{"keys":[{"kty":"oct","k":"AA"}]}})"),
       refused("keys_both_ways", R"({"issuer":"https://a","jwksUri":"https://a/keys"})"),
       refused("keys_in_the_open", R"({"issuer":"a","jwks":null,"jwksUri":"http://a/keys"})"),
       refused("no_certificate", R"({"issuer":"https://a","certificates":["none"]})"),
       refused("another_member", R"({"issuer":"https://a","magic":true})")});
  // The name is what its tokens say, so it stays.
  const std::string path = "/trusted-issuers/" + to_base64url("https://idp.example.com/");
  expect_refused({{"renamed", "PUT " + path, wish(R"({"issuer":"https://b"})"), 400, 400}});
}

TEST_F(TrustedIssuersTest, AreForAdministratorsOfTheTenant) {
  EXPECT_EQ(ask_as("subscriber", "GET /trusted-issuers").status, 403);
  EXPECT_EQ(ask_as("subscriber", "POST /trusted-issuers", wish()).status, 403);
  write([&](storage::Transaction& transaction) {
    return storage::TrustedIssuerStore(transaction, 2).put({"https://theirs", {{"jwks", keys()}}});
  });
  EXPECT_EQ(names("GET /trusted-issuers", "issuer"), "");
  const std::string path = "/trusted-issuers/" + to_base64url("https://theirs");
  EXPECT_EQ(ask("GET " + path).status, 404);
  EXPECT_EQ(ask("DELETE " + path).status, 404);
  EXPECT_TRUE(stored("https://theirs", 2));
}

}  // namespace
}  // namespace gatehouse::admin
