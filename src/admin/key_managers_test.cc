// SPDX-License-Identifier: Apache-2.0
#include "admin/test_admin.h"
#include "core/text.h"
#include "storage/apis/api_store.h"
#include "storage/apis/key_manager_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::admin {
namespace {

using storage::KeyManagerRow;
using storage::KeyManagerStore;
using storage::Transaction;

class KeyManagersTest : public AdminTest {
 protected:
  static std::string wish(const std::string& over = "{}") {
    json::object body = parse_json_object(R"({"name":"Cloak","type":"KeyCloak",
        "issuer":"https://idp","introspectionEndpoint":"https://idp/introspect",
        "certificates":{"type":"JWKS","value":"https://idp/jwks"},
        "additionalProperties":{"client_id":"us","client_secret":"s3cret"}})")
                            .value();
    const json::object changes = parse_json_object(over).value();
    for (const auto& member : changes) body[member.key()] = member.value();
    return json::serialize(body);
  }
  std::string create(const std::string& over = "{}") {
    const rest::TestAnswer made = ask("POST /key-managers", wish(over));
    EXPECT_EQ(made.status, 201) << made.text;
    return made.field("id");
  }
  void add_keys_of_cloak(const std::string& application) {
    write([&](Transaction& transaction) -> Result<> {
      storage::KeyMapping mapping;
      mapping.id = "map";
      mapping.application_id = application;
      mapping.key_manager = "Cloak";
      mapping.client_id = "theirs";
      mapping.mode = "MAPPED";
      return storage::KeyMappingStore(transaction).insert(mapping);
    });
  }
  KeyManagerRow stored(const std::string& id) {
    return *databases_.api_manager().read(
        [&](Transaction& transaction) { return KeyManagerStore(transaction, 1).find(id); });
  }
};

TEST_F(KeyManagersTest, ASecretIsSealedAndNeverReadBack) {
  const rest::TestAnswer made = ask("POST /key-managers", wish());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.text.find("s3cret"), std::string::npos);
  const std::string id = made.field("id");
  EXPECT_EQ(stored(id).secret, to_base64("key_manager sealed s3cret"));
  EXPECT_EQ(json::serialize(stored(id).document).find("s3cret"), std::string::npos);
  EXPECT_EQ(ask("GET /key-managers/" + id).text.find("s3cret"), std::string::npos);
  // One that is sent back empty, or not at all, stays.
  EXPECT_EQ(ask("PUT /key-managers/" + id, made.text).status, 200);
  EXPECT_EQ(stored(id).secret, to_base64("key_manager sealed s3cret"));
  EXPECT_EQ(ask("PUT /key-managers/" + id, wish(R"({"additionalProperties":{}})")).status, 200);
  EXPECT_EQ(stored(id).secret, to_base64("key_manager sealed s3cret"));
  const std::string other = wish(R"({"additionalProperties":{"client_secret":"other"}})");
  EXPECT_EQ(ask("PUT /key-managers/" + id, other).status, 200);
  EXPECT_EQ(stored(id).secret, to_base64("key_manager sealed other"));
}

TEST_F(KeyManagersTest, APresetFillsWhatIsOpen) {
  const KeyManagerRow row = stored(create());
  const model::KnownKeyManager known = storage::known_key_manager(row);
  EXPECT_EQ(known.consumer_key_claim, "azp");
  EXPECT_EQ(known.application_value, "service-account-{client}");
  EXPECT_FALSE(known.key_set.empty());
  const KeyManagerRow own =
      stored(create(R"({"name":"Own","issuer":"https://b","consumerKeyClaim":"mine"})"));
  EXPECT_EQ(storage::known_key_manager(own).consumer_key_claim, "mine");
}

TEST_F(KeyManagersTest, TheInitialAccessTokenIsASecretOfItsOwn) {
  const std::string id = create(R"({"clientRegistrationEndpoint":"https://idp/register",
      "enableOAuthAppCreation":true,
      "additionalProperties":{"client_secret":"s3cret","initial_access_token":"init1al"}})");
  EXPECT_EQ(stored(id).registration_token, to_base64("key_manager registration sealed init1al"));
  EXPECT_EQ(stored(id).secret, to_base64("key_manager sealed s3cret"));
  const rest::TestAnswer shown = ask("GET /key-managers/" + id);
  EXPECT_EQ(shown.text.find("init1al"), std::string::npos);
  EXPECT_EQ(ask("PUT /key-managers/" + id, shown.text).status, 200);
  EXPECT_EQ(stored(id).registration_token, to_base64("key_manager registration sealed init1al"));
  EXPECT_TRUE(storage::makes_clients(stored(id)));
  EXPECT_FALSE(storage::makes_clients(stored(create(R"({"name":"Two","issuer":"https://b"})"))));
  EXPECT_FALSE(storage::makes_clients(stored(create(R"({"name":"Three","issuer":"https://c",
                 "clientRegistrationEndpoint":"https://idp/register"})"))));
}

TEST_F(KeyManagersTest, AClaimMappingOverrulesThePreset) {
  const model::KnownKeyManager known = storage::known_key_manager(stored(create(R"({
      "claimMapping":[{"remoteClaim":"mail","localClaim":"http://wso2.org/claims/username"},
                      {"remoteClaim":"scope","localClaim":"scope"},
                      {"remoteClaim":"realm_access.roles","localClaim":"scope"},
                      {"remoteClaim":"app","localClaim":"client_id"},
                      {"remoteClaim":"colour","localClaim":"http://wso2.org/claims/colour"},
                      {"remoteClaim":"","localClaim":"username"}]})")));
  EXPECT_EQ(known.user_claim, "mail");
  EXPECT_EQ(known.scopes_claim, "scope realm_access.roles");
  EXPECT_EQ(known.consumer_key_claim, "app");
}

TEST_F(KeyManagersTest, WhatCannotWorkIsRefused) {
  create();
  const auto refused = [](const char* name, const std::string& over, int status,
                          std::int64_t code) {
    return RefusalCase{name, "POST /key-managers", wish(over), status, code};
  };
  expect_refused(
      {refused("name_taken", R"({"issuer":"https://other"})", 409, 901402),
       refused("issuer_taken", R"({"name":"Two"})", 409, 909020),
       refused("our_own_name", R"({"name":"Resident Key Manager"})", 409, 901402),
       refused("everybodys_name", R"({"name":"all","issuer":"https://other"})", 409, 901402),
       refused("our_own_issuer", R"({"name":"Two","issuer":"https://ours"})", 400, 400),
       refused("neither_issuer_nor_introspection",
               R"({"name":"Two","issuer":"","introspectionEndpoint":""})", 400, 400),
       refused("nobody_verifies",
               R"({"name":"Two","issuer":"https://b","introspectionEndpoint":"",
                   "enableSelfValidationJWT":false})",
               400, 400),
       refused("no_url", R"({"name":"Two","issuer":"https://b","tokenEndpoint":"file:///x"})", 400,
               400),
       refused("keys_inside", R"({"name":"Two","issuer":"https://b",
                   "certificates":{"type":"JWKS","value":"http://inside/jwks"}})",
               400, 400),
       refused("no_keys", R"({"name":"Two","issuer":"https://b",
                   "certificates":{"type":"JWKS","value":"https://broken/jwks"}})",
               400, 400),
       {"unknown", "GET /key-managers/nobody", "", 404, 901411},
       {"another_name", "PUT /key-managers/nobody", wish(), 404, 901411},
       {"our_own", "DELETE /key-managers/Resident%20Key%20Manager", "", 409, 909007}});
  EXPECT_EQ(ask_as("subscriber", "POST /key-managers", wish()).status, 403);
}

TEST_F(KeyManagersTest, OneOfEveryTenantIsSeenByAllAndChangedInItsOwnPlace) {
  const rest::TestAnswer made = ask("POST /global-key-managers", wish(R"({"name":"Everybodys"})"));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(flag_or(made.object(), "global", false));
  const std::string id = made.field("id");
  create(R"({"issuer":"https://own"})");
  EXPECT_EQ(ask("GET /global-key-managers").list().size(), 1U);
  const rest::TestAnswer all = ask("GET /key-managers");
  ASSERT_EQ(all.list().size(), 3U);
  EXPECT_FALSE(flag_or(all.list().at(1).as_object(), "isGlobal", true));  // Cloak
  EXPECT_TRUE(flag_or(all.list().at(2).as_object(), "isGlobal", false));
  EXPECT_EQ(ask("GET /key-managers/" + id).status, 404);
  EXPECT_EQ(ask("GET /global-key-managers/" + id).field("name"), "Everybodys");
  expect_refused({{"name_taken", "POST /key-managers",
                   wish(R"({"name":"Everybodys","issuer":"https://b"})"), 409, 901402},
                  {"issuer_taken", "POST /key-managers", wish(R"({"name":"Two"})"), 409, 909020}});
  changes();
  EXPECT_EQ(ask("PUT /global-key-managers/" + id, wish(R"({"name":"Everybodys","enabled":false})"))
                .status,
            200);
  EXPECT_EQ(changes(), "key_manager ");
  EXPECT_EQ(ask("DELETE /global-key-managers/" + id).status, 200);
  EXPECT_EQ(ask("GET /global-key-managers").list().size(), 0U);
}

TEST_F(KeyManagersTest, SaysWhoUsesIt) {
  const std::string id = create();
  const auto count = [&](const std::string& which, const char* member) {
    const rest::TestAnswer answer = ask("GET /key-managers/" + id + which);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return number_or(answer.object(), member, -1);
  };
  EXPECT_EQ(count("/api-usages", "apiCount"), 0);
  EXPECT_EQ(count("/app-usages", "applicationCount"), 0);
  write([](Transaction& transaction) -> Result<> {
    for (const char* name : {"any", "other", "pizza", "pasta"}) {
      storage::ApiRow api;
      api.id = api.name = api.context = api.full_context = name;
      if (api.name == "other") api.document["keyManagers"] = json::array{"Resident Key Manager"};
      if (api.name.starts_with('p')) api.document["keyManagers"] = json::array{"x", "Cloak"};
      GH_CHECK(storage::ApiStore(transaction, 1).insert(api));
    }
    return {};
  });
  add_application("shop");
  add_application("bar");
  add_keys_of_cloak("shop");
  EXPECT_EQ(count("/api-usages", "apiCount"), 2);
  EXPECT_EQ(count("/app-usages", "applicationCount"), 1);
  const std::string usages = "GET /key-managers/" + id + "/api-usages?limit=1&offset=1";
  const rest::TestAnswer window = ask(usages);
  ASSERT_EQ(array_at(window.object(), "apis")->size(), 1U) << window.text;
  EXPECT_EQ(text_or(array_at(window.object(), "apis")->front().as_object(), "name", ""), "pizza");
  EXPECT_EQ(number_or(window.object(), "apiCount", 0), 2);
  EXPECT_EQ(ask("GET /key-managers/Resident%20Key%20Manager/api-usages").status, 200);
  EXPECT_EQ(ask("GET /key-managers/nobody/api-usages").code(), 901411);
  EXPECT_EQ(ask("GET /key-managers/nobody/app-usages").code(), 901411);
}

// A server that is silent now is asked again later (keymanager/foreign/provider_keys.h).
TEST_F(KeyManagersTest, ASilentServerCanBeSetUp) {
  const std::string id =
      create(R"({"certificates":{"type":"JWKS","value":"https://silent/jwks"}})");
  EXPECT_TRUE(stored(id).key_set.empty());
}

TEST_F(KeyManagersTest, GatewaysHearOfEveryChange) {
  changes();
  const std::string id = create();
  EXPECT_EQ(changes(), "key_manager ");
  EXPECT_EQ(ask("PUT /key-managers/" + id, wish(R"({"enabled":false})")).status, 200);
  EXPECT_EQ(changes(), "key_manager ");
  EXPECT_FALSE(stored(id).enabled);
  EXPECT_EQ(ask("PUT /key-managers/" + id, wish(R"({"name":"Other"})")).status, 400);
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(names("GET /key-managers", "name"), "Resident Key Manager Cloak ");
  EXPECT_EQ(ask("DELETE /key-managers/" + id).status, 200);
  EXPECT_EQ(changes(), "key_manager ");
  EXPECT_EQ(names("GET /key-managers", "name"), "Resident Key Manager ");
}

TEST_F(KeyManagersTest, OneInUseStays) {
  const std::string id = create();
  add_application("shop");
  add_keys_of_cloak("shop");
  const rest::TestAnswer answer = ask("DELETE /key-managers/" + id);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), 909021);
}

// Key mappings know a key manager by its name: two of one name would share their clients.
TEST_F(KeyManagersTest, OneOfEveryTenantHasANameThatNoTenantUses) {
  const auto row = [](const char* id, const char* name, const char* issuer) {
    KeyManagerRow made;
    made.id = id;
    made.name = name;
    made.issuer = issuer;
    return made;
  };
  const auto insert = [&](model::TenantNumber tenant, const KeyManagerRow& made) -> std::int64_t {
    const Result<> done = databases_.api_manager().write([&](Transaction& transaction) {
      return KeyManagerStore(transaction, tenant).insert(made);
    });
    return done ? 0 : done.error().number;
  };
  const model::TenantNumber all = model::every_tenant;
  EXPECT_EQ(insert(2, row("a", "Cloak", "https://a")), 0);
  EXPECT_EQ(insert(3, row("b", "Cloak", "https://a")), 0) << "two tenants know nothing of another";
  EXPECT_EQ(insert(all, row("c", "Cloak", "https://c")), 901402);
  EXPECT_EQ(insert(all, row("c", "Okta", "https://a")), 0);
  EXPECT_EQ(insert(2, row("d", "Okta", "https://d")), 901402);
  EXPECT_EQ(insert(4, row("e", "Own", "https://a")), 909020);
}

// The limit is the tenant's own: those that are everybody's do not count.
TEST_F(KeyManagersTest, ATenantHasAHundred) {
  const auto fill = [&](model::TenantNumber tenant, const std::string& prefix, int count) {
    return databases_.api_manager().write([&](Transaction& transaction) -> Result<> {
      for (int i = 0; i < count; ++i) {
        KeyManagerRow made;
        made.id = made.name = fmt::format("{}{}", prefix, i);
        GH_CHECK(KeyManagerStore(transaction, tenant).insert(made));
      }
      return {};
    });
  };
  EXPECT_TRUE(fill(model::every_tenant, "all", 100));
  EXPECT_TRUE(fill(2, "two", 100));
  EXPECT_FALSE(fill(2, "more", 1));
  EXPECT_EQ(databases_.api_manager()
                .read([](Transaction& transaction) {
                  return KeyManagerStore(transaction, 2).list_usable();
                })
                ->size(),
            200U);
}

}  // namespace
}  // namespace gatehouse::admin
