// SPDX-License-Identifier: Apache-2.0
//
// /tenant-config and /tenant-config-schema: what a tenant decides for itself.
#include <algorithm>

#include "admin/admin.h"
#include "admin/scope_bindings.h"
#include "core/text.h"
#include "storage/users/tenant_settings.h"

namespace gatehouse::admin {

namespace {

using storage::TenantSettings;
using storage::TenantSettingsStore;
using storage::Transaction;

// {"Scope": [{"Name": "apim:api_view", "Roles": "admin,Internal/creator"}]}
json::object scopes_document(const std::vector<ScopeBinding>& bindings) {
  json::array list;
  for (const ScopeBinding& binding : bindings) {
    list.push_back(json::object{{"Name", binding.scope}, {"Roles", join(binding.roles, ",")}});
  }
  return {{"Scope", std::move(list)}};
}

std::vector<ScopeBinding> bindings_from(const json::object& document) {
  std::vector<ScopeBinding> bindings;
  const json::object* scopes = object_at(document, "RESTAPIScopes");
  const json::array* list = scopes == nullptr ? nullptr : array_at(*scopes, "Scope");
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    const json::object* entry = item.if_object();
    if (entry == nullptr) continue;
    ScopeBinding binding{text_or(*entry, "Name", ""), {}};
    const std::string roles = text_or(*entry, "Roles", "");
    for (const std::string_view role : split(roles, ',')) {
      if (!trim(role).empty()) binding.roles.emplace_back(trim(role));
    }
    bindings.push_back(std::move(binding));
  }
  return bindings;
}

// Error: invalid_argument, when a tenant wants what this server has no key for.
Result<> check_signing(const storage::SigningPolicy& signing,
                       const std::vector<std::string>& offered) {
  const auto known = [&](const std::string& name) {
    return name.empty() || std::find(offered.begin(), offered.end(), name) != offered.end();
  };
  if (known(signing.access_token) && known(signing.id_token)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("The algorithms of 'TokenSigning' are {}", join(offered, ", ")));
}

json::object number_schema(std::int64_t least, std::int64_t most, std::int64_t standard) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}, {"default", standard}};
}

json::object section_schema(json::object properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

}  // namespace

// GET /tenant-config: with the members that the server reads, whether they were ever set or not.
Result<rest::Reply> Admin::get_tenant_config(const rest::Call& call) {
  GH_TRY(document, user_manager_.read([&](Transaction& transaction) -> Result<json::object> {
    GH_TRY(stored, TenantSettingsStore(transaction, call.caller.tenant).document());
    GH_TRY(settings, storage::tenant_settings_from(stored));
    json::object whole = storage::complete_document(stored, settings);
    GH_TRY(bindings, read_bindings(transaction, call.caller.tenant));
    whole["RESTAPIScopes"] = scopes_document(bindings);
    return whole;
  }));
  return rest::ok(std::move(document));
}

// PUT /tenant-config: replaces it. Scopes that it does not name keep their roles.
//   400  a member that cannot be, naming it
Result<rest::Reply> Admin::update_tenant_config(const rest::Call& call) {
  json::object document = call.object();
  GH_TRY(settings, storage::tenant_settings_from(document));
  GH_CHECK(check_signing(settings.signing, options_.signing_algorithms));
  const std::vector<ScopeBinding> bindings = bindings_from(document);
  document.erase("RESTAPIScopes");
  const Result<> written = user_manager_.write([&](Transaction& transaction) -> Result<> {
    GH_CHECK(need_roles(transaction, call.caller.tenant, settings.sign_up.roles));
    GH_CHECK(write_bindings(transaction, call.caller.tenant, bindings));
    return TenantSettingsStore(transaction, call.caller.tenant).replace(document);
  });
  GH_CHECK(written);
  GH_CHECK(tell_of_tenant(call.caller.tenant));
  return get_tenant_config(call);
}

// GET /tenant-config-schema: a JSON Schema of what the server reads; other members are kept as they
// come.
Result<rest::Reply> Admin::get_tenant_config_schema(const rest::Call&) {
  const TenantSettings standard;
  const json::object texts{{"type", "array"}, {"items", json::object{{"type", "string"}}}};
  const json::object flag{{"type", "boolean"}};
  json::object scope{{"Name", json::object{{"type", "string"}}},
                     {"Roles", json::object{{"type", "string"}}}};
  json::object properties;
  properties["PasswordPolicy"] = section_schema(
      {{"MinLength", number_schema(1, storage::password_bytes_limit, standard.password.length_min)},
       {"MaxLength", number_schema(1, storage::password_bytes_limit, standard.password.length_max)},
       {"MinClasses", number_schema(0, 4, standard.password.classes_min)},
       {"History", number_schema(0, storage::password_history_max, standard.password.history)}});
  properties["AccountLock"] = section_schema(
      {{"FailedAttempts", number_schema(0, 1'000, standard.lockout.failures_max)},
       {"UnlockMinutes", number_schema(1, 43'200, standard.lockout.duration.count())}});
  properties["SelfSignUp"] =
      section_schema({{"Enabled", flag}, {"ApprovalRequired", flag}, {"SignUpRoles", texts}});
  json::array algorithms{""};  // as the server usually does
  for (const std::string& name : options_.signing_algorithms) algorithms.emplace_back(name);
  const json::object algorithm{{"type", "string"}, {"enum", algorithms}, {"default", ""}};
  properties["TokenSigning"] =
      section_schema({{"AccessTokenAlgorithm", algorithm}, {"IdTokenAlgorithm", algorithm}});
  properties["RESTAPIScopes"] = section_schema(
      {{"Scope", json::object{{"type", "array"}, {"items", section_schema(std::move(scope))}}}});
  return rest::ok(json::object{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                               {"type", "object"},
                               {"properties", std::move(properties)}});
}

}  // namespace gatehouse::admin
