// SPDX-License-Identifier: Apache-2.0
#include "admin/test_admin.h"
#include "storage/apis/api_key_store.h"

namespace gatehouse::admin {
namespace {

class ApiKeys : public AdminTest {
 protected:
  ApiKeys() {
    add_application("kitchen");
    add_key("first", "kitchen");
    add_key("second", "");
    changes();
  }
  void add_key(const std::string& id, const std::string& application,
               model::TenantNumber tenant = 1) {
    storage::ApiKeyRow key;
    key.id = id;
    key.hash = "hash of " + id + " in " + std::to_string(tenant);
    key.name = "Name of " + id;
    key.application_id = application;
    key.user_id = "user-gone";
    key.created_at = clock_.now();
    if (id == "first") key.expires_at = key.created_at + std::chrono::hours(1);
    clock_.advance(std::chrono::seconds(1));
    write([&](storage::Transaction& transaction) {
      return storage::ApiKeyStore(transaction, tenant).insert(key);
    });
  }
};

TEST_F(ApiKeys, AnswerInTheFormOfTheContract) {
  EXPECT_EQ(golden("admin-api-keys", ask("GET /api-keys")), "");
}

TEST_F(ApiKeys, AreListedByPages) {
  EXPECT_EQ(names("GET /api-keys?limit=1", "keyUUID"), "first ");
  EXPECT_EQ(names("GET /api-keys?limit=1&offset=1", "keyUUID"), "second ");
  EXPECT_EQ(names("GET /api-keys?offset=2", "keyUUID"), "");
}

TEST_F(ApiKeys, SayWhoseTheyAre) {
  write([&](storage::Transaction& transaction) {
    return storage::ApiKeyStore(transaction, 1).give("kitchen", "user-subscriber");
  });
  EXPECT_EQ(names("GET /api-keys", "user"), "subscriber  ");
}

TEST_F(ApiKeys, AreRevokedByTheAdministratorOfTheirTenant) {
  add_key("theirs", "", 2);
  EXPECT_EQ(ask("POST /api-keys/revoke", R"({"keyUUID":"first"})").status, 200);
  EXPECT_EQ(changes(), "api_key ");
  EXPECT_EQ(names("GET /api-keys", "keyUUID"), "second ");
  expect_refused({{"revoked", "POST /api-keys/revoke", R"({"keyUUID":"first"})", 404, 909008},
                  {"another's", "POST /api-keys/revoke", R"({"keyUUID":"theirs"})", 404, 909008},
                  {"none", "POST /api-keys/revoke", "{}", 400, 400}});
  EXPECT_EQ(ask_as("subscriber", "GET /api-keys").code(), 900910);
  EXPECT_EQ(ask_as("", "GET /api-keys").code(), 900902);
}

}  // namespace
}  // namespace gatehouse::admin
