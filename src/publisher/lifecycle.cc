// SPDX-License-Identifier: Apache-2.0
//
// /apis/change-lifecycle, /apis/{apiId}/lifecycle-state and /lifecycle-history.
#include "core/digest.h"
#include "core/id.h"
#include "publisher/api_writes.h"
#include "publisher/deployed_api.h"
#include "publisher/lifecycle_rules.h"
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/subscription_store.h"
#include "storage/users/user_store.h"

namespace gatehouse::publisher {

namespace {

using storage::ApiRow;
using storage::LifecycleEvent;
using storage::Transaction;

constexpr rest::Problem tier_missing{900304, ErrorCode::invalid_argument,
                                     "An API needs a subscription policy"};

bool is_served_by_url(std::string_view endpoint_type) {
  return endpoint_type.empty() || endpoint_type == "http" || endpoint_type == "address" ||
         endpoint_type == "ws" || endpoint_type == "load_balance" || endpoint_type == "failover";
}

// What consumers cannot do without once they see an API.
Result<> check_ready(const ApiRow& api) {
  if (texts_of(api.document, "policies").empty()) {
    return rest::refuse_because(tier_missing,
                                "Choose at least one subscription policy before publishing");
  }
  if (text_or(api.document, "endpointImplementationType", "ENDPOINT") != "ENDPOINT") return {};
  const json::object* config = object_at(api.document, "endpointConfig");
  if (config != nullptr && !is_served_by_url(text_or(*config, "endpoint_type", ""))) return {};
  GH_TRY(deployed, deployed_api(api.document));
  if (deployed.production.urls.empty() && deployed.sandbox.urls.empty()) {
    return rest::refuse_because(rest::endpoint_url_missing,
                                "Give a production or a sandbox endpoint before publishing");
  }
  return {};
}

// One step of one API's life.
struct Step {
  std::string to;
  std::string user_id;
  Instant now{};
};

Result<> take_step(Transaction& transaction, model::TenantNumber tenant, ApiRow& api,
                   const Step& step, std::string event_id) {
  storage::DeploymentStore deployments(transaction, tenant);
  GH_TRY(before, deployments.environments_of(api.id));
  const LifecycleEvent event{std::move(event_id), api.id,  api.state, step.to,
                             step.user_id,        step.now};
  api.state = step.to;
  api.updated_at = step.now;
  GH_CHECK(storage::ApiStore(transaction, tenant).update(api));
  api.version += 1;
  GH_CHECK(storage::LifecycleStore(transaction, tenant).append(event));
  // A retired API serves nowhere.
  if (step.to == "RETIRED") GH_CHECK(deployments.remove_all(api.id));
  return announce(transaction, tenant, api.id, std::move(before));
}

// An id that follows from two others, so that a repeated transaction makes the same rows.
std::string derived_id(const std::string& from, const std::string& api_id) {
  const std::string digest = sha256_hex(from + api_id);
  return fmt::format("{}-{}-4{}-8{}-{}", digest.substr(0, 8), digest.substr(8, 4),
                     digest.substr(12, 3), digest.substr(15, 3), digest.substr(18, 12));
}

Result<> deprecate_other_versions(Transaction& transaction, model::TenantNumber tenant,
                                  const ApiRow& api, const Step& step,
                                  const std::string& event_id) {
  GH_TRY(versions, storage::ApiStore(transaction, tenant).versions_of(api.name));
  for (ApiRow& other : versions) {
    if (other.id == api.id || other.state != "PUBLISHED") continue;
    if (other.created_at > api.created_at) continue;
    const Step down{"DEPRECATED", step.user_id, step.now};
    GH_CHECK(take_step(transaction, tenant, other, down, derived_id(event_id, other.id)));
  }
  return {};
}

// Names by id; a user who is gone has none.
Result<std::map<std::string, std::string>> names_of_users(
    storage::Database& user_manager, model::TenantNumber tenant,
    const std::vector<LifecycleEvent>& events) {
  return user_manager.read(
      [&](Transaction& transaction) -> Result<std::map<std::string, std::string>> {
        std::map<std::string, std::string> names;
        for (const LifecycleEvent& event : events) {
          if (names.contains(event.user_id)) continue;
          const auto user = storage::UserStore(transaction, tenant).find(event.user_id);
          if (!user && user.error().code != ErrorCode::not_found) {
            return tl::unexpected<Error>(user.error());
          }
          names[event.user_id] = user ? user->name : "";
        }
        return names;
      });
}

// Consumers of the version before go on with the new one, each under the policy it has.
Result<> carry_subscriptions(Transaction& transaction, model::TenantNumber tenant,
                             const ApiRow& api, const Step& step) {
  GH_TRY(versions, storage::ApiStore(transaction, tenant).versions_of(api.name));
  const ApiRow* former = nullptr;
  for (const ApiRow& other : versions) {
    const bool seen = other.state != "CREATED" && other.state != "RETIRED";
    if (other.id != api.id && seen && other.created_at <= api.created_at) former = &other;
  }
  if (former == nullptr) return {};
  storage::SubscriptionStore subscriptions(transaction, tenant);
  storage::SubscriptionQuery query;
  query.api_id = former->id;
  GH_TRY(all, subscriptions.list(query, storage::Window{0, INT64_MAX}));
  for (storage::SubscriptionRow& subscription : all.items) {
    storage::SubscriptionQuery same;
    same.api_id = api.id;
    same.application_id = subscription.application_id;
    GH_TRY(known, subscriptions.count(same));
    if (known > 0) continue;
    subscription.id = derived_id(subscription.id, api.id);
    subscription.api_id = api.id;
    subscription.created_at = subscription.updated_at = step.now;
    GH_CHECK(subscriptions.insert(subscription));
    transaction.changed({model::ChangeKind::subscription, tenant, subscription.id, {}, {}});
  }
  return {};
}

}  // namespace

// POST /apis/change-lifecycle?apiId&action&lifecycleChecklist.
//   200  {workflowStatus, lifecycleState}
//   400  the state does not allow the action, or the API lacks a policy or an endpoint
Result<rest::Reply> Publisher::change_lifecycle(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.query_or("apiId", "")));
  const std::string action = call.query_or("action", "");
  const std::string checklist = call.query_or("lifecycleChecklist", "");
  const std::string event_id = random_uuid(random_);
  const Instant now = clock_.now();
  GH_TRY(state, api_manager_.write([&](Transaction& transaction) -> Result<std::string> {
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(current, storage::ApiStore(transaction, tenant).find(api.id));
    const auto to = state_after(current.state, action);
    if (!to) {
      return rest::refuse_because(
          rest::lifecycle_action_invalid,
          fmt::format("'{}' is not possible in state {}", action, state_title(current.state)));
    }
    if (*to == "PUBLISHED") GH_CHECK(check_ready(current));
    const bool first = current.state == "CREATED" || current.state == "PROTOTYPED";
    const Step step{std::string(*to), call.caller.user_id, now};
    GH_CHECK(take_step(transaction, tenant, current, step, event_id));
    if (*to == "PUBLISHED" && is_checked(checklist, deprecate_others)) {
      GH_CHECK(deprecate_other_versions(transaction, tenant, current, step, event_id));
    }
    if (*to == "PUBLISHED" && first && !is_checked(checklist, subscribe_again)) {
      GH_CHECK(carry_subscriptions(transaction, tenant, current, step));
    }
    return current.state;
  }));
  json::object answer;
  answer["workflowStatus"] = "APPROVED";
  answer["lifecycleState"] = lifecycle_state(state);
  return rest::ok(std::move(answer));
}

// GET /apis/{apiId}/lifecycle-state: {state, checkItems, availableTransitions}.
Result<rest::Reply> Publisher::get_lifecycle_state(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  return rest::ok(lifecycle_state(api.state));
}

// GET /apis/{apiId}/lifecycle-history: oldest first.
Result<rest::Reply> Publisher::get_lifecycle_history(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_TRY(events, api_manager_.read([&](Transaction& transaction) {
    return storage::LifecycleStore(transaction, call.caller.tenant).list(api.id);
  }));
  GH_TRY(names, names_of_users(user_manager_, call.caller.tenant, events));
  json::array list;
  for (const LifecycleEvent& event : events) {
    json::object item;
    if (!event.state_before.empty()) item["previousState"] = state_title(event.state_before);
    item["postState"] = state_title(event.state_after);
    item["user"] = names[event.user_id];
    item["updatedTime"] = to_rfc3339(event.at);
    list.push_back(std::move(item));
  }
  return rest::ok(rest::list_of(std::move(list)));
}

// DELETE /apis/{apiId}/lifecycle-state/pending-tasks: actions take effect at once, so none waits.
Result<rest::Reply> Publisher::delete_pending_tasks(const rest::Call& call) {
  GH_CHECK(find(call.caller, call.path_value("apiId")));
  return rest::refuse(rest::workflow_task_missing);
}

}  // namespace gatehouse::publisher
