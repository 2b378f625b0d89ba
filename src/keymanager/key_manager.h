// SPDX-License-Identifier: Apache-2.0
//
// The key manager: who may hold tokens, and what they are worth. The one entrance for app.
//
//   KeyManager key_manager(resources, options);
//   GH_TRY(first, key_manager.bootstrap({.name = "admin", .password = given}));
//   GH_CHECK(key_manager.start());
//   server.serve(key_manager.public_handler());
//
// Thread:  constructed and started by one thread; the handlers as http::Handler says; sweep from
//          one thread at a time.
#pragma once

#include <atomic>

#include "keymanager/first_users.h"
#include "keymanager/foreign/provider_clients.h"
#include "keymanager/foreign/provider_keys.h"
#include "keymanager/foreign/provider_tokens.h"
#include "keymanager/grants/authorization_code.h"
#include "keymanager/grants/device_code.h"
#include "keymanager/grants/jwt_bearer.h"
#include "keymanager/grants/password.h"
#include "keymanager/grants/refresh_token.h"
#include "keymanager/grants/saml_bearer.h"
#include "keymanager/grants/token_exchange.h"
#include "keymanager/internal_endpoints.h"
#include "keymanager/ldap_watch.h"
#include "keymanager/public_endpoints.h"
#include "keymanager/try_out_keys.h"

namespace gatehouse::keymanager {

class KeyManager {
 public:
  KeyManager(const Resources& resources, const Options& options);

  // Makes the first tenant and its administrator where they are not. Before start().
  Result<Bootstrapped> bootstrap(const FirstUser& first);
  // Loads the signing keys, making the first one, and listens to revocations.
  Result<> start();

  // /oauth2/*, /oauth2endpoints/token, /oidc/logout, /.well-known/*,
  // /client-registration/v0.17/register.
  http::Handler& public_handler() { return public_; }
  // /internal/keys/v1/*; on a public listener behind a NodeDoor only.
  http::Handler& internal_handler() { return internal_; }

  Passwords& passwords() { return passwords_; }
  SigningKeys& signing_keys() { return signing_keys_; }

  // Every half minute: reads signing keys that other nodes may have made, and deletes tokens and
  // revocations that have expired, a bounded batch of each. Returns how many rows went.
  Result<std::int64_t> sweep();

  // Every second: takes in what other key managers have revoked and the bus has not told.
  Result<> catch_up();
  // Every second: reads the keys of other servers whose time has come; does not wait for them.
  Result<> refresh_providers() { return provider_keys_.refresh(); }
  // Every second: looks after users of directories whose time has come; does not wait for them.
  Result<> follow_directories() { return ldap_watch_.tick(); }
  LdapWatch& ldap_watch() { return ldap_watch_; }

 private:
  void hear(std::string_view message);
  // What is remembered here and the revocation means is forgotten.
  void apply(const model::Revocation& revocation);

  const Resources resources_;
  const std::string client_authorities_;

  Passwords passwords_;
  Directory directory_;
  ScopePolicy scopes_;
  Login login_;
  SigningKeys signing_keys_;
  Revocations revocations_;
  LdapWatch ldap_watch_;
  TokenValidator validator_;
  ProviderReader provider_reader_;
  ProviderKeys provider_keys_;
  ProviderTokens provider_tokens_;
  ProviderClients provider_clients_;
  TokenAlgorithms token_algorithms_;
  TokenIssuer issuer_;
  TryOutKeys try_out_keys_;
  UsedProofs used_proofs_;
  Possession possession_;
  ClientKeys client_keys_;
  ClientAssertion client_assertion_;
  ClientCertificates client_certificates_;
  ClientAuthentication client_authentication_;
  TrustedIssuers trusted_issuers_;

  // The grants that this server has; a token request names one of them.
  ClientCredentials client_credentials_;
  PasswordGrant password_;
  RefreshTokenGrant refresh_token_;
  Codes codes_;
  AuthorizationCodeGrant authorization_code_;
  DeviceCodeGrant device_code_;
  JwtBearerGrant jwt_bearer_;
  SamlBearerGrant saml_bearer_;
  TokenExchangeGrant token_exchange_;

  Clients clients_;
  ClientSecrets client_secrets_;
  Authenticator authenticator_;
  TokenEndpoint token_endpoint_;
  RevocationEndpoint revocation_endpoint_;
  IntrospectionEndpoint introspection_endpoint_;
  UserInfoEndpoint user_info_endpoint_;
  RegistrationEndpoint registration_endpoint_;
  DynamicRegistrationEndpoint dynamic_registration_;
  Discovery discovery_;

  // What browsers see.
  FormGuard form_guard_;
  Themes themes_;
  Pages pages_;
  Attempts attempts_;
  SecondFactor second_factor_;
  Sessions sessions_;
  PasswordChange password_change_;
  SignIn sign_in_;
  Consents consents_;
  PushedRequests pushed_requests_;
  AuthorizationEndpoint authorization_endpoint_;
  Devices devices_;
  LogoutEndpoint logout_endpoint_;
  AccountPages account_pages_;
  ForgottenPassword forgotten_password_;

  PublicEndpoints public_;
  InternalEndpoints internal_;

  std::atomic<std::uint64_t> heard_up_to_ = 0;  // every revocation up to this number is applied

  // Last, so that nothing is heard while the rest goes.
  std::unique_ptr<bus::Subscription> subscription_;
};

}  // namespace gatehouse::keymanager
