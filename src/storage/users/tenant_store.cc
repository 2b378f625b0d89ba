// SPDX-License-Identifier: Apache-2.0
#include "storage/users/tenant_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t tenant_exists = 909010;
constexpr std::uint32_t tenant_not_found = 909011;

Tenant tenant_from(const Row& row) {
  return {row.number(0), row.text(1), row.flag(2), row.instant(3)};
}

Result<Tenant> one(const std::optional<Row>& row, std::string which) {
  if (!row) return fail(ErrorCode::not_found, "No such tenant", std::move(which), tenant_not_found);
  return tenant_from(*row);
}

}  // namespace

Result<Tenant> TenantStore::find(model::TenantNumber number) const {
  GH_TRY(row, transaction_.query_one("SELECT tenant_id, domain, active, created_at_ms "
                                     "FROM um_tenant WHERE tenant_id = $1",
                                     number));
  return one(row, std::to_string(number));
}

Result<Tenant> TenantStore::find_by_domain(std::string_view domain) const {
  GH_TRY(row, transaction_.query_one("SELECT tenant_id, domain, active, created_at_ms "
                                     "FROM um_tenant WHERE domain = $1",
                                     domain));
  return one(row, std::string(domain));
}

Result<Listed<Tenant>> TenantStore::list(const Window& window) const {
  GH_TRY(counted, transaction_.query("SELECT COUNT(*) FROM um_tenant"));
  GH_TRY(rows, transaction_.query("SELECT tenant_id, domain, active, created_at_ms FROM um_tenant "
                                  "ORDER BY tenant_id LIMIT $1 OFFSET $2",
                                  window.limit, window.offset));
  Listed<Tenant> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) listed.items.push_back(tenant_from(row));
  return listed;
}

Result<model::TenantNumber> TenantStore::take_number() {
  GH_CHECK(transaction_.execute("UPDATE um_tenant_counter SET number = number + 1 WHERE id = 1"));
  GH_TRY(rows, transaction_.query("SELECT number FROM um_tenant_counter WHERE id = 1"));
  return rows.front().number(0);
}

Result<> TenantStore::insert(const Tenant& tenant) {
  if (find_by_domain(tenant.domain)) {
    return fail(ErrorCode::conflict, "A tenant has this domain", tenant.domain, tenant_exists);
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_tenant (tenant_id, domain, active, created_at_ms) VALUES ($1, $2, $3, $4)",
      tenant.number, tenant.domain, tenant.active, tenant.created_at));
  return {};
}

Result<> TenantStore::update(const Tenant& tenant, const Occurrence& occurrence) {
  GH_TRY(changed, transaction_.execute("UPDATE um_tenant SET active = $2 WHERE tenant_id = $1",
                                       tenant.number, tenant.active));
  if (changed == 0) return fail(ErrorCode::not_found, "No such tenant", "", tenant_not_found);
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_outbox (id, tenant_id, kind, user_id, created_at_ms) "
      "VALUES ($1, $2, 'tenant', $3, $4)",
      occurrence.outbox_id, tenant.number, std::to_string(tenant.number), occurrence.at));
  return {};
}

Result<> TenantStore::remove(model::TenantNumber number) {
  GH_TRY(removed, transaction_.execute("DELETE FROM um_tenant WHERE tenant_id = $1", number));
  if (removed == 0) return fail(ErrorCode::not_found, "No such tenant", "", tenant_not_found);
  return {};
}

}  // namespace gatehouse::storage
