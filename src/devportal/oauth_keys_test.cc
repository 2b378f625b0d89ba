// SPDX-License-Identifier: Apache-2.0
#include "devportal/test_devportal.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::devportal {
namespace {

TEST_F(DevPortalTest, KeysAreMadeByTheKeyManager) {
  const std::string id = make_application();
  changes();
  const std::string keys = "/applications/" + id;
  const rest::TestAnswer made = ask("subscriber", "POST " + keys + "/generate-keys", keys_wish());
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(changes(), "key_mapping ");
  EXPECT_EQ(made.field("consumerSecret"), "secret-1");
  EXPECT_EQ(text_or(*object_at(made.object(), "token"), "accessToken", ""), "token-of-client-1");
  const json::object& settings = key_manager_.clients().at("client-1").settings;
  EXPECT_EQ(text_or(settings, "token_type", ""), "JWT");
  EXPECT_EQ(text_or(settings, "owner_id", ""), "user-subscriber");
  EXPECT_EQ(number_or(settings, "access_token_seconds", 0), 1'800);
  EXPECT_EQ(texts_of(settings, "callback_urls"),
            std::vector<std::string>{"https://a.example/back"});

  const rest::TestAnswer second = ask("subscriber", "POST " + keys + "/generate-keys", keys_wish());
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.code(), 901409);
  EXPECT_EQ(key_manager_.clients().size(), 1U);
  EXPECT_EQ(ask("subscriber", "POST " + keys + "/generate-keys", keys_wish("SANDBOX")).status, 200);

  // The secret cannot be read again.
  const std::string one = keys + "/oauth-keys/" + made.field("keyMappingId");
  EXPECT_EQ(ask("subscriber", "GET " + one).field("consumerSecret"), "");
  EXPECT_EQ(ask("other", "GET " + one).status, 404);
  EXPECT_EQ(ask("subscriber", "GET " + keys + "/keys").list().size(), 2U);
  EXPECT_EQ(ask("subscriber", "GET " + keys + "/keys/SANDBOX").field("consumerKey"), "client-2");
}

TEST_F(DevPortalTest, KeysCanBeChangedAndRemoved) {
  const std::string id = make_application();
  const std::string keys = "/applications/" + id;
  const std::string one =
      keys + "/oauth-keys/" +
      ask("subscriber", "POST " + keys + "/generate-keys", keys_wish()).field("keyMappingId");
  const rest::TestAnswer secret = ask("subscriber", "POST " + one + "/regenerate-secret");
  EXPECT_EQ(secret.field("consumerSecret"), key_manager_.clients().at("client-1").secret);
  EXPECT_EQ(secret.field("consumerKey"), "client-1");
  const rest::TestAnswer token =
      ask("subscriber", "POST " + one + "/generate-token", R"({"validityPeriod":60})");
  EXPECT_EQ(token.field("accessToken"), "token-of-client-1");
  EXPECT_EQ(number_or(token.object(), "validityTime", 0), 60);
  EXPECT_EQ(texts_of(token.object(), "tokenScopes"), std::vector<std::string>{"default"});
  ASSERT_EQ(ask("subscriber", "PUT " + one,
                R"json({"supportedGrantTypes":["password"],
                          "callbackUrl":"regexp=(https://a|https://b)"})json")
                .status,
            200);
  const json::object& settings = key_manager_.clients().at("client-1").settings;
  EXPECT_EQ(texts_of(settings, "grant_types"), std::vector<std::string>{"password"});
  EXPECT_EQ(texts_of(settings, "callback_urls").size(), 2U);
  EXPECT_EQ(number_or(settings, "access_token_seconds", 0), 1'800);

  ASSERT_EQ(ask("subscriber", "PUT /applications/" + id,
                R"({"name":"Kitchen","throttlingPolicy":"20PerMin","tokenType":"OAUTH"})")
                .status,
            200);
  EXPECT_EQ(text_or(key_manager_.clients().at("client-1").settings, "token_type", ""), "OAUTH");
  EXPECT_EQ(ask("subscriber", "DELETE " + one).status, 200);
  EXPECT_TRUE(key_manager_.clients().empty());
  EXPECT_EQ(ask("subscriber", "GET " + one).code(), 900331);
}

// Another key manager, and keys of it.
class KeysElsewhereTest : public DevPortalTest {
 protected:
  KeysElsewhereTest() : application_(make_application()) {
    storage::KeyManagerRow row;
    row.id = "id-elsewhere";
    row.name = "Elsewhere";
    row.issuer = "https://idp";
    row.document = json::object{{"name", "Elsewhere"},
                                {"enableOAuthAppCreation", true},
                                {"clientRegistrationEndpoint", "https://idp/register"}};
    const Result<> stored =
        databases_.api_manager().write([&](storage::Transaction& transaction) -> Result<> {
          return storage::KeyManagerStore(transaction, 1).insert(row);
        });
    EXPECT_TRUE(stored);
  }

  rest::TestAnswer generate() {
    return ask("subscriber", "POST /applications/" + application_ + "/generate-keys",
               R"({"keyType":"PRODUCTION","keyManager":"Elsewhere",
                   "grantTypesToBeSupported":["client_credentials"]})");
  }
  std::string keys(const rest::TestAnswer& made) const {
    return "/applications/" + application_ + "/oauth-keys/" + made.field("keyMappingId");
  }

  const std::string application_;
};

TEST_F(KeysElsewhereTest, AreMadeChangedAndRemovedAtTheirKeyManager) {
  const rest::TestAnswer made = generate();
  ASSERT_EQ(made.status, 200) << made.text;
  const std::string client = made.field("consumerKey");
  EXPECT_EQ(made.field("consumerSecret"), key_manager_.provider_clients_made.at(client).secret);
  EXPECT_EQ(made.field("keyManager"), "Elsewhere");
  EXPECT_EQ(made.field("mode"), "CREATED");
  EXPECT_FALSE(made.object().contains("token"));
  EXPECT_EQ(made.text.find("sealed"), std::string::npos);
  EXPECT_TRUE(key_manager_.clients().empty());

  const std::string one = keys(made);
  EXPECT_EQ(ask("subscriber", "PUT " + one,
                R"({"supportedGrantTypes":["client_credentials","password"]})")
                .status,
            200);
  const json::object& there = key_manager_.provider_clients_made.at(client).settings;
  EXPECT_EQ(texts_of(there, "grant_types").size(), 2U);
  key_manager_.providers_give_new_secrets = true;
  const rest::TestAnswer secret = ask("subscriber", "POST " + one + "/regenerate-secret", "{}");
  EXPECT_EQ(secret.status, 200);
  EXPECT_EQ(secret.field("consumerSecret"), key_manager_.provider_clients_made.at(client).secret);
  EXPECT_EQ(ask("subscriber", "DELETE " + one).status, 200);
  EXPECT_TRUE(key_manager_.provider_clients_made.empty());
  // What each wish was answered with came along with the next one.
  EXPECT_EQ(key_manager_.registrations,
            (std::vector<std::string>{"", "sealed-1", "sealed-2", "sealed-3"}));
}

TEST_F(KeysElsewhereTest, StayWhileTheirKeyManagerIsSilent) {
  const rest::TestAnswer made = generate();
  key_manager_.providers_away = true;
  EXPECT_EQ(ask("subscriber", "DELETE " + keys(made)).status, 503);
  EXPECT_EQ(ask("subscriber", "GET " + keys(made)).status, 200);
  EXPECT_EQ(ask("subscriber", "POST " + keys(made) + "/clean-up", "{}").status, 200);
  EXPECT_EQ(ask("subscriber", "GET " + keys(made)).status, 404);
  EXPECT_EQ(generate().status, 503);
  key_manager_.providers_away = false;
  ASSERT_EQ(generate().status, 200);
  key_manager_.providers_away = true;
  EXPECT_EQ(ask("subscriber", "DELETE /applications/" + application_).status, 200);
}

// Whoever is not told of it cannot get a token again.
TEST_F(KeysElsewhereTest, TellOfASecretThatAChangeHasReplaced) {
  const rest::TestAnswer made = generate();
  const std::string wish = R"({"supportedGrantTypes":["client_credentials"]})";
  EXPECT_EQ(ask("subscriber", "PUT " + keys(made), wish).field("consumerSecret"), "");
  key_manager_.providers_give_new_secrets = true;
  const rest::TestAnswer changed = ask("subscriber", "PUT " + keys(made), wish);
  EXPECT_NE(changed.field("consumerSecret"), made.field("consumerSecret"));
  EXPECT_EQ(changed.field("consumerSecret"),
            key_manager_.provider_clients_made.at(made.field("consumerKey")).secret);
}

TEST_F(KeysElsewhereTest, SayWhatTheirKeyManagerCannotDo) {
  const rest::TestAnswer made = generate();
  key_manager_.providers_cannot = true;
  EXPECT_EQ(ask("subscriber", "POST " + keys(made) + "/regenerate-secret", "{}").code(), 901405);
  EXPECT_EQ(ask("subscriber", "POST " + keys(made) + "/generate-token", "{}").code(), 901405);
  EXPECT_EQ(ask("subscriber", "PUT " + keys(made), R"({"supportedGrantTypes":[]})").code(), 901405);
  EXPECT_EQ(ask("subscriber", "POST /applications/" + application_ + "/generate-keys",
                R"({"keyType":"SANDBOX","keyManager":"Elsewhere",
                    "grantTypesToBeSupported":["client_credentials"]})")
                .code(),
            901405);
}

TEST_F(KeysElsewhereTest, GoWithTheirApplication) {
  ASSERT_EQ(generate().status, 200);
  EXPECT_EQ(ask("subscriber", "DELETE /applications/" + application_).status, 200);
  EXPECT_TRUE(key_manager_.provider_clients_made.empty());
}

TEST_F(DevPortalTest, WithoutAKeyManagerNoKeysAreLeftHalfMade) {
  const std::string id = make_application();
  key_manager_.away = true;
  const std::string call = "POST /applications/" + id + "/generate-keys";
  EXPECT_EQ(ask("subscriber", call, keys_wish()).status, 503);
  EXPECT_EQ(ask("subscriber", "GET /applications/" + id + "/keys").list().size(), 0U);
  key_manager_.away = false;
  EXPECT_EQ(ask("subscriber", call, keys_wish()).status, 200);
}

TEST_F(DevPortalTest, ADeletedApplicationTakesEverythingWithIt) {
  const std::string id = make_application();
  ask("subscriber", "POST /applications/" + id + "/generate-keys", keys_wish());
  ask("subscriber", "POST /applications/" + id + "/api-keys/PRODUCTION/generate", "{}");
  ask("subscriber", "POST /subscriptions", wish(add_api("Pizza"), id));
  changes();
  EXPECT_EQ(ask("subscriber", "DELETE /applications/" + id).status, 200);
  EXPECT_EQ(changes(), "subscription application api_key key_mapping application ");
  EXPECT_TRUE(key_manager_.clients().empty());
}

TEST_F(DevPortalTest, ARestartKeepsEverything) {
  const std::string id = make_application();
  const std::string pizza = add_api("Pizza");
  ask("subscriber", "POST /applications/" + id + "/generate-keys", keys_wish());
  ask("subscriber", "POST /subscriptions", wish(pizza, id));
  const json::value application = ask("subscriber", "GET /applications/" + id).body;
  const json::value subscriptions = ask("subscriber", "GET /subscriptions?apiId=" + pizza).body;
  restart();
  EXPECT_EQ(ask("subscriber", "GET /applications/" + id).body, application);
  EXPECT_EQ(ask("subscriber", "GET /subscriptions?apiId=" + pizza).body, subscriptions);
}

}  // namespace
}  // namespace gatehouse::devportal
