// SPDX-License-Identifier: Apache-2.0
//
// Whether the claims of a verified token hold here and now.
//
// Thread:  pure functions.
// Source:  RFC 7519, section 4.1. Times are JSON numbers and nothing else.
#pragma once

#include <chrono>
#include <string>

#include "core/clock.h"
#include "core/json.h"

namespace gatehouse::jose {

struct Expected {
  std::string issuer;
  std::string audience{};  // empty: any, and none
  Instant now{};
  std::chrono::seconds leeway{0};  // for clocks that differ; of foreign issuers
};

// The instants of a token whose claims hold.
struct Lifetime {
  Instant issued_at{};  // the epoch when `iat` is absent
  Instant expires_at{};
};

// Gateway codes of the two ways in which a token can fail: Error::number of `check_claims`.
inline constexpr std::uint32_t invalid_credentials = 900901;
inline constexpr std::uint32_t access_token_expired = 900903;

// `exp` is required; `iss` must equal; `nbf` may be absent and must not lie ahead; `aud` is a
// string or an array of strings.
// Error: unauthenticated, with number access_token_expired when all else holds, otherwise
//        invalid_credentials.
Result<Lifetime> check_claims(const json::object& claims, const Expected& expected);

// Whether `aud` is this text, or an array of texts that has it.
bool names_audience(const json::object& claims, std::string_view audience);

}  // namespace gatehouse::jose
