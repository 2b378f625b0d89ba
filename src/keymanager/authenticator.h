// SPDX-License-Identifier: Apache-2.0
//
// Who calls a REST API, by its Authorization header: the answer of
// POST /internal/keys/v1/authenticate.
//
// Thread:  pool threads.
// Error:   unauthenticated: 900901 wrong, 900903 expired, 900905 a token without a user, 900911
//          unreadable.
#pragma once

#include <string>
#include <vector>

#include "keymanager/login.h"
#include "keymanager/token_validator.h"

namespace gatehouse::keymanager {

struct Identity {
  Account account;
  std::vector<std::string> scopes;
};

json::object to_json(const Identity& identity);

class Authenticator {
 public:
  Authenticator(Login& login, const Directory& directory, TokenValidator& validator,
                std::string base_url)
      : login_(login),
        directory_(directory),
        validator_(validator),
        base_url_(std::move(base_url)) {}

  // With Basic: every scope that the roles allow. With Bearer: the token's scopes that they allow;
  // a token that is bound to a key or a certificate, or is for other resources, is refused, because
  // nothing but the header reaches this place.
  Result<Identity> authenticate(std::string_view authorization);

 private:
  Result<Identity> by_password(std::string_view authorization);
  Result<Identity> by_token(const std::string& token);
  bool is_for_us(const model::Validation& validation) const;

  Login& login_;
  const Directory& directory_;
  TokenValidator& validator_;
  const std::string base_url_;
};

}  // namespace gatehouse::keymanager
