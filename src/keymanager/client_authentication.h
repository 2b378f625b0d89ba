// SPDX-License-Identifier: Apache-2.0
//
// Which client sends a request, and that it is that client: by its secret (in the Authorization
// header or in the body), by an assertion that it signed, by the certificate of its connection, or,
// if it is a public client, by its word. Never by two of them, and only in the way that it
// registered.
//
// Thread:  pool threads.
// Source:  RFC 6749, section 2.3; RFC 7523, section 2.2; RFC 8705, section 2.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "keymanager/basic.h"
#include "keymanager/client_assertion.h"
#include "keymanager/client_certificates.h"
#include "keymanager/client_metadata.h"
#include "keymanager/form.h"

namespace gatehouse::keymanager {

class ClientAuthentication {
 public:
  ClientAuthentication(const Resources& resources, ClientKeys& keys, ClientAssertion& assertions,
                       const ClientCertificates& certificates)
      : apis_(resources.apis),
        clock_(resources.clock),
        keys_(keys),
        assertions_(assertions),
        certificates_(certificates) {}

  // Error: invalid_request, when credentials come twice; invalid_client; unavailable, when the
  //        client's keys could not be asked for just now.
  Result<storage::Client> authenticate(const http::Request& request, const Form& form) const;
  // The same, but a public client is refused with invalid_client: it has proved nothing.
  Result<storage::Client> authenticate_confidential(const http::Request& request,
                                                    const Form& form) const;
  // By its secret. Error: invalid_client.
  Result<storage::Client> check(const NameAndSecret& pair) const;

 private:
  using KnownClient = storage::ClientStore::Known;

  Result<KnownClient> find(std::string_view client_id) const;
  Result<storage::Client> by_assertion(const http::Request& request, const Form& form) const;
  Result<bool> registered(const storage::Client& client, const std::string& certificate) const;
  Result<storage::Client> without_secret(const http::Request& request, const Form& form) const;

  storage::Database& apis_;
  const Clock& clock_;
  ClientKeys& keys_;
  ClientAssertion& assertions_;
  const ClientCertificates& certificates_;
};

// The same for requests that are answered together: a client that has shown a secret is believed
// when it shows it again. What may be shown once (an assertion) is checked each time.
class SharedAuthentication {
 public:
  explicit SharedAuthentication(const ClientAuthentication& clients) : clients_(clients) {}

  // As ClientAuthentication::authenticate.
  Result<storage::Client> authenticate(const http::Request& request, const Form& form);

 private:
  const ClientAuthentication& clients_;
  std::map<std::string, storage::Client> seen_;  // by what was shown
};

}  // namespace gatehouse::keymanager
