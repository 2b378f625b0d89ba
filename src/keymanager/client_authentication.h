// SPDX-License-Identifier: Apache-2.0
//
// Which client sends a request, by its secret: in the Authorization header or in the body, never in
// both.
//
// Thread:  pool threads.
// Source:  RFC 6749, section 2.3.1.
#pragma once

#include <optional>

#include "keymanager/basic.h"
#include "keymanager/form.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

class ClientAuthentication {
 public:
  ClientAuthentication(storage::Database& apis, const Clock& clock) : apis_(apis), clock_(clock) {}

  // Error: invalid_request, when credentials come twice; invalid_client.
  Result<storage::Client> authenticate(const http::Request& request, const Form& form) const;
  // Error: invalid_client.
  Result<storage::Client> check(const NameAndSecret& pair) const;

 private:
  Result<storage::Client> check_public(const std::string& client_id) const;

  storage::Database& apis_;
  const Clock& clock_;
};

}  // namespace gatehouse::keymanager
