// SPDX-License-Identifier: Apache-2.0
//
// What a client's registration says beyond its columns, read from its document. The members have
// the names of the standards, so registration stores what it was given:
//
//   token_endpoint_auth_method   see Method; absent: one of the two ways of sending a secret
//   jwks, jwks_uri               keys of private_key_jwt and self_signed_tls_client_auth
//   token_endpoint_auth_signing_alg   of private_key_jwt; absent: that of the key
//   tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip, _san_email
//   tls_client_certificate_bound_access_tokens, dpop_bound_access_tokens
//   scope                        what it may ask for; absent: anything
//   id_token_signed_response_alg, userinfo_signed_response_alg, access_token_signed_response_alg,
//   id_token_expiry_time
//
// Thread:  pure functions.
// Source:  RFC 7591 section 2, RFC 8705 sections 2.1.2, 2.2.2 and 3.4, RFC 9449 section 5.2, OpenID
//          Connect Registration 1.0 section 2. The last two names of the list are ours and WSO2's.
#pragma once

#include <optional>
#include <string_view>

#include "jose/algorithm.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

// How a client proves who it is.
enum class Method : std::uint8_t {
  secret,           // "client_secret_basic", "client_secret_post", or nothing registered
  private_key_jwt,  // RFC 7523
  tls,              // "tls_client_auth": a certificate of an authority that we trust
  self_signed_tls,  // "self_signed_tls_client_auth": a certificate that it registered
  none,             // a public client
  unknown,          // another word: nobody gets in
};
Method method_of(const storage::Client& client);

// The algorithm that the member names, if it names one.
std::optional<jose::Algorithm> algorithm_of(const storage::Client& client, std::string_view member);

// The scopes of `asked` that the client registered; all of them when it registered none.
std::vector<std::string> registered_scopes(const storage::Client& client,
                                           std::vector<std::string> asked);

}  // namespace gatehouse::keymanager
