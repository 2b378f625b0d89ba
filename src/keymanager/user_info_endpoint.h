// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /oauth2/userinfo: who the user of an access token is.
//
//   200  sub, and what the scopes open (keymanager/user_claims.h); as a signed token with `iss` and
//        `aud` for a client that registered `userinfo_signed_response_alg`
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
#include "keymanager/signing_keys.h"
#include "keymanager/token_validator.h"

namespace gatehouse::keymanager {

struct UserInfoParts {
  const Directory& directory;
  TokenValidator& validator;
  Possession& possession;
  const SigningKeys& keys;
};

class UserInfoEndpoint {
 public:
  UserInfoEndpoint(const Resources& resources, std::string issuer, const UserInfoParts& parts)
      : apis_(resources.apis), issuer_(std::move(issuer)), parts_(parts) {}

  http::Response handle(const http::Request& request);

 private:
  Result<http::Response> answer(const http::Request& request, const AccessToken& token);
  Result<model::Validation> validated(const http::Request& request, const AccessToken& token);

  storage::Database& apis_;
  const std::string issuer_;
  const UserInfoParts parts_;
};

}  // namespace gatehouse::keymanager
