// SPDX-License-Identifier: Apache-2.0
//
// The admin API on real databases in a temporary folder, behind its router; for the tests of this
// folder.
//
// Thread:  one.
#pragma once

#include <gtest/gtest.h>

#include "admin/admin.h"
#include "rest/documents.h"
#include "rest/test_portal.h"
#include "storage/apis/application_store.h"
#include "storage/apis/defaults.h"
#include "storage/apis/subscription_store.h"
#include "storage/test_databases.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::admin {

inline constexpr std::string_view base = "/api/am/admin/v4";

// How a call that is refused is answered.
struct RefusalCase {
  const char* name;
  std::string call;
  std::string body;
  int status;
  std::int64_t code;
};

class AdminTest : public ::testing::Test {
 protected:
  AdminTest() {
    open();
    const Result<> seeded =
        databases_.user_manager().write([](storage::Transaction& transaction) -> Result<> {
          GH_CHECK(storage::TenantStore(transaction).insert({1, "carbon.super", true, {}}));
          GH_CHECK(storage::seed_roles(transaction, 1));
          storage::UserStore users(transaction, 1);
          // The callers of rest/test_portal.h, under the ids by which it knows them.
          for (const char* name : {"admin", "subscriber"}) {
            GH_CHECK(users.insert({.id = "user-" + std::string(name), .name = name}));
          }
          return {};
        });
    EXPECT_TRUE(seeded) << seeded.error().message << seeded.error().detail;
  }

  void open() {
    router_.reset();
    AdminOptions options;
    options.hash_password = [](const std::string& password) -> Result<std::string> {
      return "hash of " + password;
    };
    options.password_matches = [](const std::string& password,
                                  const std::string& hash) -> Result<bool> {
      return hash == "hash of " + password;
    };
    options.seal = [](std::string_view secret, std::string_view context) {
      return fmt::format("{} sealed {}", context, secret);
    };
    options.issuer = "https://ours";
    options.signing_algorithms = {"RS256", "ES256"};
    admin_ = std::make_unique<Admin>(databases_.all(), key_manager_, clock_, random_, options);
    router_ = std::make_unique<rest::Router>(
        rest::RouterOptions{.base_paths = {std::string(base)},
                            .openapi_json = rest::admin_document.json,
                            .openapi_yaml = rest::admin_document.yaml,
                            .after_write = nullptr},
        key_manager_);
    admin_->mount(*router_);
    EXPECT_TRUE(storage::add_defaults(databases_.api_manager(), {}, clock_, random_));
    changes();
  }
  // As after a restart of the process.
  void restart() {
    admin_.reset();
    databases_.reopen();
    open();
  }

  // `call` is "GET /users".
  rest::TestAnswer ask_as(const std::string& user, const std::string& call,
                          const std::string& body = "") {
    const std::size_t space = call.find(' ') + 1;
    return rest::ask(*router_, user, call.substr(0, space) + std::string(base) + call.substr(space),
                     body);
  }
  rest::TestAnswer ask(const std::string& call, const std::string& body = "") {
    return ask_as("admin", call, body);
  }
  void expect_refused(const std::vector<RefusalCase>& cases) {
    for (const RefusalCase& each : cases) {
      const rest::TestAnswer answer = ask(each.call, each.body);
      EXPECT_EQ(answer.status, each.status) << each.name << ": " << answer.text;
      EXPECT_EQ(answer.code(), each.code) << each.name << ": " << answer.text;
    }
  }
  // One member of each entry of a list: "admin subscriber ".
  std::string names(const std::string& call, std::string_view member) {
    std::string text;
    const rest::TestAnswer answer = ask(call);
    for (const json::value& item : answer.list()) {
      text += text_or(item.as_object(), member, "?") + " ";
    }
    return text;
  }
  // Nothing, or how a body differs from tests/golden/rest/<name>.json.
  static std::string golden(std::string_view name, const rest::TestAnswer& answer) {
    return rest::differs_from_golden(GH_SOURCE_DIR, name, answer.body);
  }

  void write(const std::function<Result<>(storage::Transaction&)>& body) {
    const Result<> done = databases_.api_manager().write(body);
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  void add_application(const std::string& id, const std::string& owner = "subscriber",
                       const std::string& policy = "10PerMin") {
    storage::ApplicationRow application;
    application.id = id;
    application.owner_id = "user-" + owner;
    application.name = "Name of " + id;
    application.policy = policy;
    application.token_type = "JWT";
    application.status = "APPROVED";
    application.document = {{"owner", owner}, {"description", "For tests"}};
    application.created_at = application.updated_at = clock_.now();
    write([&](storage::Transaction& transaction) {
      return storage::ApplicationStore(transaction, 1).insert(application);
    });
  }
  // Kinds of the changes since the last call: "policy policy ".
  std::string changes() { return databases_.kinds_changed(); }

  storage::TestDatabases databases_;
  FakeClock clock_{from_ms(1'795'000'000'000)};
  SeededRandom random_{42};
  rest::TestKeyManager key_manager_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<rest::Router> router_;
};

}  // namespace gatehouse::admin
