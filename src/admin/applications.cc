// SPDX-License-Identifier: Apache-2.0
//
// /applications of all users.
#include "admin/admin.h"
#include "core/log.h"
#include "rest/application_client.h"
#include "rest/problems.h"
#include "storage/apis/api_key_store.h"
#include "storage/apis/application_removal.h"
#include "storage/apis/subscription_store.h"

namespace gatehouse::admin {

namespace {

using storage::ApplicationRow;
using storage::ApplicationStore;
using storage::Transaction;

json::object application_entry(const ApplicationRow& application) {
  json::object entry;
  entry["applicationId"] = application.id;
  entry["name"] = application.name;
  entry["owner"] = application.owner();
  entry["tokenType"] = application.token_type;
  entry["createdTime"] = fmt::format("{}", to_ms(application.created_at));
  entry["status"] = application.status;
  entry["groupId"] = "";
  return entry;
}

Result<json::object> application_view(Transaction& transaction, model::TenantNumber tenant,
                                      const ApplicationRow& application) {
  storage::SubscriptionQuery query;
  query.application_id = application.id;
  GH_TRY(count, storage::SubscriptionStore(transaction, tenant).count(query));
  const json::object* attributes = object_at(application.document, "attributes");
  json::object view;
  view["applicationId"] = application.id;
  view["name"] = application.name;
  view["throttlingPolicy"] = application.policy;
  view["description"] = text_or(application.document, "description", "");
  view["tokenType"] = application.token_type;
  view["status"] = application.status;
  view["groups"] = to_json(texts_of(application.document, "groups"));
  view["subscriptionCount"] = count;
  view["attributes"] = attributes == nullptr ? json::object() : *attributes;
  view["subscriptionScopes"] = json::array();
  view["owner"] = application.owner();
  return view;
}

}  // namespace

// GET /applications?user&name: of everybody, or of one user, by name.
Result<rest::Reply> Admin::list_applications(const rest::Call& call) {
  storage::ApplicationQuery query;
  query.name = call.query_or("name", "");
  const std::string user_name = call.query_or("user", "");
  if (!user_name.empty()) {
    GH_TRY(user, find_user(call.caller, user_name));
    query.owner_id = user.id;
  }
  const rest::Page page = call.page();
  GH_TRY(listed, api_manager_.read([&](Transaction& transaction) {
    return ApplicationStore(transaction, call.caller.tenant)
        .list(query, storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const ApplicationRow& application : listed.items) {
    list.push_back(application_entry(application));
  }
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

Result<rest::Reply> Admin::get_application(const rest::Call& call) {
  GH_TRY(view, api_manager_.read([&](Transaction& transaction) -> Result<json::object> {
    GH_TRY(
        application,
        ApplicationStore(transaction, call.caller.tenant).find(call.path_value("applicationId")));
    return application_view(transaction, call.caller.tenant, application);
  }));
  return rest::ok(std::move(view));
}

// DELETE /applications/{applicationId}: with its subscriptions and keys; their tokens are revoked.
Result<rest::Reply> Admin::delete_application(const rest::Call& call) {
  const std::string& id = call.path_value("applicationId");
  GH_TRY(
      clients,
      api_manager_.write([&](Transaction& transaction) -> Result<std::vector<storage::KeyMapping>> {
        GH_TRY(application, ApplicationStore(transaction, call.caller.tenant).find(id));
        return storage::remove_application(transaction, call.caller.tenant, application.id);
      }));
  for (const storage::KeyMapping& mapping : clients) {
    const Result<> gone = rest::remove_client(key_manager_, mapping);
    if (!gone) log_warning("Client {} stays behind: {}", mapping.client_id, gone.error().message);
  }
  return rest::Reply{};
}

// POST /applications/{applicationId}/change-owner?owner: to another user, with its keys.
//   404  no such application or user
//   409  the user has an application of this name
Result<rest::Reply> Admin::change_application_owner(const rest::Call& call) {
  GH_TRY(owner, find_user(call.caller, call.query_or("owner", "")));
  const Instant now = clock_.now();
  std::vector<storage::KeyMapping> keys;
  GH_TRY(application, api_manager_.write([&](Transaction& transaction) -> Result<ApplicationRow> {
    const model::TenantNumber tenant = call.caller.tenant;
    ApplicationStore applications(transaction, tenant);
    GH_TRY(row, applications.find(call.path_value("applicationId")));
    row.owner_id = owner.id;
    row.document["owner"] = owner.name;
    row.updated_at = now;
    GH_CHECK(applications.update(row));
    GH_CHECK(storage::ApiKeyStore(transaction, tenant).give(row.id, owner.id));
    GH_TRY(mappings, storage::KeyMappingStore(transaction).list(tenant, row.id));
    keys = std::move(mappings);
    transaction.changed({model::ChangeKind::application, tenant, row.id, {}, {}});
    return row;
  }));
  for (const storage::KeyMapping& mapping : keys) {
    // Another key manager might give another secret at that occasion, and nobody could be told.
    if (!mapping.owns_client()) continue;
    GH_CHECK(rest::update_client(key_manager_, mapping.client_id,
                                 rest::settings_of(application, mapping)));
  }
  return rest::Reply{};
}

}  // namespace gatehouse::admin
