// SPDX-License-Identifier: Apache-2.0
//
// Keys with which whoever makes an API tries it out before anybody subscribes (header
// Internal-Key): signed, bound to one API, and soon over. Nothing is stored.
//
// Thread:  pool threads.
// Shape:   a JWT of the type "internal-key+jwt" with the claims iss, sub, api_id, jti, iat, exp;
//          gateway/jwt_check.h reads it.
#pragma once

#include "keymanager/options.h"
#include "keymanager/signing_keys.h"

namespace gatehouse::keymanager {

class TryOutKeys {
 public:
  static constexpr std::chrono::seconds lifetime{60};

  TryOutKeys(const Resources& resources, const SigningKeys& keys, std::string issuer);

  Result<std::string> issue(const std::string& api_id, const std::string& user_id) const;

 private:
  const Clock& clock_;
  Random& random_;
  const SigningKeys& keys_;
  const std::string issuer_;
};

}  // namespace gatehouse::keymanager
