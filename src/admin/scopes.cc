// SPDX-License-Identifier: Apache-2.0
//
// /system-scopes, /system-scopes/{scopeName} and /system-scopes/role-aliases. What changes here
// counts for live tokens at once.
#include "admin/admin.h"
#include "admin/scope_bindings.h"
#include "core/text.h"
#include "rest/problems.h"

namespace gatehouse::admin {

namespace {

using storage::RoleStore;
using storage::Transaction;

bool holds(const ScopeBinding& binding, std::string_view role) {
  return std::ranges::find(binding.roles, role) != binding.roles.end();
}

// The portal that a scope belongs to, by whom it was made for.
std::string_view portal_of(const ScopeBinding& binding) {
  if (holds(binding, "Internal/subscriber")) return "devportal";
  const bool publishes = holds(binding, "Internal/creator") ||
                         holds(binding, "Internal/publisher") ||
                         holds(binding, "Internal/observer");
  return publishes ? "publisher" : "admin";
}

// "apim:api_create" → "api create".
std::string description_of(std::string_view scope) {
  std::string words(scope.substr(scope.find(':') + 1));
  for (char& c : words) c = c == '_' || c == ':' ? ' ' : c;
  return words;
}

json::object scopes_view(const std::vector<ScopeBinding>& bindings) {
  json::array list;
  for (const ScopeBinding& binding : bindings) {
    list.push_back(json::object{{"name", binding.scope},
                                {"description", description_of(binding.scope)},
                                {"roles", to_json(binding.roles)},
                                {"tag", portal_of(binding)}});
  }
  return rest::list_of(std::move(list));
}

json::object aliases_view(const std::vector<RoleStore::Aliases>& all) {
  json::array list;
  for (const RoleStore::Aliases& entry : all) {
    list.push_back(json::object{{"role", entry.role}, {"aliases", to_json(entry.aliases)}});
  }
  return rest::list_of(std::move(list));
}

// Scope names come in base64url, or as they are.
std::string scope_name_from(const std::string& text) {
  if (text.find(':') != std::string::npos) return text;
  const Result<std::string> decoded = from_base64url(text);
  return decoded && is_utf8(*decoded) ? *decoded : text;
}

const json::array& entries_of(const rest::Call& call) {
  static const json::array none;
  const json::array* list = array_at(call.object(), "list");
  return list == nullptr ? none : *list;
}

}  // namespace

// GET /system-scopes: all of them, by name.
Result<rest::Reply> Admin::list_scopes(const rest::Call& call) {
  GH_TRY(bindings, user_manager_.read([&](Transaction& transaction) {
    return read_bindings(transaction, call.caller.tenant);
  }));
  return rest::ok(scopes_view(bindings));
}

// PUT /system-scopes {list:[{name, roles}]}: scopes that it does not name keep their roles.
//   400  a scope that is not ours, or a role that does not exist
Result<rest::Reply> Admin::update_scopes(const rest::Call& call) {
  std::vector<ScopeBinding> bindings;
  for (const json::value& item : entries_of(call)) {
    const json::object& entry = item.as_object();
    bindings.push_back({text_or(entry, "name", ""), texts_of(entry, "roles")});
  }
  GH_CHECK(user_manager_.write([&](Transaction& transaction) {
    return write_bindings(transaction, call.caller.tenant, bindings);
  }));
  GH_CHECK(tell_of_tenant(call.caller.tenant));
  return list_scopes(call);
}

// GET /system-scopes/{scopeName}?username: whether the user may hold the scope.
//   404  no such user, or not for this one
Result<rest::Reply> Admin::get_scope_of_user(const rest::Call& call) {
  const std::string scope = scope_name_from(call.path_value("scopeName"));
  const std::string user_name = call.query_or("username", call.caller.user);
  GH_TRY(user, find_user(call.caller, user_name));
  GH_TRY(scopes, user_manager_.read([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).scopes_of_user(user.id);
  }));
  if (!std::ranges::binary_search(scopes, scope)) {
    return fail(ErrorCode::not_found, "The user may not hold this scope", scope);
  }
  return rest::ok(json::object{{"name", scope}});
}

// GET /system-scopes/role-aliases: other names that the scopes of a role go to.
Result<rest::Reply> Admin::list_role_aliases(const rest::Call& call) {
  GH_TRY(all, user_manager_.read([&](Transaction& transaction) {
    return RoleStore(transaction, call.caller.tenant).aliases();
  }));
  return rest::ok(aliases_view(all));
}

// PUT /system-scopes/role-aliases {list:[{role, aliases}]}: replaces all of them. An alias may be a
// role that only a directory knows.
//   400  a role that does not exist
Result<rest::Reply> Admin::update_role_aliases(const rest::Call& call) {
  std::vector<RoleStore::Aliases> all;
  std::vector<std::string> roles;
  for (const json::value& item : entries_of(call)) {
    const json::object& entry = item.as_object();
    all.push_back({text_or(entry, "role", ""), texts_of(entry, "aliases")});
    roles.push_back(all.back().role);
  }
  const Result<> written = user_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(need_roles(transaction, call.caller.tenant, roles));
    return RoleStore(transaction, call.caller.tenant).set_aliases(all);
  });
  GH_CHECK(written);
  GH_CHECK(tell_of_tenant(call.caller.tenant));
  return list_role_aliases(call);
}

}  // namespace gatehouse::admin
