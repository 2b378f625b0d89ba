// SPDX-License-Identifier: Apache-2.0
//
// /applications and /applications/{applicationId}.
#include "core/id.h"
#include "core/log.h"
#include "core/text.h"
#include "devportal/application_view.h"
#include "devportal/devportal.h"
#include "rest/application_client.h"
#include "rest/problems.h"
#include "storage/apis/application_removal.h"
#include "storage/apis/policy_store.h"

namespace gatehouse::devportal {

namespace {

using storage::ApplicationRow;
using storage::ApplicationStore;
using storage::Transaction;

constexpr std::array managed{"applicationId", "status",      "subscriptionCount",
                             "keys",          "owner",       "hashEnabled",
                             "createdTime",   "updatedTime", "subscriptionScopes"};

// What the caller sent, checked: name and policy, and the document without what we decide.
Result<> read_body(const rest::Call& call, ApplicationRow& application) {
  const json::object& body = call.object();
  application.name = std::string(trim(text_or(body, "name", "")));
  if (application.name.empty()) {
    return rest::refuse_because(rest::text_blank, "'name' must not be blank");
  }
  application.policy = text_or(body, "throttlingPolicy", "");
  application.token_type = text_or(body, "tokenType", "JWT");
  const std::string owner = application.owner();
  application.document = body;
  for (const char* name : managed) application.document.erase(name);
  application.document["owner"] = owner.empty() ? call.caller.user : owner;
  return {};
}

Result<> need_policy(Transaction& transaction, model::TenantNumber tenant,
                     const std::string& name) {
  GH_TRY(known,
         storage::PolicyStore(transaction, tenant).has(model::PolicyLevel::application, name));
  if (known) return {};
  return rest::refuse_because(rest::policy_name_invalid,
                              fmt::format("There is no application policy named '{}'", name));
}

void changed(Transaction& transaction, model::TenantNumber tenant, const std::string& id) {
  transaction.changed({model::ChangeKind::application, tenant, id, {}, {}});
}

}  // namespace

Result<ApplicationRow> DevPortal::find_application(const rest::Call& call) {
  return api_manager_.read([&](Transaction& transaction) {
    return ApplicationStore(transaction, call.caller.tenant)
        .find_own(call.path_value("applicationId"), call.caller.user_id);
  });
}

// Whoever has no application gets one, so that a first subscription needs one step less.
Result<> DevPortal::ensure_default_application(const rest::Caller& caller) {
  const storage::ApplicationQuery own{caller.user_id, ""};
  GH_TRY(known, api_manager_.read([&](Transaction& transaction) {
    return ApplicationStore(transaction, caller.tenant).list(own, storage::Window{0, 1});
  }));
  if (known.total > 0) return {};
  ApplicationRow application;
  application.id = random_uuid(random_);
  application.owner_id = caller.user_id;
  application.name = "DefaultApplication";
  application.policy = "Unlimited";
  application.token_type = "JWT";
  application.status = "APPROVED";
  application.document["owner"] = caller.user;
  application.document["description"] = "This is the default application";
  application.created_at = application.updated_at = clock_.now();
  Result<> made = api_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(ApplicationStore(transaction, caller.tenant).insert(application));
    changed(transaction, caller.tenant, application.id);
    return {};
  });
  // Another call of the same user was quicker.
  if (!made && made.error().code == ErrorCode::conflict) return {};
  return made;
}

// GET /applications?query: the caller's own, by name.
Result<rest::Reply> DevPortal::list_applications(const rest::Call& call) {
  GH_CHECK(ensure_default_application(call.caller));
  const storage::ApplicationQuery query{call.caller.user_id, call.query_or("query", "")};
  const rest::Page page = call.page();
  std::int64_t total = 0;
  GH_TRY(list, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(listed, ApplicationStore(transaction, call.caller.tenant)
                       .list(query, storage::Window{page.offset, page.limit}));
    total = listed.total;
    json::array entries;
    for (const ApplicationRow& application : listed.items) {
      GH_TRY(entry, application_entry(transaction, call.caller.tenant, application));
      entries.push_back(std::move(entry));
    }
    return entries;
  }));
  return rest::ok(rest::page_of(std::move(list), total, call));
}

// POST /applications: an application of the caller, approved at once.
//   201  the application
//   400  no such application policy
//   409  the caller has an application of this name
Result<rest::Reply> DevPortal::create_application(const rest::Call& call) {
  GH_CHECK(ensure_default_application(call.caller));
  ApplicationRow application;
  GH_CHECK(read_body(call, application));
  application.id = random_uuid(random_);
  application.owner_id = call.caller.user_id;
  application.status = "APPROVED";
  application.created_at = application.updated_at = clock_.now();
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(need_policy(transaction, call.caller.tenant, application.policy));
    GH_CHECK(ApplicationStore(transaction, call.caller.tenant).insert(application));
    changed(transaction, call.caller.tenant, application.id);
    return application_view(transaction, call.caller.tenant, application);
  }));
  return rest::created(std::move(view), "/applications/" + application.id);
}

// GET /applications/{applicationId}.
Result<rest::Reply> DevPortal::get_application(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(view, api_manager_.read([&](Transaction& transaction) {
    return application_view(transaction, call.caller.tenant, application);
  }));
  return rest::ok(std::move(view));
}

// PUT /applications/{applicationId}: keys follow the application's token type.
Result<rest::Reply> DevPortal::update_application(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  const std::string token_type = application.token_type;
  GH_CHECK(read_body(call, application));
  application.updated_at = clock_.now();
  GH_TRY(view, api_manager_.write([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(need_policy(transaction, call.caller.tenant, application.policy));
    GH_CHECK(ApplicationStore(transaction, call.caller.tenant).update(application));
    changed(transaction, call.caller.tenant, application.id);
    return application_view(transaction, call.caller.tenant, application);
  }));
  if (application.token_type == token_type) return rest::ok(std::move(view));
  GH_TRY(mappings, api_manager_.read([&](Transaction& transaction) {
    return storage::KeyMappingStore(transaction).list(call.caller.tenant, application.id);
  }));
  for (const storage::KeyMapping& mapping : mappings) {
    if (!mapping.owns_client()) continue;
    GH_CHECK(rest::update_client(key_manager_, mapping.client_id,
                                 rest::settings_of(application, mapping)));
  }
  return rest::ok(std::move(view));
}

// DELETE /applications/{applicationId}: with its subscriptions and keys; their tokens are revoked.
Result<rest::Reply> DevPortal::delete_application(const rest::Call& call) {
  GH_TRY(application, find_application(call));
  GH_TRY(clients, api_manager_.write([&](Transaction& transaction) {
    return storage::remove_application(transaction, call.caller.tenant, application.id);
  }));
  for (const storage::KeyMapping& mapping : clients) {
    const Result<> gone = rest::remove_client(key_manager_, mapping);
    if (!gone) log_warning("Client {} stays behind: {}", mapping.client_id, gone.error().message);
  }
  return rest::Reply{};
}

}  // namespace gatehouse::devportal
