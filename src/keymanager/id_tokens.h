// SPDX-License-Identifier: Apache-2.0
//
// Makes ID tokens: what a client may know of a login. Who the user is beyond his id stands in
// /oauth2/userinfo, as OpenID Connect Core 1.0 section 5.4 says for grants with an access token.
//
// TokenIssuer calls it for every grant whose entitlement has the scope openid, a user and a login
// (Entitlement::details.sign_on); a grant adds, with a code, `code`.
//
// Thread:  pool threads; one signature.
// Source:  OpenID Connect Core 1.0, sections 2, 3.1.2.1 (id_token_hint), 3.1.3.6, 3.3.2.11
//          and 12.2.
#pragma once

#include <string>
#include <string_view>

#include "keymanager/signing_keys.h"
#include "keymanager/token_algorithms.h"
#include "keymanager/token_details.h"
#include "storage/apis/client_store.h"

namespace gatehouse::keymanager {

struct Identification {
  const storage::Client& client;
  std::string_view user_id;
  const SignOn& sign_on;          // a nonce goes in when there is one
  std::string_view session;       // sid; empty: none
  std::string_view access_token;  // for at_hash; empty: none goes with it
  std::string_view code;          // for c_hash; empty: none goes with it
};

// The claims of an ID token of `issuer` that a client gives back as id_token_hint. Its time is not
// looked at: people sign out, and come again, long after they have signed on.
// Error: unauthenticated, also for a token of ours of another kind.
Result<json::object> claims_of_hint(std::string_view text, const jose::KeySet& published,
                                    std::string_view issuer);

class IdTokens {
 public:
  IdTokens(const SigningKeys& keys, TokenAlgorithms& algorithms, const Clock& clock,
           std::string issuer)
      : keys_(keys), algorithms_(algorithms), clock_(clock), issuer_(std::move(issuer)) {}

  // Valid for the client's id_token_expiry_time, an hour when it has none.
  // Error: internal.
  Result<std::string> issue(const Identification& identification) const;

 private:
  const SigningKeys& keys_;
  TokenAlgorithms& algorithms_;
  const Clock& clock_;
  const std::string issuer_;
};

}  // namespace gatehouse::keymanager
