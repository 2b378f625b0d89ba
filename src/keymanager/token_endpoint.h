// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/token: authenticates the client, lets the grant decide, and issues.
//
//   200  access_token, refresh_token where the grant has one, scope, token_type, expires_in
//   400  invalid_request, invalid_grant, unauthorized_client, unsupported_grant_type, invalid_scope
//   401  invalid_client, with WWW-Authenticate
//   503  temporarily_unavailable, with Retry-After: too many passwords wait to be hashed
//
// Thread:  pool threads.
// Source:  RFC 6749, sections 3.2 and 5.
#pragma once

#include <vector>

#include "keymanager/client_authentication.h"
#include "keymanager/grants/grant.h"

namespace gatehouse::keymanager {

class TokenEndpoint {
 public:
  TokenEndpoint(const ClientAuthentication& clients, std::vector<Grant*> grants,
                TokenIssuer& issuer);

  http::Response handle(const http::Request& request);

 private:
  Result<IssuedTokens> issue(const http::Request& request);
  Result<Grant*> grant_of(const Form& form) const;

  const ClientAuthentication& clients_;
  const std::vector<Grant*> grants_;
  TokenIssuer& issuer_;
};

}  // namespace gatehouse::keymanager
