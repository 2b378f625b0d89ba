// SPDX-License-Identifier: Apache-2.0
//
// What gateways and portals ask the key manager: /internal/keys/v1. Never served on a public
// listener.
//
//   POST validate {"tokens":["…"]}                    200 {"revocation":R,"list":[Validation]}
//   POST authenticate {"authorization":"…"}           200 who it is, 401
//   POST clients {tenant, name, owner_id, grant_types, callback_urls, token_type,
//                 access_token_seconds, refresh_token_seconds}
//                                                     201 {"client_id","client_secret"}
//   PUT clients/{id}, the same body                   200 {"client_id"}, 404
//   DELETE clients/{id}                               204, 404; its tokens are revoked
//   POST clients/{id}/regenerate-secret               200 {"client_secret"}, 404
//   POST clients/{id}/token {"scopes":[],"seconds"}   200 {"access_token","scope","expires_in"}
//   POST revoke-user {"tenant","user_id"}             204
//   POST user-changed {"tenant","user_id"}            204
//
// Thread:  pool threads; try_answer serves remembered validations on the loop.
#pragma once

#include "http/handler.h"
#include "keymanager/authenticator.h"
#include "keymanager/clients.h"
#include "keymanager/routes.h"

namespace gatehouse::keymanager {

class InternalEndpoints final : public http::Handler {
 public:
  InternalEndpoints(TokenValidator& validator, Authenticator& authenticator, Clients& clients,
                    Revocations& revocations);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  using Reply = Result<json::object>;

  void mount();
  // An endpoint of this class behind a path; `status` is that of its success.
  void on(const char* method, const char* path, int status,
          Reply (InternalEndpoints::*endpoint)(const json::object& body, const std::string& id));

  Reply validate(const json::object& body, const std::string& id);
  Reply authenticate(const json::object& body, const std::string& id);
  Reply create_client(const json::object& body, const std::string& id);
  Reply update_client(const json::object& body, const std::string& id);
  Reply remove_client(const json::object& body, const std::string& id);
  Reply regenerate_secret(const json::object& body, const std::string& id);
  Reply issue_token(const json::object& body, const std::string& id);
  Reply revoke_user(const json::object& body, const std::string& id);
  Reply user_changed(const json::object& body, const std::string& id);

  TokenValidator& validator_;
  Authenticator& authenticator_;
  Clients& clients_;
  Revocations& revocations_;
  Routes routes_;
};

}  // namespace gatehouse::keymanager
