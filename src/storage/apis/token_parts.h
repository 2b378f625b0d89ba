// SPDX-License-Identifier: Apache-2.0
//
// Keeps am_token small: makes the partitions that tokens of the next hours and days fall into, and
// forgets those whose tokens are all gone. On an engine without partitions expired rows are
// deleted, some at a time.
//
// Thread:  one pool thread at a time, of any process.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/error.h"
#include "storage/database.h"

namespace gatehouse::storage {

// Makes what is missing; other processes may do so as well. Needed by speed, not by rightness: a
// token without a partition of its own lies in a shared one.
Result<> make_token_parts(Database& api_manager, Instant now);

// Removes tokens that expired before `until`: whole parts, and at most `limit` rows of the rest.
// Returns how many rows were deleted one by one.
Result<std::int64_t> forget_tokens(Database& api_manager, Instant until, std::int64_t limit);

}  // namespace gatehouse::storage
