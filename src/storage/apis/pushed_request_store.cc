// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/pushed_request_store.h"

namespace gatehouse::storage {

Result<std::optional<PushedRequest>> PushedRequestStore::find(std::string_view hash) const {
  // tidy: allow(tenant_id) a request is looked up before its tenant is known
  GH_TRY(row, transaction_.query_one("SELECT tenant_id, client_id, parameters, expires_at_ms "
                                     "FROM am_pushed_request WHERE hash = $1",
                                     Bytes{std::string(hash)}));
  if (!row) return std::optional<PushedRequest>();
  return std::optional<PushedRequest>(PushedRequest{std::string(hash), row->number(0), row->text(1),
                                                    row->text(2), row->instant(3)});
}

Result<> PushedRequestStore::insert(const PushedRequest& request) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_pushed_request (hash, tenant_id, client_id, parameters, expires_at_ms) "
      "VALUES ($1, $2, $3, $4, $5)",
      Bytes{request.hash}, request.tenant, request.client_id, request.parameters,
      request.expires_at));
  return {};
}

Result<> PushedRequestStore::remove(std::string_view hash) {
  GH_CHECK(transaction_.execute("DELETE FROM am_pushed_request WHERE hash = $1 AND tenant_id > 0",
                                Bytes{std::string(hash)}));
  return {};
}

Result<std::int64_t> PushedRequestStore::remove_expired(Instant until, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_pushed_request WHERE tenant_id > 0 AND hash IN "
      "(SELECT hash FROM am_pushed_request WHERE expires_at_ms < $1 AND tenant_id > 0 LIMIT $2)",
      until, limit);
}

}  // namespace gatehouse::storage
