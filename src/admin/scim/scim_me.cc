// SPDX-License-Identifier: Apache-2.0
//
// /scim2/Me: the caller as a resource. Reading needs no right; changing and removing need the
// password (Basic), or apim:admin.
#include <algorithm>
#include <array>

#include "admin/scim/patch.h"
#include "admin/scim/scim.h"
#include "core/text.h"

namespace gatehouse::admin {

namespace {

// What an organisation says of its people, and they do not say of themselves.
constexpr std::array<std::string_view, 5> given{"externalId", "userType", "entitlements",
                                                "x509Certificates", enterprise_schema};

// An address or number counts as verified when somebody else has said so of the same value.
void drop_unproved(json::array& entries, const json::array* present) {
  for (json::value& item : entries) {
    json::object* entry = item.if_object();
    if (entry == nullptr) continue;
    const bool known =
        present != nullptr && std::ranges::any_of(*present, [&](const json::value& other) {
          const json::object* one = other.if_object();
          return one != nullptr && text_or(*one, "value", "") == text_or(*entry, "value", "") &&
                 flag_or(*one, "verified", false);
        });
    if (!known) entry->erase("verified");
  }
}

// However the names are written, and however often.
void drop_unproved(json::object& wanted, const json::object& before) {
  for (const std::string_view name : {"emails", "phoneNumbers"}) {
    for (auto& member : wanted) {
      json::array* entries = member.value().if_array();
      if (entries != nullptr && equals_ignoring_case(std::string_view(member.key()), name)) {
        drop_unproved(*entries, array_at(before, name));
      }
    }
  }
}

tl::unexpected<Error> not_yours(std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not yours to change", what),
              "mutability");
}

}  // namespace

// Source: RFC 7644, section 3.11.
Scim::Answer Scim::me(Call& call) {
  const std::string& method = call.request.method;
  call.id = call.caller.user_id;
  if (method == "GET") return get_user(call, call.id);
  if (method != "PUT" && method != "PATCH" && method != "DELETE") {
    return http::make_response(405, "text/plain", "");
  }
  GH_TRY(before, find_user(call.caller.tenant, call.id));
  if (method == "DELETE") {
    GH_CHECK(check_version(call.request, to_resource(before, call.base)));
    if (std::ranges::find(before.roles, storage::admin_role) != before.roles.end()) {
      return fail(ErrorCode::conflict, "An administrator is removed by another one", "mutability");
    }
    GH_CHECK(accounts_.remove(call.caller.tenant, before.user, std::nullopt));
    return http::make_response(204, "", "");
  }
  json::object wanted = call.body;
  if (method == "PATCH") {
    wanted = to_resource(before, call.base);
    GH_CHECK(apply_patch(call.body, wanted));
  }
  GH_TRY(wish, own_wish(before, std::move(wanted)));
  return write_user(call, before, wish);
}

Result<json::object> Scim::own_wish(const ScimUser& before, json::object wanted) const {
  for (const std::string_view name : given) {
    const json::value* wish = attribute_of(wanted, name);
    const json::value* present = attribute_of(before.profile, name);
    const bool silent = wish == nullptr || wish->is_null();
    if (!silent && (present == nullptr || *wish != *present)) return not_yours(name);
    if (silent && present != nullptr) wanted[name] = *present;
  }
  drop_unproved(wanted, before.profile);
  // Whose password is in a directory has none here.
  const json::value* password = attribute_of(wanted, "password");
  const bool sets_password = password != nullptr && !password->is_null();
  if (sets_password && before.user.password.empty()) return not_yours("password");
  return wanted;
}

}  // namespace gatehouse::admin
