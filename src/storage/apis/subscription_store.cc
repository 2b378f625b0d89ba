// SPDX-License-Identifier: Apache-2.0
#include "storage/apis/subscription_store.h"

namespace gatehouse::storage {

namespace {

Result<SubscriptionRow> subscription_from(const Row& row) {
  GH_TRY(document, stored_document(row.text(5)));
  return SubscriptionRow{row.text(0),   row.text(1),    row.text(2),
                         row.text(3),   row.text(4),    std::move(document),
                         row.number(6), row.instant(7), row.instant(8)};
}

// Each choice is a statement of its own, so that each has the plan that suits it. Parameters $2 to
// $5 stand in all of them.
std::string conditions_of(const SubscriptionQuery& query) {
  return fmt::format("AND {} AND {} AND {} AND {} ",
                     query.api_id.empty() ? "$2 = ''" : "api_id = $2",
                     query.application_id.empty() ? "$3 = ''" : "application_id = $3",
                     query.status.empty() ? "$4 = ''" : "status = $4",
                     query.owner_id.empty() ? "$5 = ''"
                                            : "application_id IN (SELECT id FROM am_application "
                                              "WHERE tenant_id = $1 AND owner_id = $5)");
}

}  // namespace

Result<SubscriptionRow> SubscriptionStore::find(std::string_view id) const {
  GH_TRY(row, transaction_.query_one(
                  "SELECT id, api_id, application_id, policy, status, document, version, "
                  "created_at_ms, updated_at_ms FROM am_subscription "
                  "WHERE tenant_id = $1 AND id = $2",
                  tenant_, id));
  if (!row) return fail(ErrorCode::not_found, "Subscription not found", std::string(id), 900310);
  return subscription_from(*row);
}

Result<Listed<SubscriptionRow>> SubscriptionStore::list(const SubscriptionQuery& query,
                                                        const Window& window) const {
  Listed<SubscriptionRow> listed;
  GH_TRY(total, count(query));
  listed.total = total;
  GH_TRY(rows, transaction_.query(
                   "SELECT id, api_id, application_id, policy, status, document, version, "
                   "created_at_ms, updated_at_ms FROM am_subscription WHERE tenant_id = $1 " +
                       conditions_of(query) + "ORDER BY created_at_ms, id LIMIT $6 OFFSET $7",
                   tenant_, query.api_id, query.application_id, query.status, query.owner_id,
                   window.limit, window.offset));
  for (const Row& row : rows) {
    GH_TRY(subscription, subscription_from(row));
    listed.items.push_back(std::move(subscription));
  }
  return listed;
}

Result<std::int64_t> SubscriptionStore::count(const SubscriptionQuery& query) const {
  GH_TRY(rows,
         transaction_.query(
             "SELECT COUNT(*) FROM am_subscription WHERE tenant_id = $1 " + conditions_of(query),
             tenant_, query.api_id, query.application_id, query.status, query.owner_id));
  return rows.front().number(0);
}

Result<std::vector<std::string>> SubscriptionStore::users_of_policy(std::string_view policy) const {
  GH_TRY(rows, transaction_.query("SELECT id FROM am_subscription "
                                  "WHERE tenant_id = $1 AND policy = $2 ORDER BY id LIMIT 10",
                                  tenant_, policy));
  std::vector<std::string> ids;
  for (const Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

Result<> SubscriptionStore::insert(const SubscriptionRow& subscription) {
  SubscriptionQuery same;
  same.api_id = subscription.api_id;
  same.application_id = subscription.application_id;
  GH_TRY(known, count(same));
  // The UNIQUE constraint keeps the promise; this says which one it was.
  if (known > 0) {
    return fail(ErrorCode::conflict, "Subscription already exists", subscription.api_id, 900336);
  }
  GH_CHECK(transaction_.execute(
      "INSERT INTO am_subscription (tenant_id, id, api_id, application_id, policy, status, "
      "document, version, created_at_ms, updated_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)",
      tenant_, subscription.id, subscription.api_id, subscription.application_id,
      subscription.policy, subscription.status, json::serialize(subscription.document),
      subscription.created_at, subscription.updated_at));
  return {};
}

Result<> SubscriptionStore::update(const SubscriptionRow& subscription) {
  GH_TRY(changed,
         transaction_.execute("UPDATE am_subscription SET policy = $3, status = $4, document = $5, "
                              "version = version + 1, updated_at_ms = $6 "
                              "WHERE tenant_id = $1 AND id = $2 AND version = $7",
                              tenant_, subscription.id, subscription.policy, subscription.status,
                              json::serialize(subscription.document), subscription.updated_at,
                              subscription.version));
  if (changed == 0) {
    return fail(ErrorCode::conflict, "The subscription was changed meanwhile", subscription.id);
  }
  return {};
}

Result<> SubscriptionStore::remove(const SubscriptionRow& subscription) {
  GH_CHECK(transaction_.execute("DELETE FROM am_subscription WHERE tenant_id = $1 AND id = $2",
                                tenant_, subscription.id));
  using model::ChangeKind;
  transaction_.changed({ChangeKind::subscription, tenant_, subscription.id, {}, {}});
  transaction_.changed({ChangeKind::application, tenant_, subscription.application_id, {}, {}});
  return {};
}

}  // namespace gatehouse::storage
