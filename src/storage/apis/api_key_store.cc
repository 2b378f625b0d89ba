// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/api_key_store.h"

namespace gatehouse::storage {

namespace {

Result<ApiKeyRow> key_from(const Row& row) {
  GH_TRY(key_type, model::parse_key_type(row.text(4)));
  return ApiKeyRow{row.text(0),
                   row.bytes(1),
                   row.text(2),
                   row.text(3),
                   key_type,
                   row.text(5),
                   stored_texts(row.text(6)),
                   stored_texts(row.text(7)),
                   row.text(8),
                   row.instant(9),
                   row.instant(10),
                   row.instant(11)};
}

tl::unexpected<Error> key_not_found() {
  return fail(ErrorCode::not_found, "No such API key", "", 909008);
}

Result<ApiKeyRow> key_or_not_found(const std::optional<Row>& row) {
  if (!row) return key_not_found();
  return key_from(*row);
}

std::vector<std::string> ids_from(const std::vector<Row>& rows) {
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

}  // namespace

Result<ApiKeyRow> ApiKeyStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, hash, application_id, api_id, key_type, name, permitted_addresses, "
                  "permitted_referers, user_id, created_at_ms, expires_at_ms, last_used_at_ms "
                  "FROM am_api_key "
                  "WHERE tenant_id = $1 AND id = $2",
                  tenant_, id));
  return key_or_not_found(row);
}

Result<ApiKeyRow> ApiKeyStore::find_by_hash(const std::string& hash) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, hash, application_id, api_id, key_type, name, permitted_addresses, "
                  "permitted_referers, user_id, created_at_ms, expires_at_ms, last_used_at_ms "
                  "FROM am_api_key "
                  "WHERE tenant_id = $1 AND hash = $2",
                  tenant_, Bytes{hash}));
  return key_or_not_found(row);
}

Result<Listed<NamedApiKey>> ApiKeyStore::list(const ApiKeyQuery& query,
                                              const Window& window) const {
  GH_TRY(counted,
         transaction_.query("SELECT COUNT(*) FROM am_api_key k WHERE k.tenant_id = $1 "
                            "AND ($2 = '' OR k.application_id = $2) AND ($3 = '' OR k.api_id = $3) "
                            "AND ($4 = '' OR k.user_id = $4) AND ($5 = '' OR k.key_type = $5) "
                            "AND ($6 <> 'application' OR k.api_id = '') "
                            "AND ($6 <> 'api' OR k.api_id <> '')",
                            tenant_, query.application_id, query.api_id, query.user_id,
                            query.key_type, query.scope));
  GH_TRY(rows,
         transaction_.query(
             "SELECT k.id, k.hash, k.application_id, k.api_id, k.key_type, k.name, "
             "k.permitted_addresses, k.permitted_referers, k.user_id, k.created_at_ms, "
             "k.expires_at_ms, k.last_used_at_ms, COALESCE(i.name, ''), COALESCE(p.name, '') "
             "FROM am_api_key k "
             "LEFT JOIN am_api i ON i.tenant_id = k.tenant_id AND i.id = k.api_id "
             "LEFT JOIN am_application p ON p.tenant_id = k.tenant_id AND p.id = k.application_id "
             "WHERE k.tenant_id = $1 "
             "AND ($2 = '' OR k.application_id = $2) AND ($3 = '' OR k.api_id = $3) "
             "AND ($4 = '' OR k.user_id = $4) AND ($5 = '' OR k.key_type = $5) "
             "AND ($6 <> 'application' OR k.api_id = '') AND ($6 <> 'api' OR k.api_id <> '') "
             "ORDER BY k.created_at_ms, k.id LIMIT $7 OFFSET $8",
             tenant_, query.application_id, query.api_id, query.user_id, query.key_type,
             query.scope, window.limit, window.offset));
  Listed<NamedApiKey> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(key, key_from(row));
    listed.items.push_back({std::move(key), row.text(12), row.text(13)});
  }
  return listed;
}

Result<std::vector<std::string>> ApiKeyStore::of_application(
    std::string_view application_id) const {
  GH_TRY(rows, transaction_.query("SELECT id FROM am_api_key "
                                  "WHERE tenant_id = $1 AND application_id = $2 ORDER BY id",
                                  tenant_, application_id));
  return ids_from(rows);
}

Result<std::vector<std::string>> ApiKeyStore::of_api(std::string_view api_id) const {
  GH_TRY(rows, transaction_.query("SELECT id FROM am_api_key "
                                  "WHERE tenant_id = $1 AND api_id = $2 ORDER BY id",
                                  tenant_, api_id));
  return ids_from(rows);
}

Result<> ApiKeyStore::insert(const ApiKeyRow& key) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_api_key (tenant_id, id, hash, application_id, api_id, key_type, name, "
      "permitted_addresses, permitted_referers, user_id, created_at_ms, expires_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      tenant_, key.id, Bytes{key.hash}, key.application_id, key.api_id,
      model::to_text(key.key_type), key.name, to_stored(key.permitted_addresses),
      to_stored(key.permitted_referers), key.user_id, key.created_at, key.expires_at));
  return {};
}

Result<> ApiKeyStore::update(const ApiKeyRow& key) {
  GH_TRY(changed, transaction_.execute(
                      "UPDATE am_api_key SET hash = $3, application_id = $4, created_at_ms = $5, "
                      "expires_at_ms = $6, last_used_at_ms = $7 WHERE tenant_id = $1 AND id = $2",
                      tenant_, key.id, Bytes{key.hash}, key.application_id, key.created_at,
                      key.expires_at, key.last_used_at));
  if (changed == 0) return key_not_found();
  return {};
}

Result<> ApiKeyStore::used(std::string_view id, Instant at) {
  GH_CHECK(
      transaction_.execute("UPDATE am_api_key SET last_used_at_ms = $3 "
                           "WHERE tenant_id = $1 AND id = $2 "
                           "AND (last_used_at_ms IS NULL OR last_used_at_ms < $3)",
                           tenant_, id, at));
  return {};
}

Result<> ApiKeyStore::give(std::string_view application_id, const std::string& user_id) {
  GH_CHECK(transaction_.execute(
      "UPDATE am_api_key SET user_id = $3 WHERE tenant_id = $1 AND application_id = $2", tenant_,
      application_id, user_id));
  return {};
}

Result<> ApiKeyStore::remove(std::string_view id) {
  GH_CHECK(
      transaction_.execute("DELETE FROM am_api_key WHERE tenant_id = $1 AND id = $2", tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
