// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/revision_store.h"

namespace gatehouse::storage {

namespace {

Result<RevisionRow> revision_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(4)));
  return RevisionRow{row.text(0),         row.text(1), row.number(2), row.text(3),
                     std::move(document), row.text(5), row.text(6),   row.instant(7)};
}

Result<RevisionRow> revision_or_not_found(const std::optional<Row>& row, std::string detail) {
  if (!row) {
    return fail(ErrorCode::not_found, "API Revision Not Found", std::move(detail), 900347);
  }
  return revision_from(*row);
}

}  // namespace

Result<RevisionRow> RevisionStore::find(std::string_view api_id, std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, api_id, number, description, document, definition_hash, created_by, "
                  "created_at_ms FROM am_revision "
                  "WHERE tenant_id = $1 AND api_id = $2 AND id = $3",
                  tenant_, api_id, id));
  return revision_or_not_found(row, std::string(id));
}

Result<RevisionRow> RevisionStore::find_by_number(std::string_view api_id,
                                                  std::int64_t number) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, api_id, number, description, document, definition_hash, created_by, "
                  "created_at_ms FROM am_revision "
                  "WHERE tenant_id = $1 AND api_id = $2 AND number = $3",
                  tenant_, api_id, number));
  return revision_or_not_found(row, fmt::format("{} of {}", number, api_id));
}

Result<std::vector<RevisionRow>> RevisionStore::list(std::string_view api_id) const {
  GH_TRY(rows, transaction_.query(
                   "SELECT id, api_id, number, description, document, definition_hash, created_by, "
                   "created_at_ms FROM am_revision "
                   "WHERE tenant_id = $1 AND api_id = $2 ORDER BY number",
                   tenant_, api_id));
  std::vector<RevisionRow> revisions;
  for (const Row& row : rows) {
    GH_TRY(revision, revision_from(row));
    revisions.push_back(std::move(revision));
  }
  return revisions;
}

Result<> RevisionStore::insert(const RevisionRow& revision) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_revision (tenant_id, id, api_id, number, description, document, "
      "definition_hash, created_by, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      tenant_, revision.id, revision.api_id, revision.number, revision.description,
      json::serialize(revision.document), revision.definition_hash, revision.created_by,
      revision.created_at));
  return {};
}

Result<> RevisionStore::remove(std::string_view api_id, std::string_view id) {
  GH_CHECK(transaction_.execute(
      "DELETE FROM am_revision WHERE tenant_id = $1 AND api_id = $2 AND id = $3", tenant_, api_id,
      id));
  return {};
}

Result<> RevisionStore::remove_all(std::string_view api_id) {
  GH_CHECK(transaction_.execute("DELETE FROM am_revision WHERE tenant_id = $1 AND api_id = $2",
                                tenant_, api_id));
  return {};
}

}  // namespace gatehouse::storage
