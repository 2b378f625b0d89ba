// SPDX-License-Identifier: Apache-2.0
#include "storage/tenant_removal.h"

#include <gmock/gmock.h>

#include "storage/apis/defaults.h"
#include "storage/test_databases.h"
#include "storage/users/default_roles.h"
#include "storage/users/tenant_store.h"
#include "storage/users/user_store.h"

namespace gatehouse::storage {
namespace {

using ::testing::Contains;

// Every table of a database that has a row of the tenant.
std::vector<std::string> tables_with(Database& database, std::span<const Migration> migrations,
                                     model::TenantNumber tenant) {
  std::vector<std::string> tables;
  EXPECT_TRUE(database.read([&](Transaction& transaction) -> Result<> {
    for (const std::string& table : tables_of_tenants(migrations)) {
      GH_TRY(row, transaction.query_one(
                      fmt::format("SELECT tenant_id FROM {} WHERE tenant_id = $1", table), tenant));
      if (row) tables.push_back(table);
    }
    return {};
  }));
  return tables;
}

TEST(TenantRemoval, KnowsEveryTableThatHasATenant) {
  TestDatabases databases;
  const auto check = [](Database& database, std::span<const Migration> migrations) {
    const auto rows = database.read([](Transaction& transaction) {
      return transaction.query(
          "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
          "WHERE m.type = 'table' AND c.name = 'tenant_id'");
    });
    ASSERT_TRUE(rows) << rows.error().detail;
    const std::vector<std::string> known = tables_of_tenants(migrations);
    for (const Row& row : *rows) {
      const std::string& table = row.text(0);
      const bool remembers = table == "um_tenant" || table == "um_outbox" || table == "am_change" ||
                             table == "am_revocation";
      EXPECT_EQ(std::ranges::find(known, table) != known.end(), !remembers) << table;
    }
  };
  check(databases.user_manager(), user_manager_migrations);
  check(databases.api_manager(), api_manager_migrations);
  check(databases.registry(), registry_migrations);
}

TEST(TenantRemoval, LeavesNothingOfTheTenantAndEverythingOfOthers) {
  TestDatabases databases;
  SystemClock clock;
  SystemRandom random;
  for (const model::TenantNumber tenant : {1, 2}) {
    ASSERT_TRUE(add_defaults(databases.api_manager(), {.tenant = tenant}, clock, random));
    ASSERT_TRUE(databases.user_manager().write([&](Transaction& transaction) -> Result<> {
      GH_CHECK(TenantStore(transaction).insert({tenant, fmt::format("t{}.org", tenant), true, {}}));
      GH_CHECK(seed_roles(transaction, tenant));
      return UserStore(transaction, tenant).insert({.id = "u", .name = "anna"});
    }));
  }
  ASSERT_TRUE(remove_tenant(databases.all(), 2));
  EXPECT_TRUE(tables_with(databases.user_manager(), user_manager_migrations, 2).empty());
  EXPECT_TRUE(tables_with(databases.api_manager(), api_manager_migrations, 2).empty());
  EXPECT_THAT(tables_with(databases.user_manager(), user_manager_migrations, 1),
              Contains("um_user"));
  EXPECT_THAT(tables_with(databases.api_manager(), api_manager_migrations, 1),
              Contains("am_policy"));
  EXPECT_EQ(remove_tenant(databases.all(), 2).error().code, ErrorCode::not_found);
}

TEST(TenantRemoval, NumbersAreNeverGivenOutTwice) {
  TestDatabases databases;
  const auto take = [&] {
    return *databases.user_manager().write(
        [](Transaction& transaction) { return TenantStore(transaction).take_number(); });
  };
  const model::TenantNumber first = take();
  EXPECT_GT(first, model::first_tenant);
  EXPECT_EQ(take(), first + 1);
}

}  // namespace
}  // namespace gatehouse::storage
