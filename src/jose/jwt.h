// SPDX-License-Identifier: Apache-2.0
//
// Signed JSON tokens: JWS in compact form whose payload is an object of claims.
//
// What a token's header says is believed in two points only, which key (kid) and whether the
// algorithm is that key's own. Keys inside or behind the header (jwk, jku, x5c, x5u) are not looked
// at, but by verify_possession; `crit`, and with it b64=false, is refused; an encrypted token (five
// parts) is not a token.
//
// Thread:  pure functions.
// Cost:    one verification or signature. Nothing is remembered here.
// Source:  RFC 7515, RFC 7519, RFC 7797 (refused), RFC 8725.
#pragma once

#include <string>
#include <string_view>

#include "jose/key_set.h"

namespace gatehouse::jose {

inline constexpr std::size_t jwt_bytes_max = 16 * 1024;

struct Jwt {
  std::string type;  // `typ`, or empty
  std::string kid;
  json::object claims;
};

// Three parts between dots, each of base64url letters: worth calling `verify` for. Tells our opaque
// tokens, which have no dot, from tokens like these.
bool looks_like_jwt(std::string_view text);

// The claims of a token whose signature nobody has looked at: good for finding the keys that verify
// it, and for nothing else. Error: unauthenticated.
Result<json::object> unverified_claims(std::string_view compact);

// Which key a token says that it is signed with.
struct KeyName {
  std::string kid;  // may be empty
  Algorithm algorithm{};
};
// Error: unauthenticated.
Result<KeyName> unverified_key_name(std::string_view compact);

// Error: unauthenticated, whatever is wrong; `detail` says what, for the log.
Result<Jwt> verify(std::string_view compact, const KeySet& keys);

// A token that shows only that its sender holds the key in its own header (`jwk`).
struct Possession {
  Jwt jwt;
  PublicKey key;
};

// Error: unauthenticated, also when the header has another `typ`.
Result<Possession> verify_possession(std::string_view compact, std::string_view type);

// Error: internal.
Result<std::string> sign(const PrivateKey& key, std::string_view type, const json::object& claims);

}  // namespace gatehouse::jose
