// SPDX-License-Identifier: Apache-2.0
//
// Instants as people write them in a query.
//
// Thread:  pure function.
// Source:  RFC 3339, section 5.6, in UTC.
#pragma once

#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace gatehouse::analytics {

// "2026-11-23T06:40:00Z", with a fraction of seconds or without, "2026-11-23", or milliseconds
// since the epoch. Error: invalid_argument.
Result<Instant> parse_instant(std::string_view text);

}  // namespace gatehouse::analytics
