// SPDX-License-Identifier: Apache-2.0
#include "keymanager/client_kind.h"

namespace gatehouse::keymanager {

namespace {

// A switch of the document itself, or of the portal's `additionalProperties` in it; portals write
// them as text as well.
bool is_on(const json::object& document, std::string_view name) {
  const auto on = [name](const json::object& object) {
    return flag_or(object, name, false) || text_or(object, name, "") == "true";
  };
  const json::object* more = object_at(document, "additionalProperties");
  return on(document) || (more != nullptr && on(*more));
}

}  // namespace

bool has_no_secret(const json::object& document) {
  return text_or(document, "token_endpoint_auth_method", "") == "none";
}

bool is_public(const storage::Client& client) {
  return has_no_secret(client.document) || is_on(client.document, "bypassClientCredentials");
}

bool may_hold_jwts(const storage::Client& client) {
  return client.token_type == "JWT" || flag_or(client.document, former_jwts_member, false);
}

bool serves(const storage::Client& client, model::TenantNumber user_tenant) {
  return client.tenant == user_tenant || flag_or(client.document, all_tenants_member, false);
}

std::optional<model::TenantNumber> tenant_served(const storage::Client& client) {
  if (flag_or(client.document, all_tenants_member, false)) return std::nullopt;
  return client.tenant;
}

model::TenantNumber foreign_tenant(const storage::Client& client, model::TenantNumber user_tenant) {
  return client.tenant == user_tenant ? 0 : user_tenant;
}

bool needs_proof_key(const storage::Client& client) {
  return is_public(client) || is_on(client.document, "pkceMandatory");
}

}  // namespace gatehouse::keymanager
