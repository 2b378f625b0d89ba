// SPDX-License-Identifier: Apache-2.0
//
// Asks the key manager who sent a request: Basic or Bearer.
//
// Thread:  blocks; pool threads.
// Whoever sends no credentials says with X-WSO2-Tenant whose portal they look at; that of the first
// tenant otherwise. Credentials say it themselves, and the header counts no more.
//
// Shape:   POST /internal/keys/v1/authenticate {"authorization":"…"} → {"tenant","tenant_domain",
//          "user_id","user","roles","scopes"} or 401 with a problem body.
#pragma once

#include "core/error.h"
#include "http/client.h"
#include "rest/call.h"

namespace gatehouse::rest {

// The anonymous caller when the request has no Authorization header.
// Error: not_found, when no tenant has the domain of X-WSO2-Tenant; unauthenticated, when the
// credentials do not hold or belong to no user; unavailable, when no key manager answers.
Result<Caller> authenticate(const http::Request& request, http::Client& key_manager);

}  // namespace gatehouse::rest
