// SPDX-License-Identifier: Apache-2.0
//
// What the sender of a request shows beside its words: a DPoP proof by a key, or the certificate of
// its connection. Tokens are bound to either, and whoever uses a bound token shows it again.
//
// Thread:  pool threads.
// Cost:    with a DPoP proof one verification and one durable write.
// Source:  RFC 9449, sections 4.3, 5, 7 and 8; RFC 8705, section 3.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "keymanager/used_proofs.h"
#include "model/snapshot.h"

namespace gatehouse::keymanager {

class Possession {
 public:
  Possession(const Resources& resources, const Options& options, UsedProofs& used);

  struct Shown {
    std::string key_thumbprint;          // of the DPoP proof; empty: none was sent
    std::string certificate_thumbprint;  // of the client certificate; empty: none was shown
  };

  // `access_token`: that the request uses; empty at the token endpoint.
  // Error: invalid_dpop_proof, when a proof does not hold, came before or comes twice;
  //        use_dpop_nonce, when it lacks the nonce that we want.
  Result<Shown> shown_by(const http::Request& request, std::string_view access_token);

  // Error: invalid_token, when the token is bound to what was not shown, or a proof was shown for a
  //        token that is bound to no key.
  static Result<> check(const Shown& shown, const model::Validation& token);

  // Tells the client the nonce of its next proof, when nonces are wanted.
  void offer_nonce(http::Response& response);

 private:
  Result<> check_nonce(std::string_view nonce) const;

  const Clock& clock_;
  Random& random_;
  const jose::Sealer& sealer_;
  UsedProofs& used_;
  const std::string base_url_;
  const DpopNonce nonces_;
};

}  // namespace gatehouse::keymanager
