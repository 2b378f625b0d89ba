// SPDX-License-Identifier: Apache-2.0
//
// Verifies a self-contained token with the keys that travel in the feed.
//
// Thread:  pure functions.
// Cost:    one signature (about 20 microseconds), so the outcome is remembered by the caller.
#pragma once

#include <string_view>

#include "core/clock.h"
#include "gateway/snapshot.h"
#include "gateway/token_cache.h"

namespace gatehouse::gateway {

// `active` with the claims' facts, `expired`, or `unknown` for whatever does not verify, was issued
// by somebody else, or is no access token.
Token verify_jwt(std::string_view compact, const Snapshot& snapshot, Instant now);

}  // namespace gatehouse::gateway
