// SPDX-License-Identifier: Apache-2.0
#include "storage/users/user_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "storage/test_databases.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr model::TenantNumber tenant = model::first_tenant;
constexpr Instant begin = Instant(std::chrono::seconds(1'000));

class Users : public ::testing::TestWithParam<TestEngine> {
 protected:
  Users() {
    EXPECT_TRUE(databases_.user_manager().write(
        [](Transaction& transaction) { return seed_roles(transaction, tenant); }));
  }

  template <typename Function>
  auto write(Function function) {
    return databases_.user_manager().write(function);
  }

  Result<> add(const std::string& id, const std::string& name) {
    return write([&](Transaction& transaction) {
      return UserStore(transaction, tenant)
          .insert({.id = id, .name = name, .password = "hash", .created_at = begin});
    });
  }

  Result<> set_roles(const std::vector<std::string>& roles, const std::string& outbox_id) {
    return write([&](Transaction& transaction) {
      return UserStore(transaction, tenant).set_roles("u1", roles, {outbox_id, begin});
    });
  }

  std::vector<std::string> outbox() {
    return *databases_.user_manager().read(
        [](Transaction& transaction) -> Result<std::vector<std::string>> {
          GH_TRY(rows, transaction.query("SELECT kind, user_id FROM um_outbox "
                                         "WHERE tenant_id = 1 ORDER BY id"));
          std::vector<std::string> entries;
          for (const Row& row : rows) entries.push_back(row.text(0) + ' ' + row.text(1));
          return entries;
        });
  }

  TestDatabases databases_{GetParam()};
};

TEST_P(Users, AreFoundByNameInAnyCase) {
  ASSERT_TRUE(add("u1", "Anna"));
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    const UserStore store(transaction, tenant);
    EXPECT_EQ(store.find_by_name("aNNA")->id, "u1");
    EXPECT_EQ(store.find("u1")->name, "Anna");
    EXPECT_EQ(store.find("u2").error().code, ErrorCode::not_found);
    EXPECT_FALSE(UserStore(transaction, 2).find("u1"));
    return {};
  }));
  EXPECT_EQ(add("u2", "ANNA").error().number, 909001U);
}

TEST_P(Users, AreListedInPages) {
  for (const char* name : {"c", "A", "b"}) ASSERT_TRUE(add(name, name));
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    const Result<Listed<User>> page =
        UserStore(transaction, tenant).list({.offset = 1, .limit = 1});
    EXPECT_EQ(page->total, 3);
    EXPECT_EQ(page->items.size(), 1U);
    EXPECT_EQ(page->items.front().name, "b");
    return {};
  }));
}

TEST_P(Users, ThatLoseSomethingAreInTheOutboxOfTheSameTransaction) {
  ASSERT_TRUE(add("u1", "anna"));
  ASSERT_TRUE(set_roles({"Internal/creator"}, "1"));
  ASSERT_TRUE(write([](Transaction& transaction) -> Result<> {
    UserStore store(transaction, tenant);
    User user = *store.find("u1");
    user.email = "a@b";
    GH_CHECK(store.update(user, {"2", begin}));  // nothing is taken away: no entry
    user = *store.find("u1");
    user.status = UserStatus::locked;
    GH_CHECK(store.update(user, {"3", begin}));
    EXPECT_EQ(store.update(user, {"4", begin}).error().code, ErrorCode::conflict);
    GH_CHECK(store.set_password("u1", "other", {"5", begin}));
    GH_CHECK(store.set_password("u1", "third", {"55", begin}, Before::ended));
    return store.remove("u1", {"6", begin});
  }));
  EXPECT_THAT(outbox(), ElementsAre("roles u1", "status u1", "password u1", "password_reset u1",
                                    "removed u1"));

  const Result<> undone = write([](Transaction& transaction) -> Result<> {
    UserStore store(transaction, tenant);
    GH_CHECK(store.insert({.id = "u2", .name = "b"}));
    GH_CHECK(store.set_roles("u2", {"admin"}, {"7", begin}));
    return store.set_roles("u2", {"no such role"}, {"8", begin});
  });
  EXPECT_EQ(undone.error().number, 900602U);
  EXPECT_EQ(outbox().size(), 5U);
}

TEST_P(Users, HaveAPasswordThatHoldsUntilTheNextLoginOnlyIfSomebodySaysSo) {
  ASSERT_TRUE(add("u1", "anna"));
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    UserStore store(transaction, tenant);
    const auto holds = [&] { return store.find("u1")->password_holds; };
    EXPECT_EQ(holds(), PasswordHolds::until_changed);
    // As in rows of before the column.
    GH_CHECK(
        transaction.execute("UPDATE um_user SET must_change_password = NULL "
                            "WHERE tenant_id = $1 AND id = $2",
                            tenant, "u1"));
    EXPECT_EQ(holds(), PasswordHolds::until_changed);
    GH_CHECK(store.set_password_holds("u1", PasswordHolds::until_login));
    EXPECT_EQ(holds(), PasswordHolds::until_login);
    EXPECT_EQ(store.find_by_name("anna")->password_holds, PasswordHolds::until_login);
    GH_CHECK(store.update(*store.find("u1"), {"1", begin}));
    EXPECT_EQ(holds(), PasswordHolds::until_login);
    GH_CHECK(store.set_password("u1", "other", {"2", begin}));
    EXPECT_EQ(holds(), PasswordHolds::until_changed);
    User fresh;
    fresh.id = "u2";
    fresh.name = "bert";
    fresh.password_holds = PasswordHolds::until_login;
    GH_CHECK(store.insert(fresh));
    EXPECT_EQ(store.list({.offset = 1, .limit = 1})->items.front().password_holds,
              PasswordHolds::until_login);
    return {};
  }));
}

TEST_P(Users, GetAnotherNameIfNobodyHasIt) {
  ASSERT_TRUE(add("u1", "anna"));
  ASSERT_TRUE(add("u2", "berta"));
  const auto rename = [&](const std::string& name, const std::string& outbox_id) {
    return write([&](Transaction& transaction) {
      return UserStore(transaction, tenant).rename("u1", name, {outbox_id, begin});
    });
  };
  EXPECT_EQ(rename("BERTA", "1").error().code, ErrorCode::conflict);
  EXPECT_TRUE(rename("Anna", "2"));
  EXPECT_TRUE(rename("anna.b", "3"));
  EXPECT_THAT(outbox(), ElementsAre("name u1", "name u1"));
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    const UserStore store(transaction, tenant);
    EXPECT_EQ(store.find_by_name("ANNA.B")->id, "u1");
    EXPECT_FALSE(store.find_by_name("anna"));
    EXPECT_EQ(UserStore(transaction, 2).rename("u1", "x", {"4", begin}).error().code,
              ErrorCode::not_found);
    return {};
  }));
}

TEST_P(Users, OfADirectoryAreListedByTheirIdsThere) {
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    UserStoreSettings links(transaction, tenant);
    for (const char* id : {"c", "a", "B", "d"}) {
      GH_CHECK(links.link({"here", id}, std::string("user ") + id));
    }
    GH_CHECK(links.link({"elsewhere", "b"}, "another"));
    GH_CHECK(UserStoreSettings(transaction, 2).link({"here", "e"}, "of another tenant"));
    std::vector<std::string> found;
    for (std::string after;;) {
      GH_TRY(page, links.linked({"here", after}, 2));
      if (page.empty()) break;
      EXPECT_LE(page.size(), 2U);
      for (const LinkedUser& user : page) found.push_back(user.external_id + ' ' + user.user_id);
      after = page.back().external_id;
    }
    EXPECT_THAT(found, ElementsAre("B user B", "a user a", "c user c", "d user d"));
    return {};
  }));
}

TEST_P(Users, HoldTheScopesOfTheirRoles) {
  ASSERT_TRUE(add("u1", "anna"));
  const auto scopes = [&] {
    return *write([](Transaction& transaction) {
      return RoleStore(transaction, tenant).scopes_of_user("u1");
    });
  };
  EXPECT_TRUE(scopes().empty());
  ASSERT_TRUE(set_roles({"Internal/creator"}, "1"));
  EXPECT_THAT(scopes(), Contains("apim:api_create"));
  EXPECT_THAT(scopes(), Not(Contains("apim:api_publish")));
  ASSERT_TRUE(set_roles({"Internal/publisher", "Internal/everyone"}, "2"));
  EXPECT_THAT(scopes(), Contains("apim:api_publish"));
  EXPECT_THAT(scopes(), Not(Contains("apim:api_create")));
  ASSERT_TRUE(write([](Transaction& transaction) {
    return RoleStore(transaction, tenant).set_scope("x", {std::string(everyone_role)});
  }));
  EXPECT_THAT(scopes(), Contains("x"));
  EXPECT_THAT(*write([](Transaction& transaction) {
    return UserStore(transaction, tenant).roles_of("u1");
  }),
              ElementsAre("Internal/everyone", "Internal/publisher"));
}

TEST_P(Users, RolesAreKeptWhileTheyAreNeeded) {
  ASSERT_TRUE(add("u1", "anna"));
  const auto insert = [&] {
    return write([](Transaction& transaction) {
      return RoleStore(transaction, tenant).insert({"reader", false});
    });
  };
  const auto remove = [&](std::string_view name) {
    return write(
        [&](Transaction& transaction) { return RoleStore(transaction, tenant).remove(name); });
  };
  ASSERT_TRUE(insert());
  EXPECT_EQ(insert().error().number, 909002U);
  ASSERT_TRUE(set_roles({"reader"}, "1"));
  EXPECT_EQ(remove("reader").error().number, 909006U);
  ASSERT_TRUE(set_roles({}, "2"));
  EXPECT_TRUE(remove("reader"));
  EXPECT_EQ(remove("reader").error().number, 900607U);
  EXPECT_EQ(remove("admin").error().number, 909007U);
}

TEST_P(Users, TenantsHaveADomainOfTheirOwn) {
  EXPECT_TRUE(write([](Transaction& transaction) -> Result<> {
    TenantStore store(transaction);
    GH_CHECK(store.insert({1, std::string(first_tenant_domain), true, begin}));
    GH_CHECK(store.insert({2, "example.com", true, begin}));
    EXPECT_EQ(store.find_by_domain("example.com")->number, 2);
    EXPECT_EQ(store.list({})->total, 2);
    GH_CHECK(store.update({2, "example.com", false, begin}, {"1", begin}));
    EXPECT_FALSE(store.find(2)->active);
    GH_CHECK(store.remove(2));
    EXPECT_FALSE(store.find(2));
    return store.insert({3, "x", true, begin});
  }));
  EXPECT_EQ(
      write([](Transaction& transaction) {
        return TenantStore(transaction).insert({4, std::string(first_tenant_domain), true, begin});
      })
          .error()
          .code,
      ErrorCode::conflict);
}

// The reference's table, without the two roles that a server of ours does not have.
TEST_P(Users, DefaultScopesAreThoseOfTheReference) {
  const char* folder = std::getenv("GATEHOUSE_REFERENCE");
  if (folder == nullptr) GTEST_SKIP() << "skipped: GATEHOUSE_REFERENCE is not set";
  std::ifstream file(std::string(folder) + "/contracts/tenant-conf.json");
  std::stringstream text;
  text << file.rdbuf();
  const Result<json::object> configuration = parse_json_object(text.str());
  ASSERT_TRUE(configuration) << configuration.error().message;
  EXPECT_TRUE(write([&](Transaction& transaction) -> Result<> {
    const json::value& list = configuration->at("RESTAPIScopes").at("Scope");
    for (const json::value& entry : list.as_array()) {
      const std::string scope(entry.at("Name").as_string());
      GH_TRY(roles, RoleStore(transaction, tenant).roles_of_scope(scope));
      EXPECT_FALSE(roles.empty()) << scope;
      const std::string_view expected = entry.at("Roles").as_string();
      for (const std::string& role : roles) {
        const bool ours = role == admin_role;
        EXPECT_TRUE(ours || expected.find(role) != std::string_view::npos) << scope << ' ' << role;
      }
      for (const char* role : {"admin", "Internal/creator", "Internal/publisher",
                               "Internal/subscriber", "Internal/devops", "Internal/observer"}) {
        if (expected.find(role) == std::string_view::npos) continue;
        EXPECT_THAT(roles, Contains(role)) << scope;
      }
    }
    return {};
  }));
}

INSTANTIATE_TEST_SUITE_P(Engines, Users,
                         ::testing::Values(TestEngine::sqlite, TestEngine::postgresql),
                         [](const auto& engine) { return to_text(engine.param); });

}  // namespace
}  // namespace gatehouse::storage
