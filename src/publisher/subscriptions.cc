// SPDX-License-Identifier: Apache-2.0
//
// /subscriptions, as the provider of an API sees them.
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/application_store.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::publisher {

namespace {

using storage::SubscriptionRow;
using storage::Transaction;

Result<json::object> subscription_view(Transaction& transaction, model::TenantNumber tenant,
                                       const SubscriptionRow& subscription) {
  GH_TRY(application,
         storage::ApplicationStore(transaction, tenant).find(subscription.application_id));
  storage::SubscriptionQuery same;
  same.application_id = application.id;
  GH_TRY(count, storage::SubscriptionStore(transaction, tenant).count(same));
  json::object info;
  info["applicationId"] = application.id;
  info["name"] = application.name;
  info["subscriber"] = application.owner();
  info["description"] = text_or(application.document, "description", "");
  info["subscriptionCount"] = count;
  json::object view;
  view["subscriptionId"] = subscription.id;
  view["applicationInfo"] = std::move(info);
  view["throttlingPolicy"] = subscription.policy;
  view["subscriptionStatus"] = subscription.status;
  return view;
}

}  // namespace

// GET /subscriptions?apiId: oldest first.
Result<rest::Reply> Publisher::list_subscriptions(const rest::Call& call) {
  storage::SubscriptionQuery query;
  query.api_id = call.query_or("apiId", "");
  if (!query.api_id.empty()) GH_CHECK(find(call.caller, query.api_id));
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(listed, storage::SubscriptionStore(transaction, tenant)
                       .list(query, storage::Window{page.offset, page.limit}));
    total = listed.total;
    json::array views;
    for (const SubscriptionRow& subscription : listed.items) {
      GH_TRY(view, subscription_view(transaction, tenant, subscription));
      views.push_back(std::move(view));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// POST /subscriptions/block-subscription?subscriptionId&blockState: for production calls or for
// all.
Result<rest::Reply> Publisher::block_subscription(const rest::Call& call) {
  const std::string status = call.query_or("blockState", "BLOCKED");
  if (status != "BLOCKED" && status != "PROD_ONLY_BLOCKED") {
    return rest::refuse(rest::subscription_state_invalid, status);
  }
  return set_subscription_status(call, status);
}

// POST /subscriptions/unblock-subscription?subscriptionId.
Result<rest::Reply> Publisher::unblock_subscription(const rest::Call& call) {
  return set_subscription_status(call, "UNBLOCKED");
}

Result<rest::Reply> Publisher::set_subscription_status(const rest::Call& call,
                                                       const std::string& status) {
  const Instant now = clock_.now();
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    const model::TenantNumber tenant = call.caller.tenant;
    storage::SubscriptionStore subscriptions(transaction, tenant);
    GH_TRY(subscription, subscriptions.find(call.query_or("subscriptionId", "")));
    GH_TRY(api, storage::ApiStore(transaction, tenant).find(subscription.api_id));
    if (!may_edit(call.caller, api)) return rest::refuse(rest::subscription_not_found);
    subscription.status = status;
    subscription.updated_at = now;
    GH_CHECK(subscriptions.update(subscription));
    transaction.changed({model::ChangeKind::subscription, tenant, subscription.id, {}, {}});
    return subscription_view(transaction, tenant, subscription);
  }));
  return rest::ok(std::move(view));
}

}  // namespace gatehouse::publisher
