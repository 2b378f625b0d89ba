// SPDX-License-Identifier: Apache-2.0
//
// The signature algorithms that this program knows: the whole list. An algorithm belongs to a key
// and is never chosen by a token.
//
// Thread:  pure functions.
// Source:  RFC 7518, section 3.1 (RS256, PS256, ES256); RFC 8037, section 3.1 (EdDSA, with Ed25519
//          only).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace gatehouse::jose {

enum class Algorithm : std::uint8_t { rs256, ps256, es256, eddsa };

inline constexpr std::array algorithms{Algorithm::rs256, Algorithm::ps256, Algorithm::es256,
                                       Algorithm::eddsa};

// "RS256", "PS256", "ES256", "EdDSA".
std::string_view to_text(Algorithm algorithm);

// Case counts, so "none", "None" and "rs256" are alike unknown.
// Error: unauthenticated.
Result<Algorithm> parse_algorithm(std::string_view text);

// base64url of the left half of `text` under the algorithm's digest: SHA-256, or SHA-512 for
// Ed25519. The form of at_hash and c_hash (OpenID Connect Core 1.0, section 3.1.3.6).
std::string half_hash(Algorithm algorithm, std::string_view text);

}  // namespace gatehouse::jose
