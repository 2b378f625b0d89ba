// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/feed_store.h"

#include "storage/apis/policy_limit.h"

namespace gatehouse::storage {

namespace {

// " AND a.tenant_id = $3 AND a.id = $4", or nothing.
std::string narrowed(std::string_view table, const std::optional<Which>& only, Binding& binding) {
  if (!only) return "";
  const std::string tenant = binding.one(only->tenant);
  const std::string id = binding.one(only->id);
  return fmt::format(" AND {0}.tenant_id = {1} AND {0}.id = {2}", table, tenant, id);
}

Result<PolicyRow> policy_from(const Row& row) {
  GH_TRY(level, model::parse_policy_level(row.text(2)));
  GH_TRY(document, stored_document(row.text(4)));
  PolicyRow policy;
  policy.id = row.text(1);
  policy.level = level;
  policy.name = row.text(3);
  policy.document = std::move(document);
  return policy;
}

}  // namespace

Result<std::vector<DeployedRow>> FeedStore::apis(const std::optional<Which>& only) const {
  Binding binding;
  const std::string served = binding.list(environments_);
  const std::string sql = fmt::format(
      "SELECT a.tenant_id, a.id, a.state, a.is_default_version, d.revision_id, d.environment, "
      "d.vhost, r.document FROM am_deployment d "
      "JOIN am_api a ON a.tenant_id = d.tenant_id AND a.id = d.api_id "
      "JOIN am_revision r ON r.tenant_id = d.tenant_id AND r.id = d.revision_id "
      "WHERE d.environment IN ({}){} ORDER BY a.tenant_id, a.id, d.environment",
      served, narrowed("a", only, binding));
  GH_TRY(rows, transaction_.run(sql, binding.parameters()));
  std::vector<DeployedRow> apis;
  for (const Row& row : rows) {
    const bool known =
        !apis.empty() && apis.back().tenant == row.number(0) && apis.back().api_id == row.text(1);
    if (known) continue;
    GH_TRY(document, stored_document(row.text(7)));
    apis.push_back({row.number(0), row.text(1), row.text(2), row.flag(3), row.text(4), row.text(5),
                    row.text(6), std::move(document)});
  }
  return apis;
}

Result<std::vector<std::string>> FeedStore::api_ids(model::TenantNumber tenant) const {
  GH_TRY(rows, transaction_.query("SELECT DISTINCT api_id FROM am_deployment "
                                  "WHERE tenant_id = $1 ORDER BY api_id",
                                  tenant));
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

Result<std::vector<model::KnownSubscription>> FeedStore::subscriptions(
    const std::optional<Which>& only) const {
  Binding binding;
  const std::string served = binding.list(environments_);
  const std::string sql = fmt::format(
      "SELECT s.tenant_id, s.id, s.api_id, s.application_id, s.policy, s.status "
      "FROM am_subscription s WHERE EXISTS (SELECT 1 FROM am_deployment d "
      "WHERE d.tenant_id = s.tenant_id AND d.api_id = s.api_id AND d.environment IN ({})){} "
      "ORDER BY s.tenant_id, s.id",
      served, narrowed("s", only, binding));
  GH_TRY(rows, transaction_.run(sql, binding.parameters()));
  std::vector<model::KnownSubscription> subscriptions;
  for (const Row& row : rows) {
    subscriptions.push_back(
        {row.text(1), row.number(0), row.text(2), row.text(3), row.text(4), row.text(5)});
  }
  return subscriptions;
}

Result<std::vector<model::KnownApplication>> FeedStore::applications(
    const std::optional<Which>& only) const {
  Binding binding;
  const std::string served = binding.list(environments_);
  const std::string sql = fmt::format(
      "SELECT p.tenant_id, p.id, p.name, p.document, p.policy, p.status FROM am_application p "
      "WHERE EXISTS (SELECT 1 FROM am_subscription s JOIN am_deployment d "
      "ON d.tenant_id = s.tenant_id AND d.api_id = s.api_id "
      "WHERE s.tenant_id = p.tenant_id AND s.application_id = p.id AND d.environment IN ({})){} "
      "ORDER BY p.tenant_id, p.id",
      served, narrowed("p", only, binding));
  GH_TRY(rows, transaction_.run(sql, binding.parameters()));
  std::vector<model::KnownApplication> applications;
  for (const Row& row : rows) {
    GH_TRY(document, stored_document(row.text(3)));
    applications.push_back({row.text(1), row.number(0), row.text(2), text_or(document, "owner", ""),
                            row.text(4), row.text(5)});
  }
  return applications;
}

Result<std::vector<model::KnownPolicy>> FeedStore::policies(
    const std::optional<Which>& only) const {
  Binding binding;
  const std::string sql = fmt::format(
      "SELECT y.tenant_id, y.id, y.level, y.name, y.document FROM am_policy y "
      "WHERE y.tenant_id > 0{} ORDER BY y.tenant_id, y.id",
      narrowed("y", only, binding));
  GH_TRY(rows, transaction_.run(sql, binding.parameters()));
  std::vector<model::KnownPolicy> policies;
  for (const Row& row : rows) {
    GH_TRY(policy, policy_from(row));
    policies.push_back(known_policy(policy, row.number(0)));
  }
  return policies;
}

Result<std::vector<FeedStore::Subscriber>> FeedStore::subscribers_of(const Which& api) const {
  GH_TRY(rows, transaction_.query("SELECT id, application_id FROM am_subscription "
                                  "WHERE tenant_id = $1 AND api_id = $2 ORDER BY id",
                                  api.tenant, api.id));
  std::vector<Subscriber> subscribers;
  for (const Row& row : rows) subscribers.push_back({row.text(0), row.text(1)});
  return subscribers;
}

}  // namespace gatehouse::storage
