// SPDX-License-Identifier: Apache-2.0
//
// What gateways and portals ask the key manager: /internal/keys/v1. Nodes of other machines come to
// it through keymanager/node_door.h, everybody else not at all.
//
//   POST validate {"tokens":["…"]}                    200 {"revocation":R,"list":[Validation]}
//        with "tenant":T and one token: other servers are asked as well, 503
//   POST provider-metadata {"url"}                    200 what a discovery URL says, 400, 403, 503
//   POST provider-keys {"type","value"}               200 {"key_set"}, 400, 403, 503
//   POST authenticate {"authorization":"…"}           200 who it is, 401
//   POST check-password {"tenant","user_id","password"}
//                                                     200 {"right"}: of a user who is let in by
//                                                     something else already; 404
//   POST clients {tenant, name, owner_id, grant_types, callback_urls, token_type,
//                 access_token_seconds, refresh_token_seconds}
//                                                     201 {"client_id","client_secret"}
//   PUT clients/{id}, the same body                   200 {"client_id"}, 404
//   DELETE clients/{id}                               204, 404; its tokens are revoked
//   POST clients/{id}/regenerate-secret               200 {"client_secret"}, 404
//   GET clients/{id}/secrets                          200 {"list":[{id, description, hint, …}]}
//   POST clients/{id}/secrets {"description","seconds"}
//                                                     201 {"id","client_secret",…}, 404, 409
//   POST clients/{id}/revoke-secret {"id"}            204, 404, 409
//   POST clients/{id}/check {"tenant","client_secret"}
//                                                     200 what it is, 401
//   POST clients/{id}/token {"scopes":[],"seconds"}   200 {"access_token","scope","expires_in"}
//   POST provider-clients, the body of POST clients with "key_manager"
//                                                     201 {"client_id","client_secret",
//                                                          "registration"}, 400, 503
//   POST provider-clients/update, the same body with "client_id" and "registration"
//                                                     200 the same, 400, 404, 503; an empty
//                                                     secret: there is no other than before
//   POST provider-clients/remove {"tenant","key_manager","client_id","registration"}
//                                                     204, 503
//   POST revoke-user {"tenant","user_id"}             204
//   POST password-reset {"tenant","user_id","mail"} 201 {"link","expires_at_ms"}, without them when
//                                                     mailed; 404, 409
//   POST user-changed {"tenant","user_id"}            204
//   POST tenant-changed {"tenant"}                    204
//   POST try-out-key {"api_id","user_id"}             200 {"key"}
//   POST tenant {"domain"}                            200 {"tenant","tenant_domain"}, 404
//
// Thread:  pool threads; try_answer serves remembered validations on the loop.
#pragma once

#include "http/handler.h"
#include "keymanager/authenticator.h"
#include "keymanager/browser/forgotten_password.h"
#include "keymanager/clients.h"
#include "keymanager/foreign/provider_clients.h"
#include "keymanager/foreign/provider_reader.h"
#include "keymanager/foreign/provider_tokens.h"
#include "keymanager/routes.h"
#include "keymanager/try_out_keys.h"

namespace gatehouse::keymanager {

struct InternalParts {
  TokenValidator& validator;
  Authenticator& authenticator;
  Clients& clients;
  ClientSecrets& secrets;
  Revocations& revocations;
  ProviderReader& provider_reader;
  ProviderTokens& provider_tokens;
  ProviderClients& provider_clients;
  const Directory& directory;
  ForgottenPassword& forgotten;
  Login& login;
  const TryOutKeys& try_out_keys;
};

class InternalEndpoints final : public http::Handler {
 public:
  explicit InternalEndpoints(const InternalParts& parts);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;

 private:
  using Reply = Result<json::object>;

  void mount();
  // An endpoint of this class behind a path; `status` is that of its success.
  void on(const char* method, const char* path, int status,
          Reply (InternalEndpoints::*endpoint)(const json::object& body, const std::string& id));

  Reply validate(const json::object& body, const std::string& id);
  Reply validate_foreign(model::TenantNumber tenant, const std::string& token);
  Reply read_provider_metadata(const json::object& body, const std::string& id);
  Reply read_provider_keys(const json::object& body, const std::string& id);
  Reply authenticate(const json::object& body, const std::string& id);
  Reply check_password(const json::object& body, const std::string& id);
  Reply create_client(const json::object& body, const std::string& id);
  Reply update_client(const json::object& body, const std::string& id);
  Reply remove_client(const json::object& body, const std::string& id);
  Reply regenerate_secret(const json::object& body, const std::string& id);
  Reply list_secrets(const json::object& body, const std::string& id);
  Reply add_secret(const json::object& body, const std::string& id);
  Reply revoke_secret(const json::object& body, const std::string& id);
  Reply check_client(const json::object& body, const std::string& id);
  Reply issue_token(const json::object& body, const std::string& id);
  Reply create_provider_client(const json::object& body, const std::string& id);
  Reply update_provider_client(const json::object& body, const std::string& id);
  Reply remove_provider_client(const json::object& body, const std::string& id);
  Reply revoke_user(const json::object& body, const std::string& id);
  Reply reset_password(const json::object& body, const std::string& id);
  Reply user_changed(const json::object& body, const std::string& id);
  Reply tenant_changed(const json::object& body, const std::string& id);
  Reply issue_try_out_key(const json::object& body, const std::string& id);
  Reply find_tenant(const json::object& body, const std::string& id);

  TokenValidator& validator_;
  Authenticator& authenticator_;
  Clients& clients_;
  ClientSecrets& secrets_;
  Revocations& revocations_;
  ProviderReader& provider_reader_;
  ProviderTokens& provider_tokens_;
  ProviderClients& provider_clients_;
  const Directory& directory_;
  ForgottenPassword& forgotten_;
  Login& login_;
  const TryOutKeys& try_out_keys_;
  Routes routes_;
};

}  // namespace gatehouse::keymanager
