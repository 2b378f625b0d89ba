// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/revoke: a client gives a token back. Access and refresh token of one grant go
// together, whichever of them is named.
//
//   200  the token does not work any more, or never did
//   400  invalid_request; unauthorized_client, when the token is another client's
//   401  invalid_client
//
// Requests that wait together share look-ups and a commit (http/gathering.h).
//
// Thread:  pool threads.
// Source:  RFC 7009. token_type_hint is not needed and not looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/handler.h"
#include "keymanager/client_authentication.h"
#include "keymanager/revocations.h"
#include "keymanager/signing_keys.h"

namespace gatehouse::keymanager {

class RevocationEndpoint final : public http::Handler {
 public:
  RevocationEndpoint(const Resources& resources, const ClientAuthentication& clients,
                     const SigningKeys& keys, Revocations& revocations);

  http::Response handle(const http::Request& request) override;
  std::vector<http::Response> handle_all(std::span<const http::Request* const> requests) override;

 private:
  // Whose token it is and which family it belongs to.
  struct Origin {
    std::string client_id;
    std::string family;
  };
  // What is known of a request on its way to an answer.
  struct Question {
    Result<> outcome{};
    storage::Client client{};
    std::string token{};
    std::optional<Origin> origin{};  // nothing: a token that does not work anyway
  };

  static Result<> read_request(const http::Request& request, SharedAuthentication& clients,
                               Question& question);
  void find_origins(std::vector<Question>& questions) const;
  void revoke(std::vector<Question>& questions);

  storage::Database& apis_;
  const ClientAuthentication& clients_;
  const SigningKeys& keys_;
  Revocations& revocations_;
};

}  // namespace gatehouse::keymanager
