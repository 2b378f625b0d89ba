// SPDX-License-Identifier: Apache-2.0
//
// Public keys that come as PEM: a certificate, or a key by itself.
//
// Thread:  pure functions.
// Source:  RFC 7468, sections 5 and 13.
#pragma once

#include <string_view>

#include "core/json.h"

namespace gatehouse::jose {

inline constexpr std::size_t pem_bytes_max = 64 * 1024;

// The key of the first block, as a JWK of the one algorithm that its type allows. Whether a
// certificate is valid is not asked: whoever names it vouches for its key.
// Error: invalid_argument.
Result<json::object> jwk_from_pem(std::string_view pem);

}  // namespace gatehouse::jose
