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

struct TestKeyUse {
  std::string_view api_id;
  Instant now{};
};

// `active` with the claims' facts, `expired`, or `unknown` for whatever does not verify, was issued
// by somebody else, or is no access token.
Token verify_jwt(std::string_view compact, const Snapshot& snapshot, Instant now);

// The key manager of this tenant that says it has issued the token, or null. What a token says of
// itself decides only whose keys it must verify with.
const KeyManager* foreign_issuer(std::string_view compact, const Snapshot& snapshot,
                                 model::TenantNumber tenant);
// The same as verify_jwt, with the keys and the claims of another server.
Token verify_foreign_jwt(std::string_view compact, const KeyManager& issuer, Instant now);

// Whether this is a key that the publisher gave to try out the API of this id (header
// Internal-Key).
TokenState verify_test_key(std::string_view compact, const Snapshot& snapshot,
                           const TestKeyUse& use);

}  // namespace gatehouse::gateway
