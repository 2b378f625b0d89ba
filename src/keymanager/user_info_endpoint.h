// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /oauth2/userinfo: who the user of an access token is.
//
//   200  sub, preferred_username with the scope profile, email with the scope email
//   401  invalid_token; without an error code when no token was sent (RFC 6750, section 3.1)
//   403  insufficient_scope, without the scope openid
//
// Thread:  pool threads.
// Source:  OpenID Connect Core 1.0, section 5.3.
#pragma once

#include "http/message.h"
#include "keymanager/directory.h"
#include "keymanager/token_validator.h"

namespace gatehouse::keymanager {

class UserInfoEndpoint {
 public:
  UserInfoEndpoint(const Directory& directory, TokenValidator& validator)
      : directory_(directory), validator_(validator) {}

  http::Response handle(const http::Request& request);

 private:
  Result<json::object> claims_of(const std::string& token);

  const Directory& directory_;
  TokenValidator& validator_;
};

}  // namespace gatehouse::keymanager
