// SPDX-License-Identifier: Apache-2.0
//
// One way of earning a token. A grant decides who may have which scopes; it issues nothing.
//
// Thread:  pool threads; a grant holds no state of a request.
// Source:  RFC 6749, section 4.
#pragma once

#include <string_view>

#include "keymanager/form.h"
#include "keymanager/token_issuer.h"

namespace gatehouse::keymanager {

class Grant {
 public:
  virtual ~Grant() = default;

  // The value of `grant_type`.
  virtual std::string_view type() const = 0;

  // `client` has proved who it is and may use this grant.
  // Error: one of oauth_error.h.
  virtual Result<Entitlement> decide(const Form& form, const storage::Client& client) = 0;
};

}  // namespace gatehouse::keymanager
