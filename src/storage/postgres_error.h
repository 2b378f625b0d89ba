// SPDX-License-Identifier: Apache-2.0
//
// What a SQLSTATE of PostgreSQL means to us.
//
// Thread:  pure functions.
// Source:  PostgreSQL 15, appendix A.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace gatehouse::storage {

// What to do about a transaction that failed.
enum class Trouble : std::uint8_t {
  none,
  refused,  // its own fault, or the server's state: it fails
  repeat,   // another transaction came between: the same again may pass
  lost,     // the connection is of no use any more
};

// An empty state: the connection broke.
Trouble trouble_of(std::string_view sqlstate);

// `detail` is for the log.
Error error_of(std::string_view sqlstate, std::string detail);

}  // namespace gatehouse::storage
