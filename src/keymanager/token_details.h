// SPDX-License-Identifier: Apache-2.0
//
// What a token carries beyond whom it stands for: what its bearer must show besides it, where it is
// to be used, on which login it stands, and who acts for the user. One form for the rows of
// am_token and for the claims of JWTs.
//
// Thread:  plain values.
// Shape:   {"aud":["…"],"cnf":{"jkt":"…","x5t#S256":"…"},"act":{"sub":"…"},"auth_time":1,
//          "acr":"…","amr":["pwd"],"sid":"…","user_tenant":2}; what is not there is left out.
// Source:  RFC 8707 (audiences), RFC 9449 section 6.1 and RFC 8705 section 3.1 (cnf), RFC 8693
//          section 4.1 (act), RFC 9068 section 2.2.1 and OpenID Connect Core 1.0 section 2.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "keymanager/sign_on.h"
#include "model/change.h"

namespace gatehouse::keymanager {

struct TokenDetails {
  std::string key_thumbprint{};          // of a DPoP key
  std::string certificate_thumbprint{};  // of a client certificate
  std::vector<std::string> audiences{};
  json::object actor{};
  std::optional<SignOn> sign_on{};  // its nonce is not kept: it goes into the first ID token only
  model::TenantNumber user_tenant = 0;  // when it is not the client's: a client for all tenants
  std::string session{};                // sid, of a browser's session; empty: none

  bool is_bound() const { return !key_thumbprint.empty() || !certificate_thumbprint.empty(); }
};

json::object to_json(const TokenDetails& details);
TokenDetails token_details_from(const json::object& object);

}  // namespace gatehouse::keymanager
