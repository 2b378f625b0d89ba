// SPDX-License-Identifier: Apache-2.0
//
// Where passwords are held: in our own table, or in a directory that a tenant trusts.
//
// Thread:  pool threads; a call waits for hashing or for the network.
#pragma once

#include <string>

#include "keymanager/directory.h"

namespace gatehouse::keymanager {

// Where somebody signs in. A device that is known for the user (browser/known_devices.h) has limits
// of its own: it neither obeys the lock of the account nor adds to it.
enum class Place : std::uint8_t { anywhere, known_device };

class UserStore {
 public:
  virtual ~UserStore() = default;

  // The user of this name ("anna", "anna@example.com"), when it is their password. Whoever is
  // unknown, locked or wrong about the password gets the same error; whoever asks counts it.
  // Error: unauthenticated; exhausted, when too many wait; unavailable, when whoever knows does not
  // answer.
  virtual Result<Account> authenticate(const std::string& name, const std::string& password,
                                       Place place) = 0;
};

// The error of every password that does not hold.
tl::unexpected<Error> wrong_password();

}  // namespace gatehouse::keymanager
