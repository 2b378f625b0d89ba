// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/session_store.h"

#include "core/text.h"

namespace gatehouse::storage {

Result<std::optional<StoredSession>> SessionStore::find(std::string_view hash) const {
  // tidy: allow(tenant_id) a session says which tenant its browser is of
  GH_TRY(row, transaction_.query_one(
                  "SELECT tenant_id, user_id, password_mark, acr, amr, authenticated_at_ms, "
                  "seen_at_ms, expires_at_ms FROM am_session WHERE hash = $1",
                  Bytes{std::string(hash)}));
  if (!row) return std::optional<StoredSession>();
  return std::optional<StoredSession>(StoredSession{.hash = std::string(hash),
                                                    .tenant = row->number(0),
                                                    .user_id = row->text(1),
                                                    .password_mark = row->text(2),
                                                    .acr = row->text(3),
                                                    .amr = split_words(row->text(4)),
                                                    .authenticated_at = row->instant(5),
                                                    .seen_at = row->instant(6),
                                                    .expires_at = row->instant(7)});
}

Result<> SessionStore::insert(const StoredSession& session) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_session (hash, tenant_id, user_id, password_mark, acr, amr, "
      "authenticated_at_ms, seen_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      Bytes{session.hash}, session.tenant, session.user_id, session.password_mark, session.acr,
      join(session.amr, " "), session.authenticated_at, session.seen_at, session.expires_at));
  return {};
}

Result<> SessionStore::set_seen(std::string_view hash, Instant at) {
  GH_CHECK(transaction_.execute(
      "UPDATE am_session SET seen_at_ms = $2 WHERE hash = $1 AND tenant_id > 0",
      Bytes{std::string(hash)}, at));
  return {};
}

Result<> SessionStore::remove(std::string_view hash) {
  GH_CHECK(transaction_.execute("DELETE FROM am_session WHERE hash = $1 AND tenant_id > 0",
                                Bytes{std::string(hash)}));
  return {};
}

Result<std::int64_t> SessionStore::remove_expired(Instant now, Instant idle, std::int64_t limit) {
  return transaction_.execute(
      "DELETE FROM am_session WHERE tenant_id > 0 AND hash IN (SELECT hash FROM am_session "
      "WHERE (expires_at_ms < $1 OR seen_at_ms < $2) AND tenant_id > 0 LIMIT $3)",
      now, idle, limit);
}

}  // namespace gatehouse::storage
