// SPDX-License-Identifier: Apache-2.0
//
// The form of tokens that mean nothing by themselves: random bytes with the hour of their expiry,
// so that a gateway refuses an old one without asking, and a checksum, so that it asks for no
// typing error.
//
// Thread:  pure functions.
// Shape:   "gate_" (access) or "gatr_" (refresh), then base64url of
//          expiry hour since the epoch (4 bytes, big-endian) ‖ 32 random bytes ‖
//          CRC-32 of what precedes (4 bytes, big-endian).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/random.h"

namespace gatehouse::jose {

enum class OpaqueKind : std::uint8_t { access, refresh };

std::string make_opaque_token(OpaqueKind kind, Instant expires_at, Random& random);

// From this instant on the token has expired for certain: the end of its expiry hour. Nothing when
// `text` is not such a token.
std::optional<Instant> opaque_token_end(OpaqueKind kind, std::string_view text);

}  // namespace gatehouse::jose
