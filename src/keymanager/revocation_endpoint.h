// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/revoke: a client gives a token back. Access and refresh token of one grant go
// together, whichever of them is named.
//
//   200  the token does not work any more, or never did
//   400  invalid_request; unauthorized_client, when the token is another client's
//   401  invalid_client
//
// Thread:  pool threads.
// Source:  RFC 7009. token_type_hint is not needed and not looked at.
#pragma once

#include "keymanager/client_authentication.h"
#include "keymanager/revocations.h"
#include "keymanager/signing_keys.h"

namespace gatehouse::keymanager {

class RevocationEndpoint {
 public:
  RevocationEndpoint(const Resources& resources, const ClientAuthentication& clients,
                     const SigningKeys& keys, Revocations& revocations);

  http::Response handle(const http::Request& request);

 private:
  // Whose token it is and which family it belongs to.
  struct Origin {
    std::string client_id;
    std::string family;
  };

  Result<> revoke(const http::Request& request);
  Result<std::optional<Origin>> origin_of(const std::string& token) const;

  storage::Database& apis_;
  const ClientAuthentication& clients_;
  const SigningKeys& keys_;
  Revocations& revocations_;
};

}  // namespace gatehouse::keymanager
