// SPDX-License-Identifier: Apache-2.0
//
// Keys that sign and verify. Each key is bound to one algorithm when it is made, so no token can
// talk it into another one; symmetric keys do not exist here.
//
// Thread:  values that share one immutable OpenSSL key; any thread. Contexts that OpenSSL mutates
//          are copied per operation from a prepared one, which skips its algorithm look-ups.
// Source:  RFC 7517 (JWK), RFC 7518 sections 3.3, 3.4 and 6, RFC 7638 (thumbprint), RFC 8037.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json.h"
#include "jose/algorithm.h"

namespace gatehouse::jose {

inline constexpr int rsa_bits_min = 2048;
inline constexpr int rsa_bits_max = 8192;

class PublicKey {
 public:
  // Reads a public JWK. Without `alg` an RSA key is for RS256; the kid is the thumbprint when it is
  // absent.
  // Error: invalid_argument, for a symmetric, private, weak or malformed key, a key for encryption,
  //        or an algorithm that does not fit the key.
  static Result<PublicKey> from_jwk(const json::object& jwk);

  // Reads a certificate (PEM, or base64 of DER) for its key alone: who signed it and how long it
  // holds is not looked at. Error: invalid_argument, for a weak key or one of another kind.
  static Result<PublicKey> from_certificate(std::string_view text);

  Algorithm algorithm() const;
  const std::string& kid() const;
  // RFC 7638, section 3: names the key itself, whatever its kid.
  std::string thumbprint() const;
  // {"kty", …, "kid", "alg", "use":"sig"}.
  json::object to_jwk() const;

  // True when `signature`, in the form of JWS (for ES256: r ‖ s, 64 bytes), is this key's over
  // `message`.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class PrivateKey;
  struct State;

  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

class PrivateKey {
 public:
  // RS256 and PS256: 2048 bits.
  // Error: internal, when OpenSSL refuses.
  static Result<PrivateKey> generate(Algorithm algorithm);
  // Error: invalid_argument, when `der` is not a PKCS #8 key that fits `algorithm`.
  static Result<PrivateKey> from_pkcs8(std::string_view der, Algorithm algorithm);

  // DER of PKCS #8, in clear: seal it before it leaves the process.
  std::string to_pkcs8() const;
  const PublicKey& public_key() const { return public_; }

  // The signature in the form of JWS.
  // Error: internal.
  Result<std::string> sign(std::string_view message) const;

 private:
  explicit PrivateKey(PublicKey key) : public_(std::move(key)) {}

  PublicKey public_;  // its OpenSSL key holds the private part as well
};

}  // namespace gatehouse::jose
