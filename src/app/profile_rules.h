// SPDX-License-Identifier: Apache-2.0
//
// What the configuration of a node must say and must not say, given the roles that it runs, and
// what is allowed and yet most likely a mistake.
//
// Thread:  pure functions.
#pragma once

#include <string>
#include <vector>

#include "app/configuration.h"

namespace gatehouse::app {

// Error: invalid_argument; the message names the file, the key and what to do.
Result<> check_profile(const Configuration& configuration);

// A sentence each, beginning with the file and the key.
std::vector<std::string> warnings_of(const Configuration& configuration);

}  // namespace gatehouse::app
