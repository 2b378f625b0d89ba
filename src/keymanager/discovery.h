// SPDX-License-Identifier: Apache-2.0
//
// What clients may read about this server: endpoints, grants, algorithms; and the public keys. It
// says what is true now, so it grows with the server.
//
// Thread:  any; answers from memory.
// Source:  RFC 8414; OpenID Connect Discovery 1.0, section 3; RFC 7517, section 5.
#pragma once

#include "http/message.h"
#include "keymanager/options.h"
#include "keymanager/signing_keys.h"

namespace gatehouse::keymanager {

class Discovery {
 public:
  Discovery(const Options& options, const SigningKeys& keys,
            const std::vector<std::string>& grant_types);

  http::Response metadata() const;
  http::Response key_set() const;

 private:
  const SigningKeys& keys_;
  const std::string metadata_;
};

}  // namespace gatehouse::keymanager
