// SPDX-License-Identifier: Apache-2.0
//
// One-time passwords by time, as authenticator apps show them: SHA-1, six digits, steps of 30 s.
//
// Thread:  pure functions.
// Source:  RFC 6238; RFC 4226, section 5.3. The address is Google Authenticator's "Key URI Format".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace gatehouse::keymanager {

inline constexpr std::size_t totp_secret_size = 20;  // bytes; RFC 4226, section 4, R6
inline constexpr std::int64_t totp_window = 1;       // steps before and after the present one

std::int64_t totp_step(Instant now);
// Six digits.
std::string totp_code(std::string_view secret, std::int64_t step);
// The step within the window whose code this is. Every step is compared, so time tells nothing.
std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code, Instant now);

// Without padding (RFC 4648, section 6).
std::string to_base32(std::string_view bytes);

// "otpauth://totp/Gatehouse:anna?secret=…&issuer=Gatehouse".
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account);

}  // namespace gatehouse::keymanager
