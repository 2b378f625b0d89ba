// SPDX-License-Identifier: Apache-2.0
#include "publisher/api_writes.h"

#include "publisher/api_document.h"
#include "rest/problems.h"
#include "storage/apis/deployment_store.h"
#include "storage/apis/shared_scope_store.h"

namespace gatehouse::publisher {

namespace {

using storage::ApiRow;
using storage::ApiStore;
using storage::Transaction;

// The UNIQUE constraints keep the promise; this says which one it was. Versions of an API share
// name and context, and nothing else may have either.
Result<> refuse_taken(ApiStore& apis, const ApiRow& api) {
  GH_TRY(versions, apis.versions_of(api.name));
  for (const ApiRow& other : versions) {
    if (other.id == api.id) continue;
    if (other.name != api.name || other.context != api.context) {
      return rest::refuse_because(rest::api_name_exists,
                                  fmt::format("An API named '{}' exists", other.name));
    }
    if (other.api_version == api.api_version) {
      return rest::refuse_because(
          rest::api_version_exists,
          fmt::format("'{}' has a version '{}'", other.name, other.api_version));
    }
  }
  GH_TRY(neighbours, apis.of_context(api.context));
  for (const ApiRow& other : neighbours) {
    if (other.id == api.id || other.name == api.name) continue;
    return rest::refuse_because(rest::api_context_exists,
                                fmt::format("'{}' has the context '{}'", other.name, api.context));
  }
  return {};
}

// At most one version of a name is the default one.
Result<> unset_other_defaults(Transaction& transaction, model::TenantNumber tenant,
                              const ApiRow& api) {
  if (!api.is_default_version) return {};
  ApiStore apis(transaction, tenant);
  GH_TRY(versions, apis.versions_of(api.name));
  for (ApiRow& other : versions) {
    if (other.id == api.id || !other.is_default_version) continue;
    other.is_default_version = false;
    other.updated_at = api.updated_at;
    GH_CHECK(apis.update(other));
    storage::DeploymentStore deployments(transaction, tenant);
    GH_TRY(environments, deployments.environments_of(other.id));
    GH_CHECK(announce(transaction, tenant, other.id, environments));
  }
  return {};
}

// A scope means the same wherever it is asked for, so one API, in all its versions, owns it.
Result<> refuse_scopes_of_others(Transaction& transaction, model::TenantNumber tenant,
                                 const ApiRow& api) {
  storage::ApiScopeStore store(transaction, tenant);
  ApiStore apis(transaction, tenant);
  for (const storage::ApiScope& scope : scopes_of(api, Sharing::own)) {
    GH_TRY(known, store.find(scope.name));
    for (const storage::ApiScope& other : known) {
      if (other.api_id == api.id) continue;
      if (other.api_id.empty()) {
        return rest::refuse_because(rest::scope_taken,
                                    fmt::format("The scope '{}' is a shared one", scope.name));
      }
      GH_TRY(owner, apis.find(other.api_id));
      if (owner.name == api.name) continue;
      return rest::refuse_because(
          rest::scope_taken, fmt::format("'{}' defines the scope '{}'", owner.name, scope.name));
    }
  }
  return {};
}

Result<> need_shared_scopes(Transaction& transaction, model::TenantNumber tenant,
                            const ApiRow& api) {
  const storage::SharedScopeStore store(transaction, tenant);
  for (const storage::ApiScope& scope : scopes_of(api, Sharing::shared)) {
    GH_TRY(known, store.has(scope.name));
    if (known) continue;
    return rest::refuse_because(rest::scope_name_invalid,
                                fmt::format("There is no shared scope '{}'", scope.name));
  }
  return {};
}

Result<> write_parts(Transaction& transaction, model::TenantNumber tenant, const ApiRow& api) {
  GH_CHECK(refuse_scopes_of_others(transaction, tenant, api));
  GH_CHECK(need_shared_scopes(transaction, tenant, api));
  storage::SearchStore search(transaction, tenant);
  GH_CHECK(search.put(api.id, terms_of(api)));
  storage::ApiScopeStore scopes(transaction, tenant);
  GH_CHECK(scopes.put(api.id, scopes_of(api, Sharing::own)));
  return unset_other_defaults(transaction, tenant, api);
}

}  // namespace

Result<> check_may_change(const rest::Caller& caller, const ApiRow& api) {
  if (api.state == "CREATED" || api.state == "PROTOTYPED") return {};
  if (caller.has_scope("apim:api_publish") || caller.has_scope("apim:api_manage")) return {};
  return rest::refuse_because(rest::api_update_forbidden,
                              "Only a publisher may change an API that was published");
}

Result<> insert_api(Transaction& transaction, model::TenantNumber tenant, const ApiRow& api,
                    const storage::LifecycleEvent& event) {
  ApiStore apis(transaction, tenant);
  GH_CHECK(refuse_taken(apis, api));
  const Result<> inserted = apis.insert(api);
  if (!inserted && inserted.error().code == ErrorCode::conflict) {
    return rest::refuse(rest::api_context_exists, api.full_context);
  }
  GH_CHECK(inserted);
  storage::LifecycleStore history(transaction, tenant);
  GH_CHECK(history.append(event));
  return write_parts(transaction, tenant, api);
}

Result<> update_api(Transaction& transaction, model::TenantNumber tenant, const ApiRow& api) {
  ApiStore apis(transaction, tenant);
  GH_CHECK(apis.update(api));
  GH_CHECK(write_parts(transaction, tenant, api));
  storage::DeploymentStore deployments(transaction, tenant);
  GH_TRY(environments, deployments.environments_of(api.id));
  return announce(transaction, tenant, api.id, environments);
}

Result<> announce(Transaction& transaction, model::TenantNumber tenant, const std::string& api_id,
                  std::vector<std::string> before) {
  storage::DeploymentStore deployments(transaction, tenant);
  GH_TRY(after, deployments.environments_of(api_id));
  if (before.empty() && after.empty()) return {};
  transaction.changed(
      {model::ChangeKind::api, tenant, api_id, std::move(before), std::move(after)});
  return {};
}

}  // namespace gatehouse::publisher
