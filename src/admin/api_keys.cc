// SPDX-License-Identifier: Apache-2.0
//
// /api-keys: those of every application and API of the tenant.
#include <map>

#include "admin/admin.h"
#include "storage/apis/api_key_store.h"

namespace gatehouse::admin {

namespace {

using storage::ApiKeyStore;
using storage::Transaction;

// Names of users by their ids; of one who is gone, nothing.
class UserNames {
 public:
  UserNames(Transaction& transaction, model::TenantNumber tenant) : users_(transaction, tenant) {}

  Result<std::string> of(const std::string& id) {
    const auto known = names_.find(id);
    if (known != names_.end()) return known->second;
    const Result<storage::User> user = users_.find(id);
    if (!user && user.error().code != ErrorCode::not_found) {
      return tl::unexpected<Error>(user.error());
    }
    return names_[id] = user ? user->name : "";
  }

 private:
  storage::UserStore users_;
  std::map<std::string, std::string> names_;
};

json::object view_of(const storage::NamedApiKey& key, const std::string& user) {
  const storage::ApiKeyRow& row = key.row;
  json::object view;
  view["keyUUID"] = row.id;
  view["keyName"] = row.name;
  view["apiName"] = key.api_name;
  view["applicationName"] = key.application_name;
  view["keyType"] = model::to_text(row.key_type);
  view["user"] = user;
  view["issuedOn"] = to_ms(row.created_at);
  view["validityPeriod"] = row.validity_s();
  view["lastUsed"] = nullptr;
  if (row.last_used_at != Instant{}) view["lastUsed"] = to_ms(row.last_used_at);
  return view;
}

}  // namespace

// GET /api-keys?limit&offset: oldest first, each with its owner.
Result<rest::Reply> Admin::list_api_keys(const rest::Call& call) {
  const rest::Page page = call.page();
  GH_TRY(keys, api_manager_.read([&](Transaction& transaction) {
    return ApiKeyStore(transaction, call.caller.tenant)
        .list({}, storage::Window{page.offset, page.limit});
  }));
  GH_TRY(list, user_manager_.read([&](Transaction& transaction) -> Result<json::array> {
    UserNames names(transaction, call.caller.tenant);
    json::array views;
    for (const storage::NamedApiKey& key : keys.items) {
      GH_TRY(user, names.of(key.row.user_id));
      views.push_back(view_of(key, user));
    }
    return views;
  }));
  return rest::ok(rest::page_of(std::move(list), keys.total, call));
}

// POST /api-keys/revoke {keyUUID}: whosever it is.
Result<rest::Reply> Admin::revoke_api_key(const rest::Call& call) {
  const std::string id = text_or(call.object(), "keyUUID", "");
  const Result<> revoked = api_manager_.write([&](Transaction& transaction) -> Result<> {
    ApiKeyStore keys(transaction, call.caller.tenant);
    GH_TRY(key, keys.find(id));
    GH_CHECK(keys.remove(key.id));
    transaction.changed({model::ChangeKind::api_key, call.caller.tenant, key.id, {}, {}});
    return {};
  });
  GH_CHECK(revoked);
  return rest::Reply{};
}

}  // namespace gatehouse::admin
