// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/token: authenticates the client, lets the grant decide, and issues.
//
//   200  access_token, refresh_token where the grant has one, id_token with the scope openid,
//   scope,
//        token_type, expires_in; the access token is bound to the DPoP key that was shown, and to
//        the client certificate if the client registered that it wants so
//   400  invalid_request, invalid_grant, unauthorized_client, unsupported_grant_type,
//        invalid_scope, invalid_target, invalid_dpop_proof, use_dpop_nonce
//   401  invalid_client, with WWW-Authenticate
//   503  temporarily_unavailable, with Retry-After: too many passwords wait to be hashed
//
// Thread:  pool threads.
// Source:  RFC 6749, sections 3.2 and 5; RFC 8707, section 2.2; RFC 9449, section 5; RFC 8705,
//          section 3.
#pragma once

#include <vector>

#include "keymanager/client_authentication.h"
#include "keymanager/grants/grant.h"
#include "keymanager/possession.h"

namespace gatehouse::keymanager {

class TokenEndpoint {
 public:
  TokenEndpoint(const ClientAuthentication& clients, std::vector<Grant*> grants,
                Possession& possession, TokenIssuer& issuer);

  http::Response handle(const http::Request& request);

  // The values of grant_type, for the metadata of this server.
  std::vector<std::string> grant_types() const;

 private:
  Result<IssuedTokens> issue(const http::Request& request);
  Result<Grant*> grant_of(const Form& form) const;
  static Result<> bind(const Possession::Shown& shown, Entitlement& entitlement);

  const ClientAuthentication& clients_;
  const std::vector<Grant*> grants_;
  Possession& possession_;
  TokenIssuer& issuer_;
};

}  // namespace gatehouse::keymanager
