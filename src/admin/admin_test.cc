// SPDX-License-Identifier: Apache-2.0
#include "admin/admin.h"

#include "admin/test_admin.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/gateway_store.h"
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;

TEST_F(AdminTest, ServesEveryOperationOfItsDocument) {
  const Result<> complete = router_->check();
  EXPECT_TRUE(complete) << complete.error().message;
}

TEST_F(AdminTest, SettingsAnswerInTheFormOfTheContract) {
  EXPECT_EQ(golden("admin-settings", ask("GET /settings")), "");
  EXPECT_EQ(golden("admin-key-managers", ask("GET /key-managers")), "");
  EXPECT_EQ(golden("admin-tenant-info", ask("GET /tenant-info/admin")), "");
  EXPECT_EQ(golden("admin-tenant-info", ask("GET /tenant-info/admin@carbon.super")), "");
  EXPECT_EQ(ask("GET /tenant-info/nobody").code(), 901502);
  EXPECT_EQ(ask_as("", "GET /settings").status, 401);
}

// --- Environments

std::string environment(const std::string& name, const std::string& more = "") {
  return R"({"name":")" + name + R"(","vhosts":[{"host":"gw.example.com"}])" + more + "}";
}

std::string permissions(const std::string& type, const std::string& roles) {
  return R"(,"permissions":{"permissionType":")" + type + R"(","roles":[)" + roles + "]}";
}

std::string at_hosts(const std::string& vhosts) {
  return R"({"name":"Asia","vhosts":[)" + vhosts + "]}";
}

TEST_F(AdminTest, EnvironmentsAnswerInTheFormOfTheContract) {
  const rest::TestAnswer made = ask("POST /environments", environment("Europe"));
  EXPECT_EQ(made.status, 201) << made.text;
  const std::string path = "/environments/" + made.field("id");
  EXPECT_EQ(made.headers.value_or("Location", ""), std::string(base) + path);
  EXPECT_EQ(golden("admin-environment", made), "");
  EXPECT_EQ(golden("admin-environment", ask("GET " + path)), "");
  EXPECT_EQ(golden("admin-environments", ask("GET /environments")), "");
}

TEST_F(AdminTest, AnEnvironmentKeepsWhatItWasGiven) {
  const std::string body = R"({"name":"Inside","displayName":"Behind the wall","type":"sandbox",
      "provider":"wso2","description":"For trials","mode":"READ_ONLY",
      "vhosts":[{"host":"in.example.com","httpContext":"apis","httpPort":80,"httpsPort":443,
                 "wsHost":"ws.example.com","wsPort":8080,"wssHost":"ws.example.com","wssPort":8443},
                {"host":"[fd00::1]"}],
      "permissions":{"permissionType":"ALLOW","roles":["Internal/publisher"]}})";
  const rest::TestAnswer made = ask("POST /environments", body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(golden("admin-environment-inside", made), "");
  restart();
  EXPECT_EQ(ask("GET /environments/" + made.field("id")).body, made.body);
}

TEST_F(AdminTest, GatewaysHearOfAnotherTypeAndOfNothingElse) {
  const std::string path =
      "/environments/" + ask("POST /environments", environment("Europe")).field("id");
  write([&](Transaction& transaction) -> Result<> {
    storage::DeploymentStore deployments(transaction, 1);
    GH_CHECK(deployments.put({"pizza", "Europe", "one", "gw.example.com", true, clock_.now()}));
    GH_CHECK(deployments.put({"pizza", "Default", "one", "localhost", true, clock_.now()}));
    GH_CHECK(deployments.put({"pasta", "Default", "two", "localhost", true, clock_.now()}));
    return deployments.put({"wine", "Europe", "three", "gw.example.com", true, clock_.now()});
  });
  changes();
  EXPECT_EQ(ask("PUT " + path, environment("Europe", R"(,"description":"Over there")")).status,
            200);
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(ask("PUT " + path, environment("Europe", R"(,"type":"production")")).status, 200);
  EXPECT_EQ(changes(), "api api ");
}

TEST_F(AdminTest, AnEnvironmentHasTheGatewaysThatServeIt) {
  const std::string path =
      "/environments/" + ask("POST /environments", environment("Europe")).field("id");
  write([&](Transaction& transaction) -> Result<> {
    storage::GatewayStore gateways(transaction);
    const Instant now = clock_.now();
    const Instant before = now - storage::GatewayStore::live_max - std::chrono::seconds(1);
    GH_CHECK(gateways.put({"gw-1", {"Default", "Europe"}, 1, now, now}));
    GH_CHECK(gateways.put({"gw-2", {"Default"}, 1, now, now}));
    return gateways.put({"gw-3", {"Europe"}, 1, before, before});
  });
  EXPECT_EQ(golden("admin-environment-gateways", ask("GET " + path + "/gateways")), "");
  EXPECT_EQ(ask("GET /environments/none/gateways").code(), 900506);
}

TEST_F(AdminTest, AnEnvironmentKeepsItsName) {
  const std::string path =
      "/environments/" + ask("POST /environments", environment("Europe")).field("id");
  const rest::TestAnswer changed =
      ask("PUT " + path, environment("Europe", R"(,"description":"Over there")"));
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.field("description"), "Over there");
  restart();
  EXPECT_EQ(ask("GET " + path).body, changed.body);
  EXPECT_EQ(ask("PUT " + path, environment("Asia")).code(), 900508);
  EXPECT_EQ(names("GET /environments", "name"), "Default Europe ");
  EXPECT_EQ(ask("DELETE " + path).status, 200);
  EXPECT_EQ(names("GET /environments", "name"), "Default ");
}

TEST_F(AdminTest, RefusesWhatAnEnvironmentCannotBe) {
  const std::string path =
      "/environments/" + ask("POST /environments", environment("Europe")).field("id");
  const rest::TestAnswer all = ask("GET /environments");
  const std::string built_in = text_or(all.list()[0].as_object(), "id", "");
  write([&](Transaction& transaction) {
    return storage::DeploymentStore(transaction, 1)
        .put({"pizza", "Europe", "revision", "gw.example.com", true, clock_.now()});
  });
  const std::string call = "POST /environments";
  expect_refused(
      {{"no body", call, "", 400, 400},
       {"no name", call, R"({"vhosts":[{"host":"h"}]})", 400, 400},
       {"no host", call, R"({"name":"Asia","vhosts":[]})", 400, 400},
       {"a name with a space", call, environment("Far East"), 400, 400},
       {"an unknown member", call, environment("Asia", R"(,"colour":"red")"), 400, 400},
       {"an unknown mode", call, environment("Asia", R"(,"mode":"NEVER")"), 400, 400},
       {"an unknown type", call, environment("Asia", R"(,"type":"test")"), 400, 400},
       {"a host with a path", call, at_hosts(R"({"host":"gw.example.com/x"})"), 400, 400},
       {"a port beyond", call, at_hosts(R"({"host":"gw","wssPort":65536})"), 400, 400},
       {"a host twice", call, at_hosts(R"({"host":"gw"},{"host":"GW"})"), 400, 400},
       {"for a role that is none", call, environment("Asia", permissions("DENY", R"("Nobody")")),
        400, 900602},
       {"for nobody", call, environment("Asia", permissions("ALLOW", "")), 400, 900602},
       {"for whom it pleases", call, environment("Asia", permissions("SOME", "")), 400, 400},
       {"a change for a role that is none", "PUT " + path,
        environment("Europe", permissions("ALLOW", R"("Nobody")")), 400, 900602},
       {"the name of another", call, environment("Europe"), 409, 900507},
       {"an unknown one", "GET /environments/none", "", 404, 900506},
       {"a change of none", "PUT /environments/none", environment("Asia"), 404, 900506},
       {"the built-in one", "DELETE /environments/" + built_in, "", 400, 900508},
       {"one with an API", "DELETE " + path, "", 409, 900516}});
  EXPECT_EQ(names("GET /environments", "name"), "Default Europe ");
}

// --- Applications

TEST_F(AdminTest, ApplicationsAnswerInTheFormOfTheContract) {
  add_application("kitchen");
  add_application("bar", "admin");
  EXPECT_EQ(golden("admin-applications", ask("GET /applications")), "");
  EXPECT_EQ(golden("admin-application", ask("GET /applications/kitchen")), "");
}

TEST_F(AdminTest, ApplicationsAreListedByUserAndName) {
  add_application("kitchen");
  add_application("bar", "admin");
  EXPECT_EQ(names("GET /applications", "applicationId"), "bar kitchen ");
  EXPECT_EQ(names("GET /applications?user=subscriber", "applicationId"), "kitchen ");
  EXPECT_EQ(names("GET /applications?name=Name%20of%20bar", "applicationId"), "bar ");
  EXPECT_EQ(names("GET /applications?limit=1&offset=1", "applicationId"), "kitchen ");
  expect_refused({{"nobody's", "GET /applications?user=nobody", "", 404, 901502},
                  {"no such", "GET /applications/none", "", 404, 900307},
                  {"removing none", "DELETE /applications/none", "", 404, 900307}});
  EXPECT_EQ(ask_as("subscriber", "GET /applications").status, 403);
}

class ApplicationWithKeys : public AdminTest {
 protected:
  ApplicationWithKeys() {
    add_application("kitchen");
    key_manager_.clients()["client-1"] = {};
    storage::KeyMapping mapping;
    mapping.id = "keys";
    mapping.application_id = "kitchen";
    mapping.client_id = "client-1";
    mapping.key_manager = "Resident Key Manager";
    write([&](Transaction& transaction) -> Result<> {
      storage::SubscriptionRow subscription;
      subscription.id = "order";
      subscription.api_id = "pizza";
      subscription.application_id = "kitchen";
      subscription.policy = "Gold";
      subscription.status = "UNBLOCKED";
      GH_CHECK(storage::SubscriptionStore(transaction, 1).insert(subscription));
      return storage::KeyMappingStore(transaction).insert(mapping);
    });
    changes();
  }
};

TEST_F(ApplicationWithKeys, IsRemovedWithAllThatItHas) {
  EXPECT_EQ(number_or(ask("GET /applications/kitchen").object(), "subscriptionCount", 0), 1);
  EXPECT_EQ(ask("DELETE /applications/kitchen").status, 200);
  EXPECT_TRUE(key_manager_.clients().empty());
  EXPECT_EQ(ask("GET /applications/kitchen").status, 404);
  const std::string told = changes();
  for (const char* kind : {"subscription ", "key_mapping ", "application "}) {
    EXPECT_NE(told.find(kind), std::string::npos) << kind << " in " << told;
  }
}

// The client stays behind at the key manager, and opens nothing any more.
TEST_F(ApplicationWithKeys, IsRemovedEvenIfTheKeyManagerIsAway) {
  key_manager_.away = true;
  EXPECT_EQ(ask("DELETE /applications/kitchen").status, 200);
  EXPECT_EQ(ask("GET /applications/kitchen").status, 404);
}

TEST_F(ApplicationWithKeys, GetsAnotherOwner) {
  const std::string call = "POST /applications/kitchen/change-owner?owner=";
  EXPECT_EQ(ask(call + "admin").status, 200);
  EXPECT_EQ(ask("GET /applications/kitchen").field("owner"), "admin");
  EXPECT_EQ(names("GET /applications?user=admin", "applicationId"), "kitchen ");
  EXPECT_EQ(changes(), "application ");
  EXPECT_EQ(text_or(key_manager_.clients()["client-1"].settings, "owner_id", ""), "user-admin")
      << json::serialize(key_manager_.clients()["client-1"].settings);
  expect_refused({{"to nobody", call + "nobody", "", 404, 901502},
                  {"of none", "POST /applications/none/change-owner?owner=admin", "", 404, 900307},
                  {"without owner", "POST /applications/kitchen/change-owner", "", 400, 400}});
}

// They might give another secret at that occasion, and nobody could be told.
TEST_F(ApplicationWithKeys, GetsAnotherOwnerOfWhichOtherKeyManagersDoNotHear) {
  write([](Transaction& transaction) {
    storage::KeyMapping mapping;
    mapping.id = "keys-elsewhere";
    mapping.application_id = "kitchen";
    mapping.client_id = "theirs";
    mapping.key_manager = "Elsewhere";
    return storage::KeyMappingStore(transaction).insert(mapping);
  });
  EXPECT_EQ(ask("POST /applications/kitchen/change-owner?owner=admin").status, 200);
  EXPECT_TRUE(key_manager_.provider_clients_made.empty());
  EXPECT_EQ(text_or(key_manager_.clients()["client-1"].settings, "owner_id", ""), "user-admin");
}

}  // namespace

}  // namespace gatehouse::admin
