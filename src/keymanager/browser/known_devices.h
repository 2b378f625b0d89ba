// SPDX-License-Identifier: Apache-2.0
//
// Browsers in which somebody has signed in before. Such a browser has tries of its own, so that
// strangers who guess a name's password close the door for themselves and not for its owner.
//
// The cookie is a sealed text that names the user and a number of the device; it ends with the
// user's password. It opens nothing: the password is asked for all the same.
//
// Thread:  any.
// Source:  OWASP, Slow Down Online Guessing Attacks with Device Cookies.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "jose/seal.h"
#include "keymanager/directory.h"

namespace gatehouse::keymanager {

class KnownDevices {
 public:
  static constexpr std::chrono::hours lifetime{180 * 24};

  KnownDevices(const jose::Sealer& sealer, const Clock& clock, Random& random)
      : sealer_(sealer), clock_(clock), random_(random) {}

  // Set-Cookie for the browser in which the user has just proved who he is.
  std::string cookie_for(const Account& account) const;

  // The number of the device, when `cookie` is one of this user's.
  std::optional<std::string> device_of(const std::string& cookie, const Account& account) const;

 private:
  const jose::Sealer& sealer_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace gatehouse::keymanager
