// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /oauth2/userinfo: who the user of an access token is.
//
//   200  sub, and what the scopes open (keymanager/user_claims.h)
//   401  invalid_token; without an error code when no token was sent (RFC 6750, section 3.1);
//        invalid_dpop_proof, use_dpop_nonce for a token bound to a key
//   403  insufficient_scope, without the scope openid
//
// Thread:  pool threads.
// Source:  OpenID Connect Core 1.0, section 5.3; RFC 9449, section 7; RFC 8705, section 3.
#pragma once

#include "http/message.h"
#include "keymanager/basic.h"
#include "keymanager/directory.h"
#include "keymanager/possession.h"
#include "keymanager/token_validator.h"

namespace gatehouse::keymanager {

class UserInfoEndpoint {
 public:
  UserInfoEndpoint(const Directory& directory, TokenValidator& validator, Possession& possession)
      : directory_(directory), validator_(validator), possession_(possession) {}

  http::Response handle(const http::Request& request);

 private:
  Result<json::object> claims_of(const http::Request& request, const AccessToken& token);

  const Directory& directory_;
  TokenValidator& validator_;
  Possession& possession_;
};

}  // namespace gatehouse::keymanager
