// SPDX-License-Identifier: Apache-2.0
//
// /user-stores and /user-stores/{userStoreId}: directories whose users may log in.
#include "admin/admin.h"
#include "admin/scope_bindings.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/users/ldap_settings.h"
#include "storage/users/user_store_settings.h"

namespace gatehouse::admin {

namespace {

using storage::Transaction;
using storage::UserStoreRow;
using storage::UserStoreSettings;

// Write-only: read back as empty.
json::object user_store_view(const UserStoreRow& row) {
  json::object view = row.document;
  view["id"] = row.id;
  view["name"] = row.name;
  view["bindPassword"] = "";
  return view;
}

std::vector<std::string> roles_named(const storage::LdapSettings& settings) {
  std::vector<std::string> roles = settings.default_roles;
  for (const auto& [group, role] : settings.group_roles) roles.push_back(role);
  return roles;
}

}  // namespace

// The row as the body wants it. An empty bindPassword leaves the one that is there.
// Error: invalid_argument, naming what cannot be.
Result<> Admin::read_user_store(const rest::Call& call, UserStoreRow& row) {
  row.document = call.object();
  for (const char* name : {"id", "name", "bindPassword"}) row.document.erase(name);
  GH_TRY(settings, storage::ldap_settings_from(row.document));
  const std::string password = text_or(call.object(), "bindPassword", "");
  if (!password.empty()) {
    row.sealed = options_.seal(password, fmt::format("user store {}", call.caller.tenant));
  }
  if (settings.bind_dn.empty()) row.sealed.clear();
  return user_manager_.read([&](Transaction& transaction) {
    return need_roles(transaction, call.caller.tenant, roles_named(settings));
  });
}

// GET /user-stores: by name, the order in which they are asked.
Result<rest::Reply> Admin::list_user_stores(const rest::Call& call) {
  GH_TRY(stores, user_manager_.read([&](Transaction& transaction) {
    return UserStoreSettings(transaction, call.caller.tenant).list();
  }));
  json::array list;
  for (const UserStoreRow& row : stores) list.push_back(user_store_view(row));
  return rest::ok(rest::list_of(std::move(list)));
}

// POST /user-stores: counts from the next login.
//   400  what the description names
//   409  one has this name
Result<rest::Reply> Admin::create_user_store(const rest::Call& call) {
  UserStoreRow row;
  row.id = accounts_.make_id();
  row.name = text_or(call.object(), "name", "");
  row.created_at = clock_.now();
  GH_CHECK(read_user_store(call, row));
  const Result<> made = user_manager_.write([&](Transaction& transaction) {
    return UserStoreSettings(transaction, call.caller.tenant).insert(row);
  });
  GH_CHECK(made);
  return rest::created(user_store_view(row), "/user-stores/" + row.id);
}

Result<rest::Reply> Admin::get_user_store(const rest::Call& call) {
  GH_TRY(row, user_manager_.read([&](Transaction& transaction) {
    return UserStoreSettings(transaction, call.caller.tenant).find(call.path_value("userStoreId"));
  }));
  return rest::ok(user_store_view(row));
}

// PUT /user-stores/{userStoreId}: everything but the name. An account's password goes with the
// directory: whoever points it elsewhere says it again.
//   400  what the description names
Result<rest::Reply> Admin::update_user_store(const rest::Call& call) {
  GH_TRY(row, user_manager_.read([&](Transaction& transaction) {
    return UserStoreSettings(transaction, call.caller.tenant).find(call.path_value("userStoreId"));
  }));
  const json::value before = to_json(texts_of(row.document, "urls"));
  const bool elsewhere = before != json::value(to_json(texts_of(call.object(), "urls")));
  if (elsewhere) row.sealed.clear();
  GH_CHECK(read_user_store(call, row));
  const Result<> written = user_manager_.write([&](Transaction& transaction) {
    return UserStoreSettings(transaction, call.caller.tenant).update(row);
  });
  GH_CHECK(written);
  return rest::ok(user_store_view(row));
}

// DELETE /user-stores/{userStoreId}: its users stay, without a way to log in.
Result<rest::Reply> Admin::delete_user_store(const rest::Call& call) {
  const std::string& id = call.path_value("userStoreId");
  const Result<> removed = user_manager_.write([&](Transaction& transaction) -> Result<> {
    UserStoreSettings stores(transaction, call.caller.tenant);
    GH_CHECK(stores.find(id));
    return stores.remove(id);
  });
  GH_CHECK(removed);
  return rest::Reply{};
}

}  // namespace gatehouse::admin
