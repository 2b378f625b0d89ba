// SPDX-License-Identifier: Apache-2.0
//
// Proofs of possession (DPoP): a small token, fresh for each request, by which a caller shows that
// it holds the key that its access token is bound to.
//
// Thread:  pure functions.
// Cost:    one verification, of a key made for it.
// Source:  RFC 9449, sections 4.2 and 4.3. Whether `jti` came before, and whether a nonce was
//          wanted, is the caller's to check.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace gatehouse::jose {

// How far `iat` may lie from now, on either side: the caller's clock is not ours.
inline constexpr std::chrono::seconds dpop_age_max{60};
inline constexpr std::size_t dpop_bytes_max = 8 * 1024;
inline constexpr std::size_t dpop_jti_bytes_max = 256;

struct DpopRequest {
  std::string_view method;
  std::string_view url;           // as the caller knows it
  std::string_view access_token;  // that it stands beside; empty at the token endpoint
  Instant now{};
};

struct DpopProof {
  std::string thumbprint;  // of its key: cnf.jkt (section 6.1)
  std::string jti;
  std::string nonce;  // empty: none
  Instant issued_at{};
};

// Error: unauthenticated; `detail` says why, for the log.
Result<DpopProof> check_dpop(std::string_view proof, const DpopRequest& request);

// The URL without query and fragment, its scheme and host in lower case, without the port of its
// scheme, its percent codes in capitals and none where they need not be (RFC 3986, section 6.2).
// Nothing when it is no http or https URL.
std::optional<std::string> comparable_url(std::string_view url);

}  // namespace gatehouse::jose
