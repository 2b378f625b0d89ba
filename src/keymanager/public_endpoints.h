// SPDX-License-Identifier: Apache-2.0
//
// The OAuth endpoints that clients see, and the pages that browsers see. Every path of the list in
// mount() answers with the same bytes as its aliases.
//
// Thread:  pool threads; metadata and keys are answered on the loop. Who sends a password in a
// form,
//          registers by Basic, or introspects by Basic under another name than a client of ours has
//          gets a thread of the pool `login`, so that hashing keeps nobody else waiting.
#pragma once

#include "http/handler.h"
#include "keymanager/authorize/authorization_endpoint.h"
#include "keymanager/authorize/devices.h"
#include "keymanager/browser/account_pages.h"
#include "keymanager/browser/forgotten_password.h"
#include "keymanager/browser/logout_endpoint.h"
#include "keymanager/discovery.h"
#include "keymanager/dynamic_registration_endpoint.h"
#include "keymanager/introspection_endpoint.h"
#include "keymanager/registration_endpoint.h"
#include "keymanager/revocation_endpoint.h"
#include "keymanager/routes.h"
#include "keymanager/token_endpoint.h"
#include "keymanager/user_info_endpoint.h"

namespace gatehouse::keymanager {

// What answers; each outlives the handler.
struct PublicParts {
  TokenEndpoint& token;
  RevocationEndpoint& revocation;
  IntrospectionEndpoint& introspection;
  UserInfoEndpoint& user_info;
  RegistrationEndpoint& registration;
  DynamicRegistrationEndpoint& dynamic_registration;
  AuthorizationEndpoint& authorization;
  PushedRequests& pushed;
  Devices& devices;
  LogoutEndpoint& logout;
  AccountPages& account;
  ForgottenPassword& forgotten;
  Discovery& discovery;
};

class PublicEndpoints final : public http::Handler {
 public:
  PublicEndpoints(const PublicParts& parts, net::Pool& logins);

  std::optional<http::Response> try_answer(const http::Request& request) override;
  http::Response handle(const http::Request& request) override;
  net::Pool* pool_of(const http::Request& request) override;
  http::Handler* gathers(const http::Request& request) override;

 private:
  void mount();
  void mount_pages();
  void mount_registration();

  const PublicParts parts_;
  net::Pool& logins_;
  Routes routes_;
  std::vector<std::string> metadata_paths_;
};

}  // namespace gatehouse::keymanager
