// SPDX-License-Identifier: Apache-2.0
//
// POST /oauth2/par: a client says beforehand, and proves who it is, what it will ask; the browser
// then carries a reference only.
//
//   201  {"request_uri":"urn:ietf:params:oauth:request_uri:…","expires_in":90}
//   400  what /oauth2/authorize would refuse; 401 invalid_client
//
// A reference is worth one answer: it goes with the code that it leads to.
//
// Thread:  pool threads.
// Source:  RFC 9126.
#pragma once

#include "keymanager/authorize/authorization_request.h"
#include "keymanager/client_authentication.h"
#include "keymanager/options.h"

namespace gatehouse::keymanager {

class PushedRequests {
 public:
  static constexpr std::chrono::seconds lifetime{90};

  PushedRequests(const Resources& resources, const ClientAuthentication& clients)
      : apis_(resources.apis),
        clock_(resources.clock),
        random_(resources.random),
        clients_(clients) {}

  http::Response handle(const http::Request& request);

  static bool is_reference(std::string_view request_uri);
  // The parameters behind a reference, and the hash by which take() finds them.
  struct Pushed {
    Form form;
    std::string hash;
  };
  // Error: invalid_request_uri, when it is unknown, used, expired or another client's.
  Result<Pushed> find(std::string_view request_uri, std::string_view client_id) const;

 private:
  Result<json::object> push(const http::Request& request);

  storage::Database& apis_;
  const Clock& clock_;
  Random& random_;
  const ClientAuthentication& clients_;
};

}  // namespace gatehouse::keymanager
