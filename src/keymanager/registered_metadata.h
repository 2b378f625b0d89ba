// SPDX-License-Identifier: Apache-2.0
//
// What a client says of itself when it registers: which members there are, and what they may be.
// Members that are not known are left out, as the RFC says; a known one that is wrong is an error.
//
// Thread:  pure functions.
// Source:  RFC 7591 section 2; OpenID Connect Dynamic Client Registration 1.0 section 2; RFC 8252
//          sections 7 and 8.3 (redirects of native clients); RFC 8705 section 2.1.2; RFC 9126
//          section 6; RFC 9449 section 5.2.
#pragma once

#include "core/json.h"
#include "jose/algorithm.h"

namespace gatehouse::keymanager {

// What this server has for the client that registers.
struct Offer {
  std::vector<jose::Algorithm> signing{jose::algorithms.begin(), jose::algorithms.end()};
  bool implicit = false;  // of the client's tenant
};

// Known members with their defaults filled in, consistent with each other. What we could not keep
// to, as encrypted tokens, is refused rather than left out.
// Error: invalid_redirect_uri, invalid_client_metadata, unapproved_software_statement
//        (oauth_error.h).
Result<json::object> registered_metadata(const json::object& wanted, const Offer& offer);

// The names of all known members.
std::vector<std::string_view> registered_members();

}  // namespace gatehouse::keymanager
