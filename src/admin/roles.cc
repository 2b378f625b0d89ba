// SPDX-License-Identifier: Apache-2.0
//
// /roles and /roles/{role}.
#include "admin/admin.h"
#include "core/text.h"
#include "rest/problems.h"
#include "storage/users/role_store.h"

namespace gatehouse::admin {

namespace {

using storage::Role;
using storage::RoleStore;
using storage::Transaction;

json::object role_view(const Role& role) {
  json::object view;
  view["name"] = role.name;
  view["builtIn"] = role.built_in;
  return view;
}

}  // namespace

// GET /roles: by name.
Result<rest::Reply> Admin::list_roles(const rest::Call& call) {
  const rest::Page page = call.page();
  GH_TRY(listed, user_manager_.read([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant)
        .list(storage::Window{page.offset, page.limit});
  }));
  json::array list;
  for (const Role& role : listed.items) list.push_back(role_view(role));
  return rest::ok(rest::page_of(std::move(list), listed.total, call));
}

// POST /roles {name}.
//   409  the role exists
Result<rest::Reply> Admin::create_role(const rest::Call& call) {
  const Role role{text_or(call.object(), "name", ""), false};
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).insert(role);
  }));
  return rest::created(role_view(role), "/roles/" + percent_encode(role.name));
}

// DELETE /roles/{role}.
//   409  the server needs it, or somebody holds it
Result<rest::Reply> Admin::delete_role(const rest::Call& call) {
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).remove(call.path_value("role"));
  }));
  return rest::Reply{};
}

// HEAD /roles/{roleId}: 200 when the role exists. The id is the name, in base64url or as it is.
Result<rest::Reply> Admin::validate_role(const rest::Call& call) {
  const std::string& id = call.path_value("roleId");
  const Result<std::string> decoded = from_base64url(id);
  GH_CHECK(user_manager_.read([&](Transaction& transaction) {
    RoleStore roles(transaction, call.caller.tenant);
    auto role = roles.find(id);
    if (!role && role.error().code == ErrorCode::not_found && decoded) role = roles.find(*decoded);
    return role;
  }));
  return rest::Reply{};
}

}  // namespace gatehouse::admin
