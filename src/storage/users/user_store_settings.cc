// SPDX-License-Identifier: Apache-2.0
#include "storage/users/user_store_settings.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t user_store_not_found = 909015;
constexpr std::uint32_t user_store_exists = 909016;

Result<UserStoreRow> row_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(2)));
  return UserStoreRow{row.text(0),  row.text(1),   std::move(document),
                      row.bytes(3), row.number(4), row.instant(5)};
}

}  // namespace

Result<UserStoreRow> UserStoreSettings::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, name, document, sealed, version, created_at_ms FROM um_user_store "
                  "WHERE tenant_id = $1 AND id = $2",
                  tenant_, id));
  if (!row) {
    return fail(ErrorCode::not_found, "No such user store", std::string(id), user_store_not_found);
  }
  return row_from(*row);
}

Result<std::vector<UserStoreRow>> UserStoreSettings::list() const {
  GH_TRY(rows, transaction_.query(
                   "SELECT id, name, document, sealed, version, created_at_ms FROM um_user_store "
                   "WHERE tenant_id = $1 ORDER BY name",
                   tenant_));
  std::vector<UserStoreRow> stores;
  for (const Row& row : rows) {
    GH_TRY(store, row_from(row));
    stores.push_back(std::move(store));
  }
  return stores;
}

Result<> UserStoreSettings::insert(const UserStoreRow& row) {
  GH_TRY(known, transaction_.query_one("SELECT 1 FROM um_user_store "
                                       "WHERE tenant_id = $1 AND name = $2",
                                       tenant_, row.name));
  if (known) {
    return fail(ErrorCode::conflict, "A user store of this name exists", "", user_store_exists);
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO um_user_store (tenant_id, id, name, document, sealed, version, created_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, 1, $6)",
      tenant_, row.id, row.name, json::serialize(row.document), Bytes{row.sealed}, row.created_at));
  return {};
}

Result<> UserStoreSettings::update(const UserStoreRow& row) {
  GH_TRY(changed,
         transaction_.execute(
             "UPDATE um_user_store SET document = $3, sealed = $4, version = version + 1 "
             "WHERE tenant_id = $1 AND id = $2 AND version = $5",
             tenant_, row.id, json::serialize(row.document), Bytes{row.sealed}, row.version));
  if (changed == 0) return fail(ErrorCode::conflict, "The user store was changed meanwhile");
  return {};
}

Result<> UserStoreSettings::remove(std::string_view id) {
  GH_CHECK(transaction_.execute("DELETE FROM um_user_link WHERE tenant_id = $1 AND store_id = $2",
                                tenant_, id));
  GH_CHECK(transaction_.execute("DELETE FROM um_user_store WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  return {};
}

Result<std::optional<std::string>> UserStoreSettings::user_of(const ExternalId& person) const {
  GH_TRY(row, transaction_.query_one("SELECT user_id FROM um_user_link WHERE tenant_id = $1 "
                                     "AND store_id = $2 AND external_id = $3",
                                     tenant_, person.store_id, person.value));
  if (!row) return std::optional<std::string>();
  return std::optional<std::string>(row->text(0));
}

Result<> UserStoreSettings::link(const ExternalId& person, std::string_view user_id) {
  GH_CHECK(
      transaction_.execute("INSERT INTO um_user_link (tenant_id, store_id, external_id, "
                           "user_id) VALUES ($1, $2, $3, $4)",
                           tenant_, person.store_id, person.value, user_id));
  return {};
}

Result<bool> UserStoreSettings::is_linked(std::string_view user_id) const {
  GH_TRY(row, transaction_.query_one("SELECT user_id FROM um_user_link "
                                     "WHERE tenant_id = $1 AND user_id = $2",
                                     tenant_, user_id));
  return row.has_value();
}

Result<std::vector<LinkedUser>> UserStoreSettings::linked(const ExternalId& after,
                                                          std::size_t limit) const {
  GH_TRY(rows, transaction_.query("SELECT external_id, user_id FROM um_user_link "
                                  "WHERE tenant_id = $1 AND store_id = $2 AND external_id > $3 "
                                  "ORDER BY external_id LIMIT $4",
                                  tenant_, after.store_id, after.value, limit));
  std::vector<LinkedUser> users;
  for (const Row& row : rows) users.push_back({row.text(0), row.text(1)});
  return users;
}

Result<> UserStoreSettings::unlink(std::string_view user_id) {
  GH_CHECK(transaction_.execute("DELETE FROM um_user_link WHERE tenant_id = $1 AND user_id = $2",
                                tenant_, user_id));
  return {};
}

}  // namespace gatehouse::storage
