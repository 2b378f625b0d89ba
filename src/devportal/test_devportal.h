// SPDX-License-Identifier: Apache-2.0
//
// A developer portal for tests: real databases, a key manager that hands out what it is told.
//
// Thread:  one.
#pragma once

#include <gtest/gtest.h>

#include "core/digest.h"
#include "devportal/devportal.h"
#include "rest/documents.h"
#include "rest/test_portal.h"
#include "storage/apis/defaults.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/environment_store.h"
#include "storage/apis/policy_store.h"
#include "storage/apis/search_store.h"
#include "storage/registry/content_store.h"
#include "storage/test_databases.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::devportal {

inline constexpr std::string_view base = "/api/am/devportal/v3";

class DevPortalTest : public ::testing::Test {
 protected:
  DevPortalTest() {
    open();
    const Result<> tenant =
        databases_.user_manager().write([](storage::Transaction& transaction) -> Result<> {
          GH_CHECK(storage::TenantStore(transaction).insert({1, "carbon.super", true, {}}));
          return storage::seed_roles(transaction, 1);
        });
    EXPECT_TRUE(tenant) << tenant.error().message;
  }

  void open() {
    router_.reset();
    DevPortalOptions options;
    options.hash_password = [](const std::string& password) -> Result<std::string> {
      return "hash of " + password;
    };
    options.password_matches = [](const std::string& password,
                                  const std::string& hash) -> Result<bool> {
      return hash == "hash of " + password;
    };
    portal_ = std::make_unique<DevPortal>(databases_.all(), key_manager_, clock_, random_, options);
    router_ = std::make_unique<rest::Router>(
        rest::RouterOptions{.base_paths = {std::string(base)},
                            .openapi_json = rest::devportal_document.json,
                            .openapi_yaml = rest::devportal_document.yaml,
                            .after_write = nullptr},
        key_manager_);
    portal_->mount(*router_);
    EXPECT_TRUE(storage::add_defaults(databases_.api_manager(), {}, clock_, random_));
  }
  void restart() {
    portal_.reset();
    databases_.reopen();
    open();
  }

  rest::TestAnswer ask(const std::string& user, const std::string& call,
                       const std::string& body = "") {
    const std::size_t space = call.find(' ') + 1;
    return rest::ask(*router_, user, call.substr(0, space) + std::string(base) + call.substr(space),
                     body);
  }

  // An API as the publisher leaves it.
  std::string add_api(const std::string& name, const std::string& state = "PUBLISHED",
                      const std::string& role = "", const std::string& tag = "Food") {
    storage::ApiRow api;
    api.id = "api-" + name;
    api.provider_id = "user-creator";
    api.name = name;
    api.api_version = "1.0";
    api.context = "/" + to_lower(name);
    api.full_context = api.context + "/1.0";
    api.state = state;
    api.created_at = api.updated_at = clock_.now();
    api.document = parse_json_object(R"({"provider":"creator","type":"HTTP","visibility":"PUBLIC",
        "transport":["http","https"],"policies":["Gold","Unlimited"],"description":"Good food",
        "operations":[{"target":"/*","verb":"GET"}],"keyManagers":["all"],
        "endpointConfig":{"production_endpoints":{"url":"http://secret-backend"}},
        "scopes":[{"scope":{"name":"eat","description":"May eat"}}],
        "additionalProperties":[{"name":"a","value":"1","display":true},
                                {"name":"b","value":"2","display":false}]})")
                       .value();
    api.document["tags"] = json::array{tag};
    storage::SearchTerms terms;
    terms.add_words(name, 1);
    terms.add_mark(storage::tag_mark(tag));
    if (role.empty()) {
      terms.add_mark(std::string(storage::everybody_mark));
    } else {
      api.document["visibility"] = "RESTRICTED";
      api.document["visibleRoles"] = json::array{role};
      terms.add_mark(storage::role_mark(role));
    }
    const auto hash = storage::keep_content(
        databases_.registry(), 1,
        storage::content_of(R"({"openapi":"3.0.1","servers":[{"url":"/"}]})", "application/json"),
        clock_);
    api.definition_hash = *hash;
    const Result<> stored =
        databases_.api_manager().write([&](storage::Transaction& transaction) -> Result<> {
          GH_CHECK(storage::ApiStore(transaction, 1).insert(api));
          GH_CHECK(storage::SearchStore(transaction, 1).put(api.id, terms));
          return storage::DeploymentStore(transaction, 1)
              .put({api.id, "Default", "revision", "localhost", true, clock_.now()});
        });
    EXPECT_TRUE(stored) << stored.error().message << stored.error().detail;
    return api.id;
  }

  // `more`: members of its document.
  void add_environment(const std::string& name, const std::string& more) {
    storage::EnvironmentRow environment;
    environment.id = "env-" + name;
    environment.name = name;
    environment.document = parse_json_object("{" + more + "}").value();
    environment.created_at = clock_.now();
    write([&](storage::Transaction& transaction) {
      return storage::EnvironmentStore(transaction, 1).insert(environment);
    });
  }
  void deploy(const std::string& api, const std::string& environment, const std::string& vhost,
              bool display = true) {
    write([&](storage::Transaction& transaction) {
      return storage::DeploymentStore(transaction, 1)
          .put({api, environment, "revision", vhost, display, clock_.now()});
    });
  }
  void write(const std::function<Result<>(storage::Transaction&)>& body) {
    const Result<> done = databases_.api_manager().write(body);
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }

  std::string make_application(const std::string& name = "Kitchen",
                               const std::string& user = "subscriber") {
    const rest::TestAnswer answer =
        ask(user, "POST /applications",
            R"({"name":")" + name + R"(","throttlingPolicy":"10PerMin","tokenType":"JWT"})");
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.field("applicationId");
  }
  static std::string wish(const std::string& api, const std::string& application,
                          const std::string& policy = "Gold") {
    return R"({"apiId":")" + api + R"(","applicationId":")" + application +
           R"(","throttlingPolicy":")" + policy + R"("})";
  }
  static std::string keys_wish(const std::string& type = "PRODUCTION") {
    return R"({"keyType":")" + type +
           R"(","grantTypesToBeSupported":["client_credentials","password","refresh_token"],)"
           R"("callbackUrl":"https://a.example/back","validityTime":1800})";
  }
  // Kinds of the changes since the last call: "policy policy ".
  std::string changes() { return databases_.kinds_changed(); }
  std::string golden(std::string_view name, const rest::TestAnswer& answer) {
    return rest::differs_from_golden(GH_SOURCE_DIR, name, answer.body);
  }

  storage::TestDatabases databases_;
  FakeClock clock_{from_ms(1'795'000'000'000)};
  SeededRandom random_{42};
  rest::TestKeyManager key_manager_;
  std::unique_ptr<DevPortal> portal_;
  std::unique_ptr<rest::Router> router_;
};

}  // namespace gatehouse::devportal
