// SPDX-License-Identifier: Apache-2.0
//
// /key-managers/{keyManagerId}/api-usages and /app-usages: what would miss a key manager.
#include "admin/admin.h"
#include "rest/problems.h"
#include "storage/apis/api_store.h"
#include "storage/apis/application_store.h"
#include "storage/apis/key_manager_store.h"

namespace gatehouse::admin {

namespace {

using storage::KeyManagerStore;
using storage::Transaction;

constexpr std::int64_t batch = 500;

// The name that keys and APIs know it by.
Result<std::string> name_of(Transaction& transaction, const rest::Call& call) {
  const std::string& id = call.path_value("keyManagerId");
  if (id == model::resident_key_manager) return id;
  auto row = KeyManagerStore(transaction, call.caller.tenant).find(id);
  if (!row) row = KeyManagerStore(transaction, model::every_tenant).find(id);
  GH_CHECK(row);
  return row->name;
}

// An API that takes any key manager names none.
bool names(const storage::ApiRow& api, const std::string& name) {
  const std::vector<std::string> chosen = texts_of(api.document, "keyManagers");
  return std::ranges::find(chosen, name) != chosen.end();
}

json::object view_of(const storage::ApiRow& api, const std::string& name) {
  json::object view;
  view["id"] = api.id;
  view["type"] = "API";
  view["name"] = api.name;
  view["transportType"] = text_or(api.document, "type", "HTTP");
  view["description"] = text_or(api.document, "description", "");
  view["context"] = api.context;
  view["version"] = api.api_version;
  view["provider"] = text_or(api.document, "provider", "");
  view["status"] = api.state;
  view["advertiseOnly"] = false;
  view["keyManagerEntry"] = name;
  return view;
}

// One window of what has been found.
json::object answer_of(json::array found, const rest::Call& call, const char* count,
                       const char* list) {
  const rest::Page page = call.page();
  json::array window;
  for (auto i = static_cast<std::size_t>(page.offset);
       i < found.size() && window.size() < static_cast<std::size_t>(page.limit); ++i) {
    window.push_back(std::move(found[i]));
  }
  json::object answer;
  answer[count] = found.size();
  answer[list] = std::move(window);
  return answer;
}

}  // namespace

// Those that name it among their key managers, in the order of name and version. Reads every API of
// the tenant, in batches.
Result<rest::Reply> Admin::list_apis_of_key_manager(const rest::Call& call) {
  GH_TRY(found, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(name, name_of(transaction, call));
    const storage::ApiStore apis(transaction, call.caller.tenant);
    json::array list;
    for (std::int64_t offset = 0;; offset += batch) {
      GH_TRY(listed, apis.list({}, storage::Window{offset, batch}));
      for (const storage::ApiRow& api : listed.items) {
        if (names(api, name)) list.push_back(view_of(api, name));
      }
      if (offset + batch >= listed.total) return list;
    }
  }));
  return rest::ok(answer_of(std::move(found), call, "apiCount", "apis"));
}

// Those that have keys of it, in the order of name.
Result<rest::Reply> Admin::list_applications_of_key_manager(const rest::Call& call) {
  GH_TRY(found, api_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    GH_TRY(name, name_of(transaction, call));
    const model::TenantNumber tenant = call.caller.tenant;
    GH_TRY(ids, KeyManagerStore(transaction, tenant).applications(name));
    json::array list;
    for (const std::string& id : ids) {
      GH_TRY(application, storage::ApplicationStore(transaction, tenant).find(id));
      list.push_back(json::object{{"name", application.name},
                                  {"uuid", application.id},
                                  {"owner", application.owner()},
                                  {"organization", call.caller.tenant_domain}});
    }
    return list;
  }));
  return rest::ok(answer_of(std::move(found), call, "applicationCount", "applications"));
}

}  // namespace gatehouse::admin
