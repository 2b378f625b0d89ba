// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/key_mapping_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t key_mapping_not_found = 900331;
constexpr std::uint32_t keys_exist = 901409;

Result<KeyMapping> mapping_from(const Row& row) {
  GH_TRY(key_type, model::parse_key_type(row.text(3)));
  GH_TRY(document, stored_document(row.text(8)));
  return KeyMapping{row.number(0),       row.text(1),   row.text(2), key_type,
                    row.text(4),         row.text(5),   row.text(6), row.text(7),
                    std::move(document), row.instant(9)};
}

Result<std::vector<KeyMapping>> mappings_from(const std::vector<Row>& rows) {
  std::vector<KeyMapping> mappings;
  for (const Row& row : rows) {
    GH_TRY(mapping, mapping_from(row));
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

tl::unexpected<Error> not_found(std::string_view id) {
  return fail(ErrorCode::not_found, "The application has no such keys", std::string(id),
              key_mapping_not_found);
}

}  // namespace

Result<KeyMapping> KeyMappingStore::find(model::TenantNumber tenant, std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT tenant_id, id, application_id, key_type, key_manager, client_id, mode, "
                  "state, document, created_at_ms FROM am_key_mapping "
                  "WHERE tenant_id = $1 AND id = $2",
                  tenant, id));
  if (!row) return not_found(id);
  return mapping_from(*row);
}

Result<std::vector<KeyMapping>> KeyMappingStore::list(model::TenantNumber tenant,
                                                      std::string_view application_id) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT tenant_id, id, application_id, key_type, key_manager, client_id, mode, "
                   "state, document, created_at_ms FROM am_key_mapping "
                   "WHERE tenant_id = $1 AND application_id = $2 ORDER BY key_type, key_manager",
                   tenant, application_id));
  return mappings_from(rows);
}

Result<std::vector<KeyMapping>> KeyMappingStore::all() const {
  GH_TRY(rows, transaction_.query(
                   "SELECT tenant_id, id, application_id, key_type, key_manager, client_id, mode, "
                   "state, document, created_at_ms FROM am_key_mapping ORDER BY tenant_id, id"));
  return mappings_from(rows);
}

Result<> KeyMappingStore::insert(const KeyMapping& mapping) {
  const Result<std::int64_t> inserted = transaction_.execute(
      "INSERT INTO am_key_mapping (tenant_id, id, application_id, key_type, key_manager, "
      "client_id, mode, state, document, created_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      mapping.tenant, mapping.id, mapping.application_id, model::to_text(mapping.key_type),
      mapping.key_manager, mapping.client_id, mapping.mode, mapping.state,
      json::serialize(mapping.document), mapping.created_at);
  if (!inserted && inserted.error().code == ErrorCode::conflict) {
    return fail(ErrorCode::conflict, "The application has keys of this type", mapping.client_id,
                keys_exist);
  }
  GH_CHECK(inserted);
  return {};
}

Result<> KeyMappingStore::update(const KeyMapping& mapping) {
  GH_TRY(changed, transaction_.execute("UPDATE am_key_mapping SET state = $3, document = $4 "
                                       "WHERE tenant_id = $1 AND id = $2",
                                       mapping.tenant, mapping.id, mapping.state,
                                       json::serialize(mapping.document)));
  if (changed == 0) return not_found(mapping.id);
  return {};
}

Result<> KeyMappingStore::remove(const KeyMapping& mapping) {
  GH_CHECK(transaction_.execute("DELETE FROM am_key_mapping WHERE tenant_id = $1 AND id = $2",
                                mapping.tenant, mapping.id));
  return {};
}

}  // namespace gatehouse::storage
