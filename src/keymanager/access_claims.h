// SPDX-License-Identifier: Apache-2.0
//
// The claims of our JWT access tokens. A token of an application itself has the client id as its
// subject; a user's token the user's immutable id, with his name beside it.
//
// Thread:  plain values.
// The audience is the client, as in WSO2's tokens, unless resources were asked for (RFC 8707).
//
// Source:  RFC 9068, section 2.2. `azp`, `aut` and `keytype` are what WSO2's tokens have; `family`
//          and `username` are ours.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "keymanager/token_details.h"

namespace gatehouse::keymanager {

inline constexpr std::string_view access_token_type = "at+jwt";  // RFC 9068, section 2.1

struct AccessClaims {
  std::string issuer;
  std::string jti;
  std::string family;
  std::string client_id;
  std::string user_id;  // empty: the application itself
  std::string user;
  std::vector<std::string> scopes;
  std::string key_type;  // "PRODUCTION", "SANDBOX", or empty for a client without an application
  TokenDetails details{};
  Instant issued_at{};
  Instant expires_at{};
};

json::object to_json(const AccessClaims& claims);

// Of claims that jose::check_claims has let through; the times are taken from there.
AccessClaims access_claims_from(const json::object& object);

}  // namespace gatehouse::keymanager
