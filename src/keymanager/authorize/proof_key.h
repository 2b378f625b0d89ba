// SPDX-License-Identifier: Apache-2.0
//
// Proof keys of codes: who redeems a code shows that he asked for it.
//
// Thread:  pure functions.
// Source:  RFC 7636, sections 4.1 to 4.6; S256 alone (RFC 9700, section 2.1.1).
#pragma once

#include <string_view>

namespace gatehouse::keymanager {

// 43 letters of base64url: what SHA-256 gives.
bool is_challenge(std::string_view challenge);
// False also for a verifier that is not 43 to 128 unreserved characters.
bool verifier_matches(std::string_view verifier, std::string_view challenge);

}  // namespace gatehouse::keymanager
