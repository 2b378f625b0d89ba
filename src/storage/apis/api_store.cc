// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/api_store.h"

#include "core/text.h"
#include "storage/apis/search_store.h"

namespace gatehouse::storage {

namespace {

constexpr std::int64_t versions_max = 500;

Result<ApiRow> api_from(const Row& row) {
  ApiRow api;
  api.id = row.text(0);
  api.provider_id = row.text(1);
  api.name = row.text(2);
  api.api_version = row.text(3);
  api.context = row.text(4);
  api.full_context = row.text(5);
  api.state = row.text(6);
  api.is_default_version = row.flag(7);
  GH_TRY(document, stored_document(row.text(8)));
  api.document = std::move(document);
  api.definition_hash = row.text(9);
  api.revisions_made = row.number(10);
  api.version = row.number(11);
  api.created_at = row.instant(12);
  api.updated_at = row.instant(13);
  return api;
}

Result<std::vector<ApiRow>> apis_from(const std::vector<Row>& rows) {
  std::vector<ApiRow> apis;
  for (const Row& row : rows) {
    GH_TRY(api, api_from(row));
    apis.push_back(std::move(api));
  }
  return apis;
}

// FROM and WHERE of a search over `a`; its parameters go to `binding`.
std::string matching(const ApiQuery& query, model::TenantNumber tenant, Binding& binding) {
  const std::string own = binding.one(tenant);
  std::string sql = fmt::format("FROM am_api a WHERE a.tenant_id = {}", own);
  const auto holds = [&](std::string_view condition, std::string value) {
    if (!value.empty()) sql += fmt::format(" AND {} = {}", condition, binding.one(value));
  };
  holds("a.name_key", to_lower(query.name));
  holds("a.api_version", query.version);
  holds("a.context", query.context);
  if (!query.states.empty()) sql += fmt::format(" AND a.state IN ({})", binding.list(query.states));

  constexpr std::string_view term =
      " AND EXISTS (SELECT 1 FROM am_search_term s WHERE s.tenant_id = {} AND s.object_id = a.id"
      " AND s.term {})";
  for (const std::string& word : query.words) {
    const std::string from = binding.one(word);
    const std::string to = binding.one(after_prefix(word));
    sql += fmt::format(term, own, fmt::format(">= {} AND s.term < {}", from, to));
  }
  for (const std::string& mark : query.marks) {
    sql += fmt::format(term, own, "= " + binding.one(mark));
  }
  if (!query.audience.empty()) {
    sql += fmt::format(term, own, fmt::format("IN ({})", binding.list(query.audience)));
  }
  return sql;
}

constexpr std::string_view columns =
    "SELECT id, provider_id, name, api_version, context, full_context, state, is_default_version, "
    "document, definition_hash, revisions_made, version, created_at_ms, updated_at_ms ";

std::string select(std::string_view rest) { return fmt::format("{}{}", columns, rest); }

}  // namespace

Result<ApiRow> ApiStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(select("FROM am_api WHERE tenant_id = $1 AND id = $2"),
                                     tenant_, id));
  if (!row) return fail(ErrorCode::not_found, "API Not Found", std::string(id), 900308);
  return api_from(*row);
}

Result<std::vector<ApiRow>> ApiStore::versions_of(std::string_view name) const {
  GH_TRY(rows, transaction_.query(select("FROM am_api WHERE tenant_id = $1 AND name_key = $2 "
                                         "ORDER BY created_at_ms, id LIMIT $3"),
                                  tenant_, to_lower(name), versions_max));
  return apis_from(rows);
}

Result<std::vector<ApiRow>> ApiStore::of_context(std::string_view context) const {
  GH_TRY(rows, transaction_.query(select("FROM am_api WHERE tenant_id = $1 AND context = $2 "
                                         "ORDER BY created_at_ms, id LIMIT $3"),
                                  tenant_, context, versions_max));
  return apis_from(rows);
}

Result<Listed<ApiRow>> ApiStore::list(const ApiQuery& query, const Window& window) const {
  Binding binding;
  const std::string found = matching(query, tenant_, binding);
  GH_TRY(counted, transaction_.run("SELECT COUNT(*) " + found, binding.parameters()));
  const std::string limit = binding.one(window.limit);
  const std::string offset = binding.one(window.offset);
  GH_TRY(rows, transaction_.run(
                   fmt::format("{}{} ORDER BY a.name, a.api_version, a.id LIMIT {} OFFSET {}",
                               columns, found, limit, offset),
                   binding.parameters()));
  GH_TRY(apis, apis_from(rows));
  return Listed<ApiRow>{std::move(apis), counted.front().number(0)};
}

Result<Listed<ApiStore::Tag>> ApiStore::tags(const ApiQuery& query, const Window& window) const {
  const std::string prefix = tag_mark("");
  Binding binding;
  const std::string found = matching(query, tenant_, binding);
  const std::string from = binding.one(prefix);
  const std::string to = binding.one(after_prefix(prefix));
  const std::string tagged = fmt::format(
      "FROM am_search_term t WHERE t.tenant_id = $1 AND t.term >= {} AND t.term < {} "
      "AND t.object_id IN (SELECT a.id {})",
      from, to, found);
  GH_TRY(counted,
         transaction_.run("SELECT COUNT(DISTINCT t.term) " + tagged, binding.parameters()));
  const std::string limit = binding.one(window.limit);
  const std::string offset = binding.one(window.offset);
  GH_TRY(rows,
         transaction_.run(fmt::format("SELECT t.term, COUNT(*) {} GROUP BY t.term ORDER BY t.term "
                                      "LIMIT {} OFFSET {}",
                                      tagged, limit, offset),
                          binding.parameters()));
  Listed<Tag> tags;
  tags.total = counted.front().number(0);
  for (const Row& row : rows) {
    tags.items.push_back({row.text(0).substr(prefix.size()), row.number(1)});
  }
  return tags;
}

Result<> ApiStore::insert(const ApiRow& api) {
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_api (tenant_id, id, provider_id, name, name_key, api_version, context, "
      "full_context, state, is_default_version, document, definition_hash, revisions_made, "
      "version, "
      "created_at_ms, updated_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15)",
      tenant_, api.id, api.provider_id, api.name, to_lower(api.name), api.api_version, api.context,
      api.full_context, api.state, api.is_default_version, json::serialize(api.document),
      api.definition_hash, api.revisions_made, api.created_at, api.updated_at));
  return {};
}

Result<> ApiStore::update(const ApiRow& api) {
  GH_TRY(changed,
         transaction_.execute(
             "UPDATE am_api SET provider_id = $3, name = $4, name_key = $5, api_version = $6, "
             "context = $7, full_context = $8, state = $9, is_default_version = $10, "
             "document = $11, definition_hash = $12, revisions_made = $13, version = version + 1, "
             "updated_at_ms = $14 WHERE tenant_id = $1 AND id = $2 AND version = $15",
             tenant_, api.id, api.provider_id, api.name, to_lower(api.name), api.api_version,
             api.context, api.full_context, api.state, api.is_default_version,
             json::serialize(api.document), api.definition_hash, api.revisions_made, api.updated_at,
             api.version));
  if (changed == 0) return fail(ErrorCode::conflict, "The API was changed meanwhile", api.id);
  return {};
}

Result<> ApiStore::remove(std::string_view id) {
  GH_CHECK(
      transaction_.execute("DELETE FROM am_api WHERE tenant_id = $1 AND id = $2", tenant_, id));
  return {};
}

}  // namespace gatehouse::storage
