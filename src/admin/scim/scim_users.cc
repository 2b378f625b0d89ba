// SPDX-License-Identifier: Apache-2.0
//
// /scim2/Users.
#include "admin/scim/patch.h"
#include "admin/scim/scim.h"
#include "core/text.h"
#include "storage/users/account.h"
#include "storage/users/profile_store.h"

namespace gatehouse::admin {

namespace {

using storage::ProfileStore;
using storage::Transaction;
using storage::User;
using storage::UserStatus;
using storage::UserStore;

constexpr std::int64_t page_size = 500;

Result<ScimUser> complete(Transaction& transaction, model::TenantNumber tenant, User user) {
  GH_TRY(roles, UserStore(transaction, tenant).roles_of(user.id));
  GH_TRY(profile, ProfileStore(transaction, tenant).of(user.id));
  return ScimUser{std::move(user), std::move(roles), std::move(profile)};
}

http::Response nothing() { return http::make_response(204, "", ""); }

// Somebody who is locked or waits for approval stays so when a client says again that they are not
// active.
UserStatus status_after(UserStatus before, bool active) {
  if (active) return UserStatus::active;
  return before == UserStatus::active ? UserStatus::disabled : before;
}

}  // namespace

Scim::Answer Scim::users(Call& call) {
  const std::string& method = call.request.method;
  const bool collection = call.id.empty();
  if (method == "GET") return collection ? list_users(call) : get_user(call, call.id);
  if (method == "POST" && collection) return create_user(call);
  if (method == "PUT" && !collection) return replace_user(call);
  if (method == "PATCH" && !collection) return patch_user(call);
  if (method == "DELETE" && !collection) return remove_user(call);
  return http::make_response(405, "text/plain", "");
}

Result<ScimUser> Scim::find_user(model::TenantNumber tenant, const std::string& id) {
  return accounts_.users().read([&](Transaction& transaction) -> Result<ScimUser> {
    GH_TRY(user, UserStore(transaction, tenant).find(id));
    return complete(transaction, tenant, std::move(user));
  });
}

// Without a filter or an order of its own a list is a window of the table; `userName eq` is looked
// up. Everything else reads all users.
Scim::Answer Scim::list_users(const Call& call) {
  GH_TRY(query, scim_query_from(call.query));
  const model::TenantNumber tenant = call.caller.tenant;
  const bool by_name = query.sort_by.empty() ||
                       (equals_ignoring_case(query.sort_by, "userName") && !query.descending);
  const bool windowed = !query.filter && by_name;
  const auto name = query.filter ? query.filter->equals("userName") : std::nullopt;
  std::int64_t total = 0;
  GH_TRY(found,
         accounts_.users().read([&](Transaction& transaction) -> Result<std::vector<json::object>> {
           const UserStore store(transaction, tenant);
           std::vector<User> users;
           if (name) {
             if (auto user = store.find_by_name(*name)) users.push_back(*std::move(user));
           } else {
             std::int64_t offset = windowed ? query.start - 1 : 0;
             std::int64_t limit = windowed ? query.count : page_size;
             for (;;) {
               GH_TRY(page, store.list(storage::Window{offset, limit}));
               total = page.total;
               if (!windowed && total > scan_max) {
                 return fail(ErrorCode::invalid_argument, "Too many users to filter", "tooMany");
               }
               for (User& user : page.items) users.push_back(std::move(user));
               offset += limit;
               if (windowed || page.items.empty()) break;
             }
           }
           std::vector<json::object> resources;
           for (User& user : users) {
             GH_TRY(whole, complete(transaction, tenant, std::move(user)));
             resources.push_back(to_resource(whole, call.base));
           }
           return resources;
         }));
  return scim_response(
      200, windowed ? scim_window(found, total, query) : scim_list(std::move(found), query));
}

Scim::Answer Scim::create_user(const Call& call) {
  GH_TRY(request, user_request_from(call.body));
  const model::TenantNumber tenant = call.caller.tenant;
  const storage::Occurrence occurrence = accounts_.now_happens();
  User user;
  user.id = accounts_.make_id();
  user.name = request.name;
  user.email = request.email;
  user.status = request.active ? UserStatus::active : UserStatus::disabled;
  user.created_at = user.updated_at = occurrence.at;
  // Without a password the user cannot log in with one, until somebody sets it.
  if (!request.password.empty()) {
    GH_TRY(hash, accounts_.hash(tenant, user, request.password));
    user.password = std::move(hash);
  }
  GH_TRY(made, accounts_.users().write([&](Transaction& transaction) -> Result<ScimUser> {
    GH_CHECK(storage::add_user(transaction, tenant, user, {}, occurrence));
    GH_CHECK(ProfileStore(transaction, tenant).replace(user.id, request.profile));
    return complete(transaction, tenant, user);
  }));
  GH_CHECK(accounts_.tell(tenant, user.id));
  return scim_resource(201, to_resource(made, call.base), call.projection());
}

Scim::Answer Scim::get_user(const Call& call, const std::string& id) {
  GH_TRY(user, find_user(call.caller.tenant, id));
  const json::object resource = to_resource(user, call.base);
  return scim_found(call.request, resource, call.projection());
}

// What a client leaves out is gone afterwards, but for the password.
Scim::Answer Scim::replace_user(const Call& call) {
  GH_TRY(before, find_user(call.caller.tenant, call.id));
  return write_user(call, before, call.body);
}

Scim::Answer Scim::patch_user(const Call& call) {
  GH_TRY(before, find_user(call.caller.tenant, call.id));
  json::object resource = to_resource(before, call.base);
  GH_CHECK(apply_patch(call.body, resource));
  return write_user(call, before, resource);
}

Scim::Answer Scim::write_user(const Call& call, const ScimUser& before,
                              const json::object& wanted) {
  GH_CHECK(check_version(call.request, to_resource(before, call.base)));
  GH_TRY(request, user_request_from(wanted));
  const model::TenantNumber tenant = call.caller.tenant;
  User user = before.user;
  if (!equals_ignoring_case(request.name, user.name)) {
    return fail(ErrorCode::invalid_argument, "The name of a user does not change", "mutability");
  }
  if (user.id == call.caller.user_id && !request.active) {
    return fail(ErrorCode::conflict, "You cannot lock yourself", "mutability");
  }
  user.email = request.email;
  user.status = status_after(user.status, request.active);
  std::string hash;
  if (!request.password.empty()) {
    GH_TRY(hashed, accounts_.hash(tenant, user, request.password));
    hash = std::move(hashed);
  }
  const std::array occurrences{accounts_.now_happens(), accounts_.now_happens()};
  GH_TRY(after, accounts_.users().write([&](Transaction& transaction) -> Result<ScimUser> {
    UserStore store(transaction, tenant);
    GH_CHECK(store.update(user, occurrences[0]));
    if (!hash.empty()) GH_CHECK(store.set_password(user.id, hash, occurrences[1]));
    GH_CHECK(ProfileStore(transaction, tenant).replace(user.id, request.profile));
    GH_TRY(written, store.find(user.id));
    return complete(transaction, tenant, std::move(written));
  }));
  GH_CHECK(accounts_.tell(tenant, user.id));
  return scim_resource(200, to_resource(after, call.base), call.projection());
}

Scim::Answer Scim::remove_user(const Call& call) {
  GH_TRY(user, find_user(call.caller.tenant, call.id));
  GH_CHECK(check_version(call.request, to_resource(user, call.base)));
  if (user.user.id == call.caller.user_id) {
    return fail(ErrorCode::conflict, "You cannot remove yourself", "mutability");
  }
  GH_CHECK(accounts_.remove(call.caller.tenant, user.user, std::nullopt));
  return nothing();
}

}  // namespace gatehouse::admin
