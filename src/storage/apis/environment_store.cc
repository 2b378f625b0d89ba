// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/environment_store.h"

#include "core/text.h"

namespace gatehouse::storage {

namespace {

constexpr std::int64_t environments_max = 500;

Result<EnvironmentRow> environment_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(2)));
  return EnvironmentRow{row.text(0), row.text(1), std::move(document), row.number(3),
                        row.instant(4)};
}

Result<EnvironmentRow> environment_or_not_found(const std::optional<Row>& row,
                                                std::string_view which) {
  if (!row) {
    return fail(ErrorCode::not_found, "Gateway Environment not found", std::string(which), 900506);
  }
  return environment_from(*row);
}

}  // namespace

const json::object* EnvironmentRow::vhost(std::string_view host) const {
  const json::array* vhosts = array_at(document, "vhosts");
  if (vhosts == nullptr) return nullptr;
  for (const json::value& item : *vhosts) {
    const json::object* vhost = item.if_object();
    if (vhost != nullptr && equals_ignoring_case(text_or(*vhost, "host", ""), host)) return vhost;
  }
  return nullptr;
}

const json::object* EnvironmentRow::first_vhost() const {
  const json::array* vhosts = array_at(document, "vhosts");
  return vhosts == nullptr || vhosts->empty() ? nullptr : vhosts->front().if_object();
}

bool EnvironmentRow::serves(model::KeyType keys) const {
  const std::string type = text_or(document, "type", "hybrid");
  return type != (keys == model::KeyType::production ? "sandbox" : "production");
}

Result<EnvironmentRow> EnvironmentStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one("SELECT id, name, document, version, created_at_ms "
                                     "FROM am_environment WHERE tenant_id = $1 AND id = $2",
                                     tenant_, id));
  return environment_or_not_found(row, id);
}

Result<EnvironmentRow> EnvironmentStore::find_by_name(std::string_view name) const {
  GH_TRY(row, transaction_.query_one("SELECT id, name, document, version, created_at_ms "
                                     "FROM am_environment WHERE tenant_id = $1 AND name = $2",
                                     tenant_, name));
  return environment_or_not_found(row, name);
}

Result<std::vector<EnvironmentRow>> EnvironmentStore::list() const {
  GH_TRY(rows, transaction_.query("SELECT id, name, document, version, created_at_ms "
                                  "FROM am_environment WHERE tenant_id = $1 "
                                  "ORDER BY name LIMIT $2",
                                  tenant_, environments_max));
  std::vector<EnvironmentRow> environments;
  for (const Row& row : rows) {
    GH_TRY(environment, environment_from(row));
    environments.push_back(std::move(environment));
  }
  return environments;
}

Result<> EnvironmentStore::insert(const EnvironmentRow& environment) {
  GH_TRY(known,
         transaction_.query_one("SELECT 1 FROM am_environment WHERE tenant_id = $1 AND name = $2",
                                tenant_, environment.name));
  // The UNIQUE constraint keeps the promise; this says which one it was.
  if (known) {
    return fail(ErrorCode::conflict, "Gateway Environment already exists", environment.name,
                900507);
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_environment (tenant_id, id, name, document, version, created_at_ms) "
      "VALUES ($1, $2, $3, $4, 1, $5)",
      tenant_, environment.id, environment.name, json::serialize(environment.document),
      environment.created_at));
  return {};
}

Result<> EnvironmentStore::update(const EnvironmentRow& environment) {
  GH_TRY(changed,
         transaction_.execute("UPDATE am_environment SET document = $3, version = version + 1 "
                              "WHERE tenant_id = $1 AND id = $2 AND version = $4",
                              tenant_, environment.id, json::serialize(environment.document),
                              environment.version));
  if (changed == 0) {
    return fail(ErrorCode::conflict, "The environment was changed meanwhile", environment.id);
  }
  return {};
}

Result<> EnvironmentStore::remove(std::string_view id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_environment WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
