// SPDX-License-Identifier: Apache-2.0
//
// /scim2/Groups: the roles of a tenant.
#include "admin/scim/patch.h"
#include "admin/scim/scim.h"
#include "core/text.h"
#include "storage/users/role_store.h"

namespace gatehouse::admin {

namespace {

using storage::RoleStore;
using storage::Transaction;
using storage::UserStore;

constexpr std::int64_t members_max = 10'000;
constexpr std::int64_t roles_max = 10'000;

// Everybody has everyone_role, so nobody is listed.
Result<std::vector<ScimMember>> members_of(Transaction& transaction, model::TenantNumber tenant,
                                           const std::string& role) {
  std::vector<ScimMember> members;
  GH_TRY(ids, RoleStore(transaction, tenant).holders(role, members_max));
  for (const std::string& id : ids) {
    GH_TRY(user, UserStore(transaction, tenant).find(id));
    members.push_back({id, user.name});
  }
  return members;
}

}  // namespace

Scim::Answer Scim::groups(Call& call) {
  const std::string& method = call.request.method;
  if (call.id.empty()) {
    if (method == "GET") return list_groups(call);
    if (method == "POST") return create_group(call);
    return http::make_response(405, "text/plain", "");
  }
  if (method == "GET") {
    GH_TRY(role, role_of_group(call.id));
    GH_TRY(resource, find_group(call, role));
    return scim_found(call.request, resource, call.projection());
  }
  if (method == "PUT") return replace_group(call);
  if (method == "PATCH") return patch_group(call);
  if (method == "DELETE") return remove_group(call);
  return http::make_response(405, "text/plain", "");
}

Result<json::object> Scim::find_group(const Call& call, const std::string& role) {
  return accounts_.users().read([&](Transaction& transaction) -> Result<json::object> {
    GH_CHECK(RoleStore(transaction, call.caller.tenant).find(role));
    GH_TRY(members, members_of(transaction, call.caller.tenant, role));
    return to_resource(role, members, call.base);
  });
}

Scim::Answer Scim::list_groups(const Call& call) {
  GH_TRY(query, scim_query_from(call.query));
  const model::TenantNumber tenant = call.caller.tenant;
  GH_TRY(found,
         accounts_.users().read([&](Transaction& transaction) -> Result<std::vector<json::object>> {
           GH_TRY(roles, RoleStore(transaction, tenant).list(storage::Window{0, roles_max}));
           std::vector<json::object> resources;
           for (const storage::Role& role : roles.items) {
             GH_TRY(members, members_of(transaction, tenant, role.name));
             resources.push_back(to_resource(role.name, members, call.base));
           }
           return resources;
         }));
  return scim_response(200, scim_list(std::move(found), query));
}

Scim::Answer Scim::create_group(const Call& call) {
  GH_TRY(request, group_request_from(call.body));
  const Result<> made = accounts_.users().write([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).insert({request.name, false});
  });
  GH_CHECK(made);
  GH_CHECK(set_members(call, request.name, request.members));
  GH_TRY(resource, find_group(call, request.name));
  return scim_resource(201, resource, call.projection());
}

Scim::Answer Scim::replace_group(const Call& call) {
  GH_TRY(role, role_of_group(call.id));
  return write_group(call, role, call.body);
}

Scim::Answer Scim::patch_group(const Call& call) {
  GH_TRY(role, role_of_group(call.id));
  GH_TRY(resource, find_group(call, role));
  GH_CHECK(apply_patch(call.body, resource));
  return write_group(call, role, resource);
}

Scim::Answer Scim::write_group(const Call& call, const std::string& role,
                               const json::object& wanted) {
  GH_TRY(before, find_group(call, role));
  GH_CHECK(check_version(call.request, before));
  GH_TRY(request, group_request_from(wanted));
  if (request.name != role) {
    return fail(ErrorCode::invalid_argument, "The name of a group does not change", "mutability");
  }
  GH_CHECK(set_members(call, role, request.members));
  GH_TRY(after, find_group(call, role));
  return scim_resource(200, after, call.projection());
}

Result<> Scim::set_members(const Call& call, const std::string& role,
                           const std::vector<std::string>& members) {
  const model::TenantNumber tenant = call.caller.tenant;
  if (role == storage::everyone_role) {
    return members.empty()
               ? Result<>{}
               : fail(ErrorCode::invalid_argument, "Everybody is a member", "mutability");
  }
  GH_TRY(present, accounts_.users().read([&](Transaction& transaction) {
    return RoleStore(transaction, tenant).holders(role, members_max);
  }));
  std::vector<std::pair<std::string, storage::Occurrence>> changes;
  const auto differs = [&](const auto& these, const auto& those) {
    for (const std::string& id : these) {
      if (std::ranges::find(those, id) != those.end()) continue;
      changes.emplace_back(id, accounts_.now_happens());
    }
  };
  differs(members, present);
  differs(present, members);
  const Result<> written = accounts_.users().write([&](Transaction& transaction) -> Result<> {
    UserStore store(transaction, tenant);
    for (const auto& [id, occurrence] : changes) {
      const auto user = store.find(id);
      if (!user && user.error().code == ErrorCode::not_found) {
        return fail(ErrorCode::invalid_argument, "There is no user " + id, "invalidValue");
      }
      GH_TRY(roles, store.roles_of(id));
      if (std::erase(roles, role) == 0) roles.push_back(role);
      if (role == storage::admin_role && id == call.caller.user_id &&
          std::ranges::find(roles, role) == roles.end()) {
        return fail(ErrorCode::conflict, "You cannot demote yourself", "mutability");
      }
      GH_CHECK(store.set_roles(id, roles, occurrence));
    }
    return {};
  });
  GH_CHECK(written);
  for (const auto& [id, occurrence] : changes) GH_CHECK(accounts_.tell(tenant, id));
  return {};
}

Scim::Answer Scim::remove_group(const Call& call) {
  GH_TRY(role, role_of_group(call.id));
  GH_TRY(before, find_group(call, role));
  GH_CHECK(check_version(call.request, before));
  const Result<> removed = accounts_.users().write([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).remove(role);
  });
  GH_CHECK(removed);
  return http::make_response(204, "", "");
}

}  // namespace gatehouse::admin
