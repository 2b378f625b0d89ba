// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/policy_store.h"

namespace gatehouse::storage {

namespace {

using model::PolicyLevel;
using model::to_text;

Result<PolicyRow> policy_from(const Row& row) {
  GH_TRY(level, model::parse_policy_level(row.text(1)));
  GH_TRY(document, stored_document(row.text(3)));
  return PolicyRow{row.text(0),   level,          row.text(2),   std::move(document),
                   row.number(4), row.instant(5), row.instant(6)};
}

Result<PolicyRow> policy_or_not_found(const std::optional<Row>& row, std::string_view which) {
  if (!row) {
    return fail(ErrorCode::not_found, "Throttling Policy Not Found", std::string(which), 903005);
  }
  return policy_from(*row);
}

}  // namespace

Result<PolicyRow> PolicyStore::find(PolicyLevel level, std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, level, name, document, version, created_at_ms, updated_at_ms "
                  "FROM am_policy WHERE tenant_id = $1 AND level = $2 AND id = $3",
                  tenant_, to_text(level), id));
  return policy_or_not_found(row, id);
}

Result<PolicyRow> PolicyStore::find_by_name(PolicyLevel level, std::string_view name) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, level, name, document, version, created_at_ms, updated_at_ms "
                  "FROM am_policy WHERE tenant_id = $1 AND level = $2 AND name = $3",
                  tenant_, to_text(level), name));
  return policy_or_not_found(row, name);
}

Result<bool> PolicyStore::has(PolicyLevel level, std::string_view name) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT 1 FROM am_policy WHERE tenant_id = $1 AND level = $2 AND name = $3",
                  tenant_, to_text(level), name));
  return row.has_value();
}

Result<Listed<PolicyRow>> PolicyStore::list(PolicyLevel level, const Window& window) const {
  GH_TRY(counted,
         transaction_.query("SELECT COUNT(*) FROM am_policy WHERE tenant_id = $1 AND level = $2",
                            tenant_, to_text(level)));
  GH_TRY(rows, transaction_.query(
                   "SELECT id, level, name, document, version, created_at_ms, updated_at_ms "
                   "FROM am_policy WHERE tenant_id = $1 AND level = $2 "
                   "ORDER BY name LIMIT $3 OFFSET $4",
                   tenant_, to_text(level), window.limit, window.offset));
  Listed<PolicyRow> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(policy, policy_from(row));
    listed.items.push_back(std::move(policy));
  }
  return listed;
}

Result<> PolicyStore::insert(const PolicyRow& policy) {
  GH_TRY(known, has(policy.level, policy.name));
  // The UNIQUE constraint keeps the promise; this says which one it was.
  if (known) {
    return fail(ErrorCode::conflict,
                fmt::format("A policy named '{}' already exists", policy.name));
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_policy (tenant_id, id, level, name, document, version, created_at_ms, "
      "updated_at_ms) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)",
      tenant_, policy.id, to_text(policy.level), policy.name, json::serialize(policy.document),
      policy.created_at, policy.updated_at));
  return {};
}

Result<> PolicyStore::update(const PolicyRow& policy) {
  GH_TRY(changed, transaction_.execute(
                      "UPDATE am_policy SET document = $3, version = version + 1, "
                      "updated_at_ms = $4 WHERE tenant_id = $1 AND id = $2 AND version = $5",
                      tenant_, policy.id, json::serialize(policy.document), policy.updated_at,
                      policy.version));
  if (changed == 0) return fail(ErrorCode::conflict, "The policy was changed meanwhile", policy.id);
  return {};
}

Result<> PolicyStore::remove(std::string_view id) {
  GH_CHECK(
      transaction_.execute("DELETE FROM am_policy WHERE tenant_id = $1 AND id = $2", tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
