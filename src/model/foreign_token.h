// SPDX-License-Identifier: Apache-2.0
//
// Whom a token of a foreign key manager stands for, by its claims: the same rule for a JWT at the
// gateway and for the answer of an introspection endpoint at the key manager.
//
// Thread:  pure functions.
// Source:  RFC 9068 section 2.2, RFC 7662 section 2.2; the claims of known providers are data
//          (rest/provider_presets.cc).
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"

namespace gatehouse::model {

struct ForeignIdentity {
  std::string client_id;
  std::string user_id;  // empty: a token of the application itself
  std::string user;
  std::vector<std::string> scopes;
};

// Error: unauthenticated, when no claim names the client.
Result<ForeignIdentity> foreign_identity(const json::object& claims, const KnownKeyManager& from);

// Whether the claims are of an access token, as far as one can tell: an ID token is signed with the
// same keys and opens nothing.
bool may_be_access_token(std::string_view type, const json::object& claims);

}  // namespace gatehouse::model
