// SPDX-License-Identifier: Apache-2.0
#include "storage/tenant_removal.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "storage/users/tenant_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::array<std::string_view, 4> kept{"um_tenant", "um_outbox", "am_change",
                                               "am_revocation"};

// The word behind `beginning`, or nothing when the statement begins otherwise.
std::string table_after(std::string_view statement, std::string_view beginning) {
  if (!statement.starts_with(beginning)) return "";
  const std::vector<std::string> words = split_words(statement.substr(beginning.size()));
  return words.empty() ? "" : words.front();
}

Result<> empty_tables(Transaction& transaction, std::span<const Migration> migrations,
                      model::TenantNumber tenant) {
  for (const std::string& table : tables_of_tenants(migrations)) {
    GH_CHECK(
        transaction.execute(fmt::format("DELETE FROM {} WHERE tenant_id = $1", table), tenant));
  }
  return {};
}

// What gateways know of every tenant, whether its APIs are served or not.
Result<> tell_gateways(Transaction& transaction, model::TenantNumber tenant) {
  using model::ChangeKind;
  const auto tell = [&](ChangeKind kind, std::string_view sql) -> Result<> {
    GH_TRY(rows, transaction.query(sql, tenant));
    for (const Row& row : rows) transaction.changed({kind, tenant, row.text(0), {}, {}});
    return {};
  };
  GH_CHECK(tell(ChangeKind::subscription, "SELECT id FROM am_subscription WHERE tenant_id = $1"));
  GH_CHECK(tell(ChangeKind::application, "SELECT id FROM am_application WHERE tenant_id = $1"));
  GH_CHECK(tell(ChangeKind::key_mapping, "SELECT id FROM am_key_mapping WHERE tenant_id = $1"));
  GH_CHECK(tell(ChangeKind::api_key, "SELECT id FROM am_api_key WHERE tenant_id = $1"));
  return tell(ChangeKind::policy, "SELECT id FROM am_policy WHERE tenant_id = $1");
}

}  // namespace

std::vector<std::string> tables_of_tenants(std::span<const Migration> migrations) {
  std::vector<std::string> tables;
  for (const Migration& migration : migrations) {
    for (const std::string& statement : statements_of(migration.sql)) {
      std::erase(tables, table_after(statement, "DROP TABLE "));
      const std::string renamed = table_after(statement, "ALTER TABLE ");
      const std::size_t to = statement.find(" RENAME TO ");
      if (to != statement.npos) {
        std::ranges::replace(tables, renamed, table_after(statement.substr(to), " RENAME TO "));
      }
      const std::string table = table_after(statement, "CREATE TABLE ");
      const bool of_tenants = statement.find("tenant_id") != statement.npos;
      if (table.empty() || !of_tenants || std::ranges::find(kept, table) != kept.end()) continue;
      tables.push_back(table);
    }
  }
  return tables;
}

Result<> remove_tenant(Databases& databases, model::TenantNumber tenant) {
  const Result<> emptied = databases.api_manager().write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(tell_gateways(transaction, tenant));
    return empty_tables(transaction, api_manager_migrations, tenant);
  });
  GH_CHECK(emptied);
  GH_CHECK(databases.registry().write([&](Transaction& transaction) {
    return empty_tables(transaction, registry_migrations, tenant);
  }));
  return databases.user_manager().write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(empty_tables(transaction, user_manager_migrations, tenant));
    return TenantStore(transaction).remove(tenant);
  });
}

}  // namespace gatehouse::storage
