// SPDX-License-Identifier: Apache-2.0
//
// POST /client-registration/v0.17/register: a user registers a client by name and password.
//
//   200  clientId, clientSecret and what was registered; the same clientName of the same owner
//        gives the same clientId with a further secret
//   400  clientName missing, an unknown member or one of a wrong type, an unknown owner
//   401  wrong user name or password
//   403  somebody else's client, without the role admin
//
// Thread:  pool threads.
// Source:  the contract dcr.yaml of WSO2 API Manager.
#pragma once

#include "keymanager/clients.h"
#include "keymanager/login.h"

namespace gatehouse::keymanager {

class RegistrationEndpoint {
 public:
  RegistrationEndpoint(Clients& clients, const Directory& directory, Login& login)
      : clients_(clients), directory_(directory), login_(login) {}

  http::Response handle(const http::Request& request);

 private:
  Result<json::object> register_client(const http::Request& request);
  Result<Account> caller_of(const http::Request& request);
  Result<Account> owner_of(const json::object& body, const Account& caller) const;

  Clients& clients_;
  const Directory& directory_;
  Login& login_;
};

}  // namespace gatehouse::keymanager
