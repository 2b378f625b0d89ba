// SPDX-License-Identifier: Apache-2.0
//
// /throttling/policies/{application,subscription,advanced} and /throttling/policies/search.
#include "admin/admin.h"
#include "core/id.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"
#include "storage/apis/certificate_store.h"
#include "storage/apis/policy_limit.h"
#include "storage/apis/search_store.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::admin {

namespace {

using model::PolicyLevel;
using storage::PolicyRow;
using storage::PolicyStore;
using storage::Transaction;

constexpr std::int64_t policies_max = 1'000;
constexpr std::int64_t named_users_max = 5;

constexpr std::array levels{PolicyLevel::application, PolicyLevel::subscription, PolicyLevel::api};

// The word by which a search names the level.
std::string_view search_type(PolicyLevel level) {
  switch (level) {
    case PolicyLevel::application: return "app";
    case PolicyLevel::subscription: return "sub";
    case PolicyLevel::api: return "api";
  }
  GH_ASSERT_NOT_REACHED();
}

// What gateways make of a policy: all of it, or not yet.
bool is_deployed(const json::object& policy) {
  const json::array* groups = array_at(policy, "conditionalGroups");
  return storage::is_enforced(policy) && (groups == nullptr || groups->empty());
}

// The body with what we decide.
Result<json::object> document_from(const json::object& body, const PolicyRow& policy) {
  GH_CHECK(storage::check_limit(body));
  json::object document = body;
  document["policyId"] = policy.id;
  document["policyName"] = policy.name;
  if (text_or(body, "displayName", "").empty()) document["displayName"] = policy.name;
  document["isDeployed"] = is_deployed(body);
  document["type"] = storage::document_type(policy.level);
  return document;
}

void changed(Transaction& transaction, model::TenantNumber tenant, const std::string& id) {
  transaction.changed({model::ChangeKind::policy, tenant, id, {}, {}});
}

// Names of the APIs and revisions whose documents name the policy.
Result<std::vector<std::string>> apis_under(Transaction& transaction, model::TenantNumber tenant,
                                            const PolicyRow& policy) {
  const std::string mark = storage::policy_mark(model::to_text(policy.level), policy.name);
  GH_TRY(ids, storage::SearchStore(transaction, tenant).objects_with(mark, named_users_max));
  std::vector<std::string> names;
  for (const std::string& id : ids) {
    const auto api = storage::ApiStore(transaction, tenant).find(id);
    if (!api && api.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(api.error());
    }
    names.push_back(api ? fmt::format("API '{}' {}", api->name, api->api_version)
                        : fmt::format("revision {}", id));
  }
  return names;
}

// Error: conflict, naming whatever is under the policy.
Result<> refuse_used(Transaction& transaction, model::TenantNumber tenant,
                     const PolicyRow& policy) {
  GH_TRY(names, apis_under(transaction, tenant, policy));
  if (policy.level == PolicyLevel::application) {
    GH_TRY(applications,
           storage::ApplicationStore(transaction, tenant).users_of_policy(policy.name));
    for (const std::string& name : applications) {
      names.push_back(fmt::format("application '{}'", name));
    }
  }
  if (policy.level == PolicyLevel::subscription) {
    GH_TRY(subscriptions,
           storage::SubscriptionStore(transaction, tenant).users_of_policy(policy.name));
    for (const std::string& id : subscriptions) names.push_back("subscription " + id);
    GH_TRY(certificates,
           storage::ClientCertificateStore(transaction, tenant).users_of_policy(policy.name));
    for (const std::string& alias : certificates) {
      names.push_back(fmt::format("client certificate '{}'", alias));
    }
  }
  if (names.empty()) return {};
  const bool advanced = policy.level == PolicyLevel::api;
  return rest::refuse_because(advanced ? rest::advanced_policy_in_use : rest::policy_in_use,
                              fmt::format("'{}' is in use by {}", policy.name, join(names, ", ")));
}

}  // namespace

// GET /throttling/policies/<level>: by name.
Result<rest::Reply> Admin::list_policies(const rest::Call& call, Level level) {
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant)
        .list(level, storage::Window{0, policies_max});
  }));
  json::array list;
  for (PolicyRow& policy : listed.items) list.push_back(std::move(policy.document));
  return rest::ok(rest::list_of(std::move(list)));
}

// POST /throttling/policies/<level>.
//   201  the policy
//   400  a limit that cannot be counted
//   409  the level has a policy of this name
Result<rest::Reply> Admin::create_policy(const rest::Call& call, Level level) {
  PolicyRow policy;
  policy.id = random_uuid(random_);
  policy.level = level;
  policy.name = std::string(trim(text_or(call.object(), "policyName", "")));
  if (policy.name.empty()) {
    return rest::refuse_because(rest::text_blank, "'policyName' must not be blank");
  }
  GH_TRY(document, document_from(call.object(), policy));
  policy.document = std::move(document);
  policy.created_at = policy.updated_at = clock_.now();
  const Result<> stored = api_manager_.write([&](Transaction& transaction) -> Result<> {
    PolicyStore policies(transaction, call.caller.tenant);
    GH_TRY(known, policies.has(level, policy.name));
    if (known) return rest::refuse(rest::policy_exists, policy.name);
    GH_CHECK(policies.insert(policy));
    changed(transaction, call.caller.tenant, policy.id);
    return {};
  });
  GH_CHECK(stored);
  const std::string_view path = level == Level::api ? "advanced" : model::to_text(level);
  return rest::created(policy.document, fmt::format("/throttling/policies/{}/{}", path, policy.id));
}

Result<rest::Reply> Admin::get_policy(const rest::Call& call, Level level) {
  GH_TRY(policy, api_manager_.read([&](Transaction& transaction) {
    return PolicyStore(transaction, call.caller.tenant).find(level, call.path_value("policyId"));
  }));
  return rest::ok(std::move(policy.document));
}

// PUT /throttling/policies/<level>/{policyId}: another limit. The name stays, as others refer to
// it.
Result<rest::Reply> Admin::update_policy(const rest::Call& call, Level level) {
  const Instant now = clock_.now();
  GH_TRY(policy, api_manager_.write([&](Transaction& transaction) -> Result<PolicyRow> {
    PolicyStore policies(transaction, call.caller.tenant);
    GH_TRY(row, policies.find(level, call.path_value("policyId")));
    GH_TRY(document, document_from(call.object(), row));
    row.document = std::move(document);
    row.updated_at = now;
    GH_CHECK(policies.update(row));
    changed(transaction, call.caller.tenant, row.id);
    return row;
  }));
  return rest::ok(std::move(policy.document));
}

// DELETE /throttling/policies/<level>/{policyId}.
//   200  gone
//   409  something is under the policy; the answer names it
Result<rest::Reply> Admin::delete_policy(const rest::Call& call, Level level) {
  const Result<> gone = api_manager_.write([&](Transaction& transaction) -> Result<> {
    PolicyStore policies(transaction, call.caller.tenant);
    GH_TRY(policy, policies.find(level, call.path_value("policyId")));
    GH_CHECK(refuse_used(transaction, call.caller.tenant, policy));
    GH_CHECK(policies.remove(policy.id));
    changed(transaction, call.caller.tenant, policy.id);
    return {};
  });
  GH_CHECK(gone);
  return rest::Reply{};
}

// GET /throttling/policies/search?query=type:app name:Gold: `type` is app, sub, api or all.
Result<rest::Reply> Admin::search_policies(const rest::Call& call) {
  std::string wanted_type = "all";
  std::string wanted_name;
  for (const std::string& word : split_words(call.query_or("query", ""))) {
    if (word.starts_with("type:")) wanted_type = word.substr(5);
    if (word.starts_with("name:")) wanted_name = word.substr(5);
  }
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    PolicyStore policies(transaction, call.caller.tenant);
    json::array found;
    for (const PolicyLevel level : levels) {
      if (wanted_type != "all" && wanted_type != search_type(level)) continue;
      GH_TRY(listed, policies.list(level, storage::Window{0, policies_max}));
      for (const PolicyRow& policy : listed.items) {
        if (!wanted_name.empty() && policy.name != wanted_name) continue;
        json::object details;
        details["policyId"] = policy.id;
        details["policyName"] = policy.name;
        details["displayName"] = text_or(policy.document, "displayName", policy.name);
        details["description"] = text_or(policy.document, "description", "");
        details["isDeployed"] = flag_or(policy.document, "isDeployed", false);
        details["type"] = search_type(level);
        found.push_back(std::move(details));
      }
    }
    return found;
  }));
  return rest::ok(rest::list_of(std::move(list)));
}

}  // namespace gatehouse::admin
