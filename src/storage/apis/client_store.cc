// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/client_store.h"

#include <algorithm>

#include "model/snapshot.h"

namespace gatehouse::storage {

namespace {

constexpr std::uint32_t client_not_found = 900404;
constexpr std::string_view active = "ACTIVE";

Result<Client> client_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(10)));
  return Client{.tenant = row.number(0),
                .client_id = row.text(1),
                .name = row.text(2),
                .owner_id = row.text(3),
                .grant_types = stored_texts(row.text(4)),
                .callback_urls = stored_texts(row.text(5)),
                .token_type = row.text(6),
                .access_token_seconds = row.number(7),
                .refresh_token_seconds = row.number(8),
                .active = row.text(9) == active,
                .document = std::move(document),
                .version = row.number(11),
                .created_at = row.instant(12),
                .key_type = row.text(13)};
}

tl::unexpected<Error> no_such_client(std::string_view client_id) {
  return fail(ErrorCode::not_found, "No such client", std::string(client_id), client_not_found);
}

std::string_view status_of(const Client& client) {
  return client.active ? active : std::string_view("REVOKED");
}

}  // namespace

bool Client::may(std::string_view grant_type) const {
  return std::find(grant_types.begin(), grant_types.end(), grant_type) != grant_types.end();
}

Result<Client> ClientStore::find(std::string_view client_id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT c.tenant_id, c.client_id, c.name, c.owner_id, c.grant_types, "
                  "c.callback_urls, c.token_type, c.access_token_seconds, "
                  "c.refresh_token_seconds, c.status, c.document, c.version, c.created_at_ms, "
                  "COALESCE(m.key_type, '') FROM am_client c LEFT JOIN am_key_mapping m "
                  "ON m.client_id = c.client_id AND m.key_manager = $2 WHERE c.client_id = $1",
                  client_id, model::resident_key_manager));
  if (!row) return no_such_client(client_id);
  return client_from(*row);
}

Result<ClientStore::Known> ClientStore::find_known(std::string_view client_id, Instant now) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT c.tenant_id, c.client_id, c.name, c.owner_id, c.grant_types, "
                   "c.callback_urls, c.token_type, c.access_token_seconds, "
                   "c.refresh_token_seconds, c.status, c.document, c.version, c.created_at_ms, "
                   "COALESCE(m.key_type, ''), s.hash FROM am_client c LEFT JOIN am_key_mapping m "
                   "ON m.client_id = c.client_id AND m.key_manager = $3 "
                   "LEFT JOIN am_client_secret s "
                   "ON s.tenant_id = c.tenant_id AND s.client_id = c.client_id "
                   "AND (s.expires_at_ms = 0 OR s.expires_at_ms > $2) WHERE c.client_id = $1",
                   client_id, now, model::resident_key_manager));
  if (rows.empty()) return no_such_client(client_id);
  GH_TRY(client, client_from(rows.front()));
  Known known{std::move(client), {}};
  for (const Row& row : rows) {
    if (!row.is_null(14)) known.secrets.push_back(row.bytes(14));
  }
  return known;
}

Result<std::vector<ClientSecret>> ClientStore::secrets(const Client& client) const {
  GH_TRY(rows, transaction_.query("SELECT id, description, hint, created_at_ms, expires_at_ms "
                                  "FROM am_client_secret WHERE tenant_id = $1 AND client_id = $2 "
                                  "ORDER BY created_at_ms DESC, id",
                                  client.tenant, client.client_id));
  std::vector<ClientSecret> secrets;
  for (const Row& row : rows) {
    secrets.push_back({.id = row.text(0),
                       .hash = "",
                       .description = row.text(1),
                       .hint = row.text(2),
                       .created_at = row.instant(3),
                       .expires_at = row.instant(4)});
  }
  return secrets;
}

Result<> ClientStore::insert(const Client& client) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_client (tenant_id, client_id, name, owner_id, grant_types, callback_urls, "
      "token_type, access_token_seconds, refresh_token_seconds, status, document, version, "
      "created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12)",
      client.tenant, client.client_id, client.name, client.owner_id, to_stored(client.grant_types),
      to_stored(client.callback_urls), client.token_type, client.access_token_seconds,
      client.refresh_token_seconds, status_of(client), json::serialize(client.document),
      client.created_at));
  return {};
}

Result<> ClientStore::update(const Client& client) {
  GH_TRY(changed, transaction_.execute(
                      "UPDATE am_client SET name = $3, grant_types = $4, callback_urls = $5, "
                      "token_type = $6, access_token_seconds = $7, refresh_token_seconds = $8, "
                      "status = $9, document = $10, version = version + 1 "
                      "WHERE tenant_id = $1 AND client_id = $2 AND version = $11",
                      client.tenant, client.client_id, client.name, to_stored(client.grant_types),
                      to_stored(client.callback_urls), client.token_type,
                      client.access_token_seconds, client.refresh_token_seconds, status_of(client),
                      json::serialize(client.document), client.version));
  if (changed == 0) {
    return fail(ErrorCode::conflict, "The client was changed meanwhile", client.client_id);
  }
  return {};
}

Result<> ClientStore::remove(const Client& client) {
  GH_CHECK(remove_secrets(client));
  GH_CHECK(transaction_.execute("DELETE FROM am_client WHERE tenant_id = $1 AND client_id = $2",
                                client.tenant, client.client_id));
  return {};
}

Result<> ClientStore::add_secret(const Client& client, const ClientSecret& secret,
                                 std::int64_t keep) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_client_secret (tenant_id, id, client_id, hash, description, hint, "
      "expires_at_ms, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      client.tenant, secret.id, client.client_id, Bytes{secret.hash}, secret.description,
      secret.hint, secret.expires_at, secret.created_at));
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_client_secret WHERE tenant_id = $1 AND client_id = $2 AND id NOT IN "
      "(SELECT id FROM am_client_secret WHERE tenant_id = $1 AND client_id = $2 "
      "ORDER BY created_at_ms DESC, id LIMIT $3)",
      client.tenant, client.client_id, keep));
  return {};
}

Result<> ClientStore::remove_secret(const Client& client, std::string_view secret_id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_client_secret WHERE tenant_id = $1 AND client_id = $2 AND id = $3",
      client.tenant, client.client_id, secret_id));
  return {};
}

Result<> ClientStore::remove_secrets(const Client& client) {
  GH_CHECK(
      transaction_.execute("DELETE FROM am_client_secret "
                           "WHERE tenant_id = $1 AND client_id = $2",
                           client.tenant, client.client_id));
  return {};
}

}  // namespace gatehouse::storage
