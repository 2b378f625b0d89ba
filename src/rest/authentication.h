// SPDX-License-Identifier: Apache-2.0
//
// Asks the key manager who sent a request: Basic or Bearer.
//
// Thread:  blocks; pool threads.
// Shape:   POST /internal/keys/v1/authenticate {"authorization":"…"} → {"tenant","tenant_domain",
//          "user_id","user","roles","scopes"} or 401 with a problem body.
#pragma once

#include "core/error.h"
#include "http/client.h"
#include "rest/call.h"

namespace gatehouse::rest {

// The anonymous caller when the request has no Authorization header.
// Error: unauthenticated, when the credentials do not hold or belong to no user; unavailable, when
// no key manager answers.
Result<Caller> authenticate(const http::Request& request, http::Client& key_manager);

}  // namespace gatehouse::rest
