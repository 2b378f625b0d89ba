// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/key_manager_store.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::int64_t key_managers_max = 100;  // of a tenant
constexpr std::int64_t all_max = 100'000;

constexpr std::uint32_t name_taken = 901402;
constexpr std::uint32_t issuer_taken = 909020;
constexpr std::uint32_t not_there = 901411;

Result<KeyManagerRow> row_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(5)));
  GH_TRY(key_set, stored_document(row.text(7)));
  const bool named = row.text(3) != row.text(1);
  return KeyManagerRow{.tenant = row.number(0),
                       .id = row.text(1),
                       .name = row.text(2),
                       .issuer = named ? row.text(3) : "",
                       .enabled = row.flag(4),
                       .document = std::move(document),
                       .secret = row.text(6),
                       .registration_token = row.text(10),
                       .key_set = std::move(key_set),
                       .version = row.number(8),
                       .created_at = row.instant(9)};
}

Result<KeyManagerRow> row_or_not_found(const std::optional<Row>& row, std::string_view which) {
  if (!row) {
    return fail(ErrorCode::not_found, "No such key manager", std::string(which), not_there);
  }
  return row_from(*row);
}

Result<std::vector<KeyManagerRow>> rows_from(const std::vector<Row>& rows) {
  std::vector<KeyManagerRow> list;
  for (const Row& row : rows) {
    GH_TRY(entry, row_from(row));
    list.push_back(std::move(entry));
  }
  return list;
}

const std::string& issuer_key(const KeyManagerRow& row) {
  return row.issuer.empty() ? row.id : row.issuer;
}

// What a claim of another server is called here (claimMapping): the claims that tell whom a token
// stands for. Others mean nothing to us.
constexpr std::array user_names{"username", "http://wso2.org/claims/username",
                                "http://wso2.org/claims/enduser"};
constexpr std::array scope_names{"scope", "scopes", "http://wso2.org/claims/scope"};
constexpr std::array client_names{"client_id", "azp", "consumerKey",
                                  "http://wso2.org/claims/client_id"};

// Claims that are mapped to one of `names`, with a space between them.
template <std::size_t size>
std::string mapped_to(const json::object& document, const std::array<const char*, size>& names) {
  std::vector<std::string> claims;
  const json::array* mapping = array_at(document, "claimMapping");
  for (const json::value& item : mapping == nullptr ? json::array() : *mapping) {
    const json::object* entry = item.if_object();
    if (entry == nullptr) continue;
    const std::string remote = text_or(*entry, "remoteClaim", "");
    const std::string local = text_or(*entry, "localClaim", "");
    if (!remote.empty() && std::ranges::find(names, local) != names.end()) claims.push_back(remote);
  }
  return join(claims, " ");
}

void take_claim_mapping(const json::object& document, model::KnownKeyManager& known) {
  const auto take = [](std::string mapped, std::string& claim) {
    if (!mapped.empty()) claim = std::move(mapped);
  };
  take(mapped_to(document, user_names), known.user_claim);
  take(mapped_to(document, scope_names), known.scopes_claim);
  take(mapped_to(document, client_names), known.consumer_key_claim);
}

}  // namespace

bool makes_clients(const KeyManagerRow& row) {
  return !text_or(row.document, "clientRegistrationEndpoint", "").empty() &&
         flag_or(row.document, "enableOAuthAppCreation", false);
}

model::KnownKeyManager known_key_manager(const KeyManagerRow& row) {
  const json::object& document = row.document;
  model::KnownKeyManager known;
  known.id = row.id;
  known.tenant = row.tenant;
  known.name = row.name;
  known.issuer = row.issuer;
  known.verify_jwt = flag_or(document, "enableSelfValidationJWT", true);
  known.consumer_key_claim = text_or(document, "consumerKeyClaim", "");
  known.scopes_claim = text_or(document, "scopesClaim", "");
  known.key_set = row.key_set;
  if (const json::object* more = object_at(document, "additionalProperties")) {
    known.audience = text_or(*more, "audience", "");
    known.user_claim = text_or(*more, "user_claim", "");
    known.application_claim = text_or(*more, "application_claim", "");
    known.application_value = text_or(*more, "application_value", "");
  }
  take_claim_mapping(document, known);
  return known;
}

Result<KeyManagerRow> KeyManagerStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT tenant_id, id, name, issuer_key, enabled, document, secret, key_set, "
                  "version, created_at_ms, registration_token FROM am_key_manager WHERE tenant_id "
                  "= $1 AND id = $2",
                  tenant_, id));
  return row_or_not_found(row, id);
}

Result<KeyManagerRow> KeyManagerStore::find_usable(std::string_view name) const {
  GH_TRY(
      row,
      transaction_.query_one(
          "SELECT tenant_id, id, name, issuer_key, enabled, document, secret, key_set, "
          "version, created_at_ms, registration_token FROM am_key_manager "
          "WHERE (tenant_id = $1 OR tenant_id = $2) AND name = $3 ORDER BY tenant_id DESC LIMIT 1",
          tenant_, model::every_tenant, name));
  return row_or_not_found(row, name);
}

Result<std::vector<KeyManagerRow>> KeyManagerStore::list_usable() const {
  GH_TRY(rows, transaction_.query(
                   "SELECT tenant_id, id, name, issuer_key, enabled, document, secret, key_set, "
                   "version, created_at_ms, registration_token FROM am_key_manager "
                   "WHERE tenant_id = $1 OR tenant_id = $2 ORDER BY name, tenant_id DESC LIMIT $3",
                   tenant_, model::every_tenant, 2 * key_managers_max));
  return rows_from(rows);
}

Result<std::vector<KeyManagerRow>> KeyManagerStore::list() const {
  GH_TRY(rows,
         transaction_.query(
             "SELECT tenant_id, id, name, issuer_key, enabled, document, secret, key_set, "
             "version, created_at_ms, registration_token FROM am_key_manager WHERE tenant_id = $1 "
             "ORDER BY name LIMIT $2",
             tenant_, key_managers_max));
  return rows_from(rows);
}

Result<std::int64_t> KeyManagerStore::count_mappings(std::string_view name) const {
  GH_TRY(row, transaction_.query_one("SELECT COUNT(*) FROM am_key_mapping "
                                     "WHERE (tenant_id = $1 OR $1 = $2) AND key_manager = $3",
                                     tenant_, model::every_tenant, name));
  return row ? row->number(0) : 0;
}

Result<std::vector<std::string>> KeyManagerStore::applications(std::string_view name) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT DISTINCT a.id, a.name FROM am_application a JOIN am_key_mapping m "
                   "ON m.tenant_id = a.tenant_id AND m.application_id = a.id "
                   "WHERE a.tenant_id = $1 AND m.key_manager = $2 ORDER BY a.name, a.id LIMIT $3",
                   tenant_, name, all_max));
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

// Key mappings name the key manager, so one that is everybody's shares its name with no tenant's.
Result<> KeyManagerStore::check_new(const KeyManagerRow& row) const {
  GH_TRY(own, transaction_.query_one("SELECT COUNT(*) FROM am_key_manager WHERE tenant_id = $1",
                                     tenant_));
  if (own && own->number(0) >= key_managers_max) {
    return fail(ErrorCode::conflict, "The tenant has as many key managers as it may");
  }
  GH_TRY(namesake,
         transaction_.query_one("SELECT tenant_id FROM am_key_manager WHERE (tenant_id = $1 OR "
                                "tenant_id = $2 OR $1 = $2) AND name = $3 LIMIT 1",
                                tenant_, model::every_tenant, row.name));
  if (namesake) {
    return fail(ErrorCode::conflict, "A key manager of this name exists", row.name, name_taken);
  }
  GH_TRY(same_issuer,
         transaction_.query_one("SELECT tenant_id FROM am_key_manager WHERE (tenant_id = $1 OR "
                                "tenant_id = $2) AND issuer_key = $3 LIMIT 1",
                                tenant_, model::every_tenant, issuer_key(row)));
  if (same_issuer) {
    return fail(ErrorCode::conflict, "A key manager of this issuer exists", row.issuer,
                issuer_taken);
  }
  return {};
}

Result<> KeyManagerStore::insert(const KeyManagerRow& row) {
  GH_CHECK(check_new(row));
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_key_manager (tenant_id, id, name, issuer_key, enabled, document, secret, "
      "key_set, version, created_at_ms, registration_token) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)",
      tenant_, row.id, row.name, issuer_key(row), row.enabled, json::serialize(row.document),
      row.secret, json::serialize(row.key_set), row.created_at, row.registration_token));
  return {};
}

Result<> KeyManagerStore::update(const KeyManagerRow& row) {
  const Result<std::int64_t> changed = transaction_.execute(
      "UPDATE am_key_manager SET issuer_key = $3, enabled = $4, document = $5, secret = $6, "
      "registration_token = $8, version = version + 1 WHERE tenant_id = $1 AND id = $2 AND version "
      "= $7",
      tenant_, row.id, issuer_key(row), row.enabled, json::serialize(row.document), row.secret,
      row.version, row.registration_token);
  if (!changed && changed.error().code == ErrorCode::conflict) {
    return fail(ErrorCode::conflict, "A key manager of this issuer exists", row.issuer,
                issuer_taken);
  }
  GH_CHECK(changed);
  if (*changed == 0) {
    return fail(ErrorCode::conflict, "The key manager was changed meanwhile", row.id);
  }
  return {};
}

Result<bool> KeyManagerStore::set_keys(std::string_view id, const json::object& key_set) {
  GH_TRY(changed, transaction_.execute("UPDATE am_key_manager SET key_set = $3 "
                                       "WHERE tenant_id = $1 AND id = $2 AND key_set <> $3",
                                       tenant_, id, json::serialize(key_set)));
  return changed > 0;
}

Result<> KeyManagerStore::remove(std::string_view id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_key_manager WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  return {};
}

Result<std::vector<KeyManagerRow>> all_key_managers(Transaction& transaction) {
  GH_TRY(rows, transaction.query(
                   "SELECT tenant_id, id, name, issuer_key, enabled, document, secret, key_set, "
                   "version, created_at_ms, registration_token FROM am_key_manager ORDER BY "
                   "tenant_id, id LIMIT $1",
                   all_max));
  return rows_from(rows);
}

}  // namespace gatehouse::storage
