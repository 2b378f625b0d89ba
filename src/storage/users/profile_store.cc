// SPDX-License-Identifier: Apache-2.0
#include "storage/users/profile_store.h"

namespace gatehouse::storage {

Result<json::object> ProfileStore::of(std::string_view user_id) const {
  GH_TRY(row, transaction_.query_one("SELECT document FROM um_user_profile "
                                     "WHERE tenant_id = $1 AND user_id = $2",
                                     tenant_, user_id));
  if (!row) return json::object();
  return stored_document(row->text(0));
}

Result<> ProfileStore::replace(std::string_view user_id, const json::object& document) {
  GH_CHECK(remove(user_id));
  if (document.empty()) return {};
  GH_CHECK(
      transaction_.execute("INSERT INTO um_user_profile (tenant_id, user_id, document) "
                           "VALUES ($1, $2, $3)",
                           tenant_, user_id, json::serialize(document)));
  return {};
}

Result<> ProfileStore::remove(std::string_view user_id) {
  GH_CHECK(transaction_.execute("DELETE FROM um_user_profile WHERE tenant_id = $1 AND user_id = $2",
                                tenant_, user_id));
  return {};
}

}  // namespace gatehouse::storage
