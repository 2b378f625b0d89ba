// SPDX-License-Identifier: Apache-2.0
//
// How and when a user proved who he is, as it travels from the login page through a code to the
// tokens. Whoever issues ID tokens takes auth_time, acr, amr and nonce from here.
//
// Thread:  plain values.
// Source:  OpenID Connect Core 1.0, section 2; RFC 8176 (amr).
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"

namespace gatehouse::keymanager {

// Our levels of assurance, values of `acr`.
inline constexpr std::string_view acr_password = "1";
inline constexpr std::string_view acr_second_factor = "2";

struct SignOn {
  Instant at{};  // auth_time
  std::string acr{acr_password};
  std::vector<std::string> amr{};  // "pwd", and with a second factor "otp" and "mfa"
  std::string nonce{};             // of the request; may be empty
};

json::object to_json(const SignOn& sign_on);
SignOn sign_on_from(const json::object& object);

}  // namespace gatehouse::keymanager
