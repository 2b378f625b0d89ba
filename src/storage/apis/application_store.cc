// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/application_store.h"

namespace gatehouse::storage {

namespace {

Result<ApplicationRow> application_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(6)));
  return ApplicationRow{row.text(0),    row.text(1),   row.text(2),         row.text(3),
                        row.text(4),    row.text(5),   std::move(document), row.number(7),
                        row.instant(8), row.instant(9)};
}

tl::unexpected<Error> not_found(std::string_view id) {
  return fail(ErrorCode::not_found, "Application not found", std::string(id), 900307);
}

}  // namespace

Result<ApplicationRow> ApplicationStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, owner_id, name, policy, token_type, status, document, version, "
                  "created_at_ms, updated_at_ms FROM am_application "
                  "WHERE tenant_id = $1 AND id = $2",
                  tenant_, id));
  if (!row) return not_found(id);
  return application_from(*row);
}

Result<ApplicationRow> ApplicationStore::find_own(std::string_view id,
                                                  const std::string& owner_id) const {
  GH_TRY(application, find(id));
  if (application.owner_id != owner_id) return not_found(id);
  return application;
}

Result<Listed<ApplicationRow>> ApplicationStore::list(const ApplicationQuery& query,
                                                      const Window& window) const {
  // Each choice is a statement of its own, so that each has the plan that suits it.
  const std::string conditions =
      fmt::format("AND {} AND {} ", query.owner_id.empty() ? "$2 = ''" : "owner_id = $2",
                  query.name.empty() ? "$3 = ''" : "name = $3");
  GH_TRY(counted, transaction_.query(
                      "SELECT COUNT(*) FROM am_application WHERE tenant_id = $1 " + conditions,
                      tenant_, query.owner_id, query.name));
  GH_TRY(rows, transaction_.query(
                   "SELECT id, owner_id, name, policy, token_type, status, document, version, "
                   "created_at_ms, updated_at_ms FROM am_application WHERE tenant_id = $1 " +
                       conditions + "ORDER BY name, id LIMIT $4 OFFSET $5",
                   tenant_, query.owner_id, query.name, window.limit, window.offset));
  Listed<ApplicationRow> listed;
  listed.total = counted.front().number(0);
  for (const Row& row : rows) {
    GH_TRY(application, application_from(row));
    listed.items.push_back(std::move(application));
  }
  return listed;
}

Result<std::vector<std::string>> ApplicationStore::users_of_policy(std::string_view policy) const {
  GH_TRY(rows, transaction_.query("SELECT name FROM am_application "
                                  "WHERE tenant_id = $1 AND policy = $2 ORDER BY name, id LIMIT 10",
                                  tenant_, policy));
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.text(0));
  return names;
}

// The UNIQUE constraint keeps the promise; this says which one it was.
Result<> ApplicationStore::refuse_second(const ApplicationRow& application) const {
  GH_TRY(row, transaction_.query_one("SELECT id FROM am_application "
                                     "WHERE tenant_id = $1 AND owner_id = $2 AND name = $3",
                                     tenant_, application.owner_id, application.name));
  if (!row || row->text(0) == application.id) return {};
  return fail(ErrorCode::conflict,
              fmt::format("An application named '{}' already exists", application.name), "",
              900301);
}

Result<> ApplicationStore::insert(const ApplicationRow& application) {
  GH_CHECK(refuse_second(application));
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_application (tenant_id, id, owner_id, name, policy, token_type, status, "
      "document, version, created_at_ms, updated_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)",
      tenant_, application.id, application.owner_id, application.name, application.policy,
      application.token_type, application.status, json::serialize(application.document),
      application.created_at, application.updated_at));
  return {};
}

Result<> ApplicationStore::update(const ApplicationRow& application) {
  GH_CHECK(refuse_second(application));
  GH_TRY(changed,
         transaction_.execute(
             "UPDATE am_application SET owner_id = $3, name = $4, policy = $5, token_type = $6, "
             "status = $7, document = $8, version = version + 1, updated_at_ms = $9 "
             "WHERE tenant_id = $1 AND id = $2 AND version = $10",
             tenant_, application.id, application.owner_id, application.name, application.policy,
             application.token_type, application.status, json::serialize(application.document),
             application.updated_at, application.version));
  if (changed == 0) {
    return fail(ErrorCode::conflict, "The application was changed meanwhile", application.id);
  }
  return {};
}

Result<> ApplicationStore::remove(std::string_view id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_application WHERE tenant_id = $1 AND id = $2",
                                tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
