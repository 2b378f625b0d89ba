// SPDX-License-Identifier: Apache-2.0
//
// /oauth2/register: a client registers by its metadata, and later reads, changes or removes itself
// with the token that it got for this.
//
//   POST   /oauth2/register              201 the client, its secret and its registration token;
//                                        by an administrator: Basic, or Bearer with apim:admin
//   GET    /oauth2/register/{client_id}  200, by its registration token, as the next
//   PUT                                  200 other metadata; what is left out is gone
//   DELETE                               204; its tokens are revoked
//
//   400  invalid_redirect_uri, invalid_client_metadata, unapproved_software_statement
//   401  no, or wrong, credentials; also for a client that is not there
//   403  no administrator
//
// Thread:  pool threads.
// Source:  RFC 7591, RFC 7592. A secret is shown once, so reading does not repeat it.
#pragma once

#include "keymanager/authenticator.h"
#include "keymanager/clients.h"
#include "keymanager/registered_metadata.h"

namespace gatehouse::keymanager {

class DynamicRegistrationEndpoint {
 public:
  DynamicRegistrationEndpoint(const Resources& resources, const Options& options, Clients& clients,
                              Authenticator& authenticator);

  http::Response create(const http::Request& request);
  http::Response read(const http::Request& request, const std::string& client_id);
  http::Response update(const http::Request& request, const std::string& client_id);
  http::Response remove(const http::Request& request, const std::string& client_id);

 private:
  Result<json::object> create_client(const http::Request& request);
  Result<json::object> update_client(const http::Request& request, const std::string& client_id);
  // What clients of this tenant may register.
  Result<Offer> offer_to(model::TenantNumber tenant) const;
  Result<Account> administrator_of(const http::Request& request);
  // The client whose registration token the request carries.
  Result<storage::Client> authorised(const http::Request& request,
                                     const std::string& client_id) const;
  json::object view(const storage::Client& client, const std::string& token) const;

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  Clients& clients_;
  Authenticator& authenticator_;
  const Directory directory_;
  const std::string base_url_;
  const std::vector<jose::Algorithm> signing_;
  const std::vector<std::string> implicit_tenants_;
};

}  // namespace gatehouse::keymanager
