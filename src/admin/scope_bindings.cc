// SPDX-License-Identifier: Apache-2.0
#include "admin/scope_bindings.h"

#include <algorithm>

#include "rest/problems.h"
#include "storage/users/default_roles.h"
#include "storage/users/user_store.h"

namespace gatehouse::admin {

namespace {

using storage::RoleStore;
using storage::Transaction;

constexpr std::string_view administration = "apim:admin";

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

Result<std::vector<ScopeBinding>> read_bindings(Transaction& transaction,
                                                model::TenantNumber tenant) {
  GH_TRY(bound, RoleStore(transaction, tenant).scopes());
  for (const std::string& scope : storage::rest_scopes()) {
    const bool known = std::ranges::any_of(
        bound, [&](const ScopeBinding& binding) { return binding.scope == scope; });
    if (!known) bound.push_back({scope, {}});
  }
  std::ranges::sort(bound, {}, &ScopeBinding::scope);
  return bound;
}

Result<> write_bindings(Transaction& transaction, model::TenantNumber tenant,
                        const std::vector<ScopeBinding>& bindings) {
  const std::vector<std::string> ours = storage::rest_scopes();
  RoleStore store(transaction, tenant);
  for (const ScopeBinding& binding : bindings) {
    if (!contains(ours, binding.scope)) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not a scope of the REST APIs", binding.scope));
    }
    GH_CHECK(need_roles(transaction, tenant, binding.roles));
    if (binding.scope == administration && !contains(binding.roles, storage::admin_role)) {
      return fail(ErrorCode::invalid_argument, fmt::format("The role '{}' keeps the scope '{}'",
                                                           storage::admin_role, administration));
    }
    GH_CHECK(store.set_scope(binding.scope, binding.roles));
  }
  return {};
}

Result<> need_roles(Transaction& transaction, model::TenantNumber tenant,
                    const std::vector<std::string>& roles) {
  const RoleStore store(transaction, tenant);
  for (const std::string& role : roles) {
    const auto found = store.find(role);
    if (found) continue;
    if (found.error().code != ErrorCode::not_found) return tl::unexpected<Error>(found.error());
    return rest::refuse_because(rest::role_unknown, fmt::format("There is no role '{}'", role));
  }
  return {};
}

}  // namespace gatehouse::admin
