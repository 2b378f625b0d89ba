// SPDX-License-Identifier: Apache-2.0
//
// What the registration of a client says about how it proves itself and whom it serves: a public
// client holds no secret, so the proof key of each code stands in its place; one for all tenants
// (WSO2's `saasApp`) serves users of any, and every other one those of its own.
//
// Thread:  pure functions.
// Source:  RFC 6749, section 2.1; RFC 7591, section 2 (token_endpoint_auth_method "none"). WSO2's
//          developer portal says `bypassClientCredentials` for the same.
#pragma once

#include <optional>
#include <string_view>

#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

bool is_public(const storage::Client& client);
// Whether it registered so; a client of the portal that says `bypassClientCredentials` has a
// secret.
bool has_no_secret(const json::object& document);
// Also a confidential client may bind itself to proof keys: WSO2's `pkceMandatory`.
bool needs_proof_key(const storage::Client& client);

// A member of the document of a client whose access tokens were JWTs once.
inline constexpr std::string_view former_jwts_member = "former_jwts";
// Whether there may be access tokens of it that are stored nowhere.
bool may_hold_jwts(const storage::Client& client);

inline constexpr std::string_view all_tenants_member = "saas_app";
bool serves(const storage::Client& client, model::TenantNumber user_tenant);
// Whose users may sign in to it; nothing: those of any tenant.
std::optional<model::TenantNumber> tenant_served(const storage::Client& client);
// As TokenDetails has it: 0 for a user of the client's own tenant.
model::TenantNumber foreign_tenant(const storage::Client& client, model::TenantNumber user_tenant);

}  // namespace gatehouse::keymanager
