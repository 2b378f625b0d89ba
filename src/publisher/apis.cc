// SPDX-License-Identifier: Apache-2.0
//
// /apis and /apis/{apiId}.
#include "core/id.h"
#include "publisher/api_rules.h"
#include "publisher/api_writes.h"
#include "publisher/definition.h"
#include "publisher/publisher.h"
#include "rest/problems.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/application_store.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::publisher {

namespace {

using storage::ApiRow;
using storage::Transaction;

constexpr std::int64_t named_users_max = 5;

// Error: conflict, naming the applications that subscribe.
Result<> refuse_subscribed(Transaction& transaction, model::TenantNumber tenant,
                           const std::string& api_id) {
  storage::SubscriptionQuery query;
  query.api_id = api_id;
  GH_TRY(subscriptions, storage::SubscriptionStore(transaction, tenant)
                            .list(query, storage::Window{0, named_users_max}));
  if (subscriptions.total == 0) return {};
  std::string names;
  for (const storage::SubscriptionRow& subscription : subscriptions.items) {
    GH_TRY(application,
           storage::ApplicationStore(transaction, tenant).find(subscription.application_id));
    names += fmt::format("{}'{}' of {}", names.empty() ? "" : ", ", application.name,
                         application.owner());
  }
  if (subscriptions.total > named_users_max) names += ", ...";
  return rest::refuse_because(rest::api_in_use,
                              fmt::format("Applications subscribe to the API: {}", names));
}

Result<> remove_subscriptions(Transaction& transaction, model::TenantNumber tenant,
                              const std::string& api_id) {
  storage::SubscriptionQuery query;
  query.api_id = api_id;
  storage::SubscriptionStore subscriptions(transaction, tenant);
  GH_TRY(all, subscriptions.list(query, storage::Window{0, INT64_MAX}));
  for (const storage::SubscriptionRow& subscription : all.items) {
    GH_CHECK(subscriptions.remove(subscription));
  }
  return {};
}

Result<> remove_api_keys(Transaction& transaction, model::TenantNumber tenant,
                         const std::string& api_id) {
  storage::ApiKeyStore keys(transaction, tenant);
  GH_TRY(ids, keys.of_api(api_id));
  for (const std::string& id : ids) {
    GH_CHECK(keys.remove(id));
    transaction.changed({model::ChangeKind::api_key, tenant, id, {}, {}});
  }
  return {};
}

Result<> remove_api(Transaction& transaction, model::TenantNumber tenant, const ApiRow& api) {
  if (api.state == "RETIRED") {
    GH_CHECK(remove_subscriptions(transaction, tenant, api.id));
  } else {
    GH_CHECK(refuse_subscribed(transaction, tenant, api.id));
  }
  GH_CHECK(remove_api_keys(transaction, tenant, api.id));
  storage::ClientCertificateStore certificates(transaction, tenant);
  GH_TRY(shown, certificates.of_api(api.id));
  for (const storage::ClientCertificate& each : shown) {
    GH_CHECK(certificates.remove(each.alias));
  }
  storage::DeploymentStore deployments(transaction, tenant);
  GH_TRY(before, deployments.environments_of(api.id));
  GH_CHECK(deployments.remove_all(api.id));
  storage::RevisionStore revisions(transaction, tenant);
  GH_TRY(known, revisions.list(api.id));
  for (const storage::RevisionRow& revision : known) {
    GH_CHECK(storage::SearchStore(transaction, tenant).remove(revision.id));
  }
  GH_CHECK(revisions.remove_all(api.id));
  GH_CHECK(storage::LifecycleStore(transaction, tenant).remove_all(api.id));
  GH_CHECK(storage::ApiScopeStore(transaction, tenant).put(api.id, {}));
  GH_CHECK(storage::SearchStore(transaction, tenant).remove(api.id));
  GH_CHECK(storage::ApiStore(transaction, tenant).remove(api.id));
  return announce(transaction, tenant, api.id, std::move(before));
}

}  // namespace

// GET /apis: the APIs that the caller may see here, by name and version.
Result<rest::Reply> Publisher::list_apis(const rest::Call& call) {
  storage::ApiQuery query = storage::parse_api_query(call.query_or("query", ""));
  query.audience = editor_audience(call.caller);
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return storage::ApiStore(transaction, call.caller.tenant)
        .list(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const ApiRow& api : listed.items) list.push_back(api_entry(api));
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// POST /apis: creates an API of the caller.
//   201  the API; its definition is made from its operations
//   400  a rule of api_rules.h
//   409  name, version or context are taken, or the gateway's own
Result<rest::Reply> Publisher::create_api(const rest::Call& call) {
  GH_TRY(document, checked_api(call.object()));
  ApiRow api;
  api.id = random_uuid(random_);
  api.provider_id = call.caller.user_id;
  api.name = text_or(document, "name", "");
  api.api_version = text_or(document, "version", "");
  api.context = text_or(document, "context", "");
  api.full_context = full_context(api.context, api.api_version);
  api.state = "CREATED";
  api.is_default_version = flag_or(document, "isDefaultVersion", false);
  api.created_at = api.updated_at = clock_.now();
  drop_managed(document);
  document["provider"] = call.caller.user;
  seal_secrets(document, {}, options_.seal);
  GH_TRY(hash, keep_definition(call.caller, with_operations({}, document)));
  api.definition_hash = hash;
  api.document = std::move(document);

  const storage::LifecycleEvent event{random_uuid(random_), api.id,        "", api.state,
                                      call.caller.user_id,  api.created_at};
  const Result<> done = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(check_references(transaction, call.caller.tenant, api.document));
    return insert_api(transaction, call.caller.tenant, api, event);
  });
  GH_CHECK(done);
  return rest::created(api_view(api), "/apis/" + api.id);
}

// GET /apis/{apiId}: the working copy.
Result<rest::Reply> Publisher::get_api(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  return rest::ok(api_view(api));
}

// PUT /apis/{apiId}: replaces the working copy. Name, version, context, provider and type stay.
//   200  the API
//   409  somebody else changed it meanwhile
Result<rest::Reply> Publisher::update_api(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_CHECK(check_may_change(call.caller, api));
  json::object body = call.object();
  body["name"] = api.name;
  body["version"] = api.api_version;
  body["context"] = api.context;
  body["type"] = text_or(api.document, "type", "HTTP");
  GH_TRY(document, checked_api(body));
  api.is_default_version = flag_or(document, "isDefaultVersion", api.is_default_version);
  drop_managed(document);
  document["provider"] = text_or(api.document, "provider", "");
  seal_secrets(document, api.document, options_.seal);
  GH_TRY(before, definition_of(call.caller, api.definition_hash));
  GH_TRY(hash, keep_definition(call.caller, with_operations(std::move(before), document)));
  api.definition_hash = hash;
  api.document = std::move(document);
  api.updated_at = clock_.now();

  const Result<> done = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(check_references(transaction, call.caller.tenant, api.document));
    return publisher::update_api(transaction, call.caller.tenant, api);
  });
  GH_CHECK(done);
  return rest::ok(api_view(api));
}

// DELETE /apis/{apiId}: removes the API, its revisions and its deployments.
//   200  gone
//   409  applications subscribe, and the API is not retired
Result<rest::Reply> Publisher::delete_api(const rest::Call& call) {
  GH_TRY(api, find(call.caller, call.path_value("apiId")));
  GH_CHECK(api_manager_.write(
      [&](Transaction& transaction) { return remove_api(transaction, call.caller.tenant, api); }));
  return rest::Reply{};
}

// POST /apis/validate: 200 when an API has this name or context, 404 when none has.
Result<rest::Reply> Publisher::validate_api(const rest::Call& call) {
  std::string text = call.query_or("query", "");
  if (text.starts_with("name:")) text.erase(0, 5);
  GH_TRY(known, api_manager_.read([&](Transaction& transaction) -> Result<bool> {
    storage::ApiStore apis(transaction, call.caller.tenant);
    GH_TRY(named, apis.versions_of(text));
    GH_TRY(placed, apis.of_context(text.starts_with('/') ? text : "/" + text));
    return !named.empty() || !placed.empty();
  }));
  if (!known) return rest::refuse(rest::api_not_found, text);
  return rest::Reply{};
}

}  // namespace gatehouse::publisher
