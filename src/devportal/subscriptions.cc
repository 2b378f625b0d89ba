// SPDX-License-Identifier: Apache-2.0
//
// /subscriptions, as the consumer sees them.
#include "core/id.h"
#include "core/text.h"
#include "devportal/api_view.h"
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "rest/permissions.h"
#include "rest/problems.h"
#include "storage/apis/policy_store.h"

namespace gatehouse::devportal {

namespace {

using storage::ApiRow;
using storage::ApplicationRow;
using storage::SubscriptionRow;
using storage::SubscriptionStore;
using storage::Transaction;

constexpr std::size_t subscriptions_at_once_max = 100;

Result<json::object> subscription_view(Transaction& transaction, model::TenantNumber tenant,
                                       const SubscriptionRow& subscription) {
  GH_TRY(api, storage::ApiStore(transaction, tenant).find(subscription.api_id));
  GH_TRY(application,
         storage::ApplicationStore(transaction, tenant).find(subscription.application_id));
  GH_TRY(info, application_entry(transaction, tenant, application));
  json::object view;
  view["subscriptionId"] = subscription.id;
  view["applicationId"] = subscription.application_id;
  view["apiId"] = subscription.api_id;
  view["apiInfo"] = api_entry(api);
  view["applicationInfo"] = std::move(info);
  view["throttlingPolicy"] = subscription.policy;
  view["requestedThrottlingPolicy"] = subscription.policy;
  view["status"] = subscription.status;
  return view;
}

// Error: invalid_argument or forbidden, when the API does not offer the policy to this caller.
Result<> check_policy(Transaction& transaction, const rest::Caller& caller, const ApiRow& api,
                      const std::string& name) {
  const std::vector<std::string> offered = texts_of(api.document, "policies");
  if (name.empty()) return rest::refuse(rest::plan_missing);
  if (std::find(offered.begin(), offered.end(), name) == offered.end()) {
    return rest::refuse_because(rest::plan_not_allowed,
                                fmt::format("The API does not offer the policy '{}'", name));
  }
  GH_TRY(policy, storage::PolicyStore(transaction, caller.tenant)
                     .find_by_name(model::PolicyLevel::subscription, name));
  if (!rest::is_open_to(caller, policy.document)) {
    return rest::refuse_because(rest::policy_not_allowed,
                                fmt::format("Your roles do not open the policy '{}'", name));
  }
  return {};
}

void changed(Transaction& transaction, model::TenantNumber tenant, const std::string& id) {
  transaction.changed({model::ChangeKind::subscription, tenant, id, {}, {}});
}

// The subscription, if it belongs to an application of the caller.
Result<SubscriptionRow> find_own(Transaction& transaction, const rest::Call& call) {
  GH_TRY(
      subscription,
      SubscriptionStore(transaction, call.caller.tenant).find(call.path_value("subscriptionId")));
  GH_TRY(
      application,
      storage::ApplicationStore(transaction, call.caller.tenant).find(subscription.application_id));
  if (application.owner_id != call.caller.user_id) {
    return rest::refuse(rest::subscription_not_found, subscription.id);
  }
  return subscription;
}

}  // namespace

// GET /subscriptions?apiId&applicationId: the caller's own, oldest first.
Result<rest::Reply> DevPortal::list_subscriptions(const rest::Call& call) {
  storage::SubscriptionQuery query;
  query.api_id = call.query_or("apiId", "");
  query.application_id = call.query_or("applicationId", "");
  query.owner_id = call.caller.user_id;
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(listed, SubscriptionStore(transaction, tenant)
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

// One subscription of `wanted`: {apiId, applicationId, throttlingPolicy}.
Result<json::object> DevPortal::subscribe(const rest::Caller& caller, const json::object& wanted) {
  GH_TRY(api, find_api(caller, text_or(wanted, "apiId", "")));
  if (!is_offered(api)) {
    return rest::refuse_because(
        rest::subscription_state_invalid,
        fmt::format("An API in state {} takes no subscriptions", api.state));
  }
  SubscriptionRow subscription;
  subscription.id = random_uuid(random_);
  subscription.api_id = api.id;
  subscription.application_id = text_or(wanted, "applicationId", "");
  subscription.policy = text_or(wanted, "throttlingPolicy", "");
  subscription.status = "UNBLOCKED";
  subscription.created_at = subscription.updated_at = clock_.now();
  return api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_TRY(application, storage::ApplicationStore(transaction, caller.tenant)
                            .find_own(subscription.application_id, caller.user_id));
    if (application.status != "APPROVED") return rest::refuse(rest::application_inactive);
    GH_CHECK(check_policy(transaction, caller, api, subscription.policy));
    GH_CHECK(SubscriptionStore(transaction, caller.tenant).insert(subscription));
    changed(transaction, caller.tenant, subscription.id);
    return subscription_view(transaction, caller.tenant, subscription);
  });
}

// POST /subscriptions: an application of the caller subscribes to an API that the caller sees.
//   201  the subscription, unblocked
//   400  the API takes none in its state, or does not offer the policy
//   403  the caller's roles do not open the policy
//   409  the application subscribes already
Result<rest::Reply> DevPortal::create_subscription(const rest::Call& call) {
  GH_TRY(view, subscribe(call.caller, call.object()));
  std::string location = "/subscriptions/" + text_or(view, "subscriptionId", "");
  return rest::created(std::move(view), std::move(location));
}

// POST /subscriptions/multiple: one after the other; ends at the first that is refused.
Result<rest::Reply> DevPortal::create_subscriptions(const rest::Call& call) {
  const json::array& wanted = call.body.as_array();
  if (wanted.size() > subscriptions_at_once_max) {
    return rest::refuse_because(rest::text_too_long, "At most 100 subscriptions at once");
  }
  json::array made;
  for (const json::value& item : wanted) {
    GH_TRY(view, subscribe(call.caller, item.as_object()));
    made.push_back(std::move(view));
  }
  return rest::ok(std::move(made));
}

// GET /subscriptions/{subscriptionId}.
Result<rest::Reply> DevPortal::get_subscription(const rest::Call& call) {
  GH_TRY(view, api_manager_.read([&](Transaction& transaction) -> Result<json::object> {
    GH_TRY(subscription, find_own(transaction, call));
    return subscription_view(transaction, call.caller.tenant, subscription);
  }));
  return rest::ok(std::move(view));
}

// PUT /subscriptions/{subscriptionId}: another policy. API and application stay.
Result<rest::Reply> DevPortal::update_subscription(const rest::Call& call) {
  const std::string policy = text_or(call.object(), "throttlingPolicy", "");
  const Instant now = clock_.now();
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(subscription, find_own(transaction, call));
    GH_TRY(api, storage::ApiStore(transaction, tenant).find(subscription.api_id));
    GH_CHECK(check_policy(transaction, call.caller, api, policy));
    subscription.policy = policy;
    subscription.updated_at = now;
    GH_CHECK(SubscriptionStore(transaction, tenant).update(subscription));
    changed(transaction, tenant, subscription.id);
    return subscription_view(transaction, tenant, subscription);
  }));
  return rest::ok(std::move(view));
}

// DELETE /subscriptions/{subscriptionId}.
Result<rest::Reply> DevPortal::delete_subscription(const rest::Call& call) {
  const Result<> gone = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_TRY(subscription, find_own(transaction, call));
    return SubscriptionStore(transaction, call.caller.tenant).remove(subscription);
  });
  GH_CHECK(gone);
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
