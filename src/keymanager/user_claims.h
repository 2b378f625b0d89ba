// SPDX-License-Identifier: Apache-2.0
//
// Which claims about a user each scope opens, and how they are read from what we keep of him: his
// account, and his profile in the form of SCIM.
//
// Thread:  pure functions.
// Source:  OpenID Connect Core 1.0, sections 5.1 and 5.4; RFC 7643, section 4.1. The scope `groups`
//          is what WSO2 and most providers have: the user's roles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keymanager/directory.h"

namespace gatehouse::keymanager {

// `sub`, and what the scopes open; a claim that we know nothing of is left out.
json::object user_claims(const Account& account, const json::object& profile,
                         const std::vector<std::string>& scopes);

// True for openid, profile, email, ...: each user may have them for himself.
bool opens_user_claims(std::string_view scope);

// For the metadata of this server.
std::vector<std::string> user_scopes();
std::vector<std::string> user_claim_names();

}  // namespace gatehouse::keymanager
