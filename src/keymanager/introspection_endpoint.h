// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/introspect: what an access token is worth, for a client or an administrator of the
// token's tenant. A token that does not hold, a refresh token, and a token of another tenant are
// all {"active":false}.
//
// Thread:  pool threads.
// Source:  RFC 7662.
#pragma once

#include "keymanager/client_authentication.h"
#include "keymanager/login.h"
#include "keymanager/token_validator.h"

namespace gatehouse::keymanager {

class IntrospectionEndpoint {
 public:
  IntrospectionEndpoint(const ClientAuthentication& clients, Login& login,
                        TokenValidator& validator, std::string issuer);

  http::Response handle(const http::Request& request);

 private:
  Result<json::object> introspect(const http::Request& request);
  // The tenant of a client, or of an administrator who sends his own name and password.
  Result<model::TenantNumber> tenant_of_caller(const http::Request& request, const Form& form);

  const ClientAuthentication& clients_;
  Login& login_;
  TokenValidator& validator_;
  const std::string issuer_;
};

}  // namespace gatehouse::keymanager
