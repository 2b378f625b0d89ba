// SPDX-License-Identifier: Apache-2.0
//
// Between a JWK's members and an OpenSSL key: the public parts, strictly read.
//
// Thread:  pure functions.
// Source:  RFC 7518, section 6; RFC 8037, section 2; RFC 7638, section 3.
#pragma once

#include "core/json.h"
#include "jose/algorithm.h"
#include "jose/openssl.h"

namespace gatehouse::jose {

// The algorithm that the key type and curve of `jwk` allow.
// Error: invalid_argument, when there is none, or `alg` names another.
Result<Algorithm> algorithm_of(const json::object& jwk);

// Error: invalid_argument, when a part is missing, not strict base64url, of a wrong length, not on
//        its curve, or too weak.
Result<Key> key_from_parts(const json::object& jwk, Algorithm algorithm);

// True when `key` is of the type, curve and strength of `algorithm`.
bool fits(const EVP_PKEY& key, Algorithm algorithm);

// The required members only: {"e","kty","n"}, {"crv","kty","x","y"} or {"crv","kty","x"}.
json::object parts_of(const EVP_PKEY& key, Algorithm algorithm);

// SHA-256 over the required members in lexicographic order, base64url.
std::string thumbprint(const json::object& parts);

}  // namespace gatehouse::jose
