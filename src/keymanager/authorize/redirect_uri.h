// SPDX-License-Identifier: Apache-2.0
//
// Whether an answer may be sent to an address that a request names.
//
// Thread:  pure functions.
// Source:  RFC 9700, section 2.1 (exact matching); RFC 8252, section 7.3 (a loopback address may
//          vary its port).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::keymanager {

// An absolute URI without a fragment or a control character, of a scheme that a browser follows
// and does not run.
bool is_redirect_uri(std::string_view uri);

// `uri` is one of the registered ones, letter by letter; http to 127.0.0.1, [::1] or localhost may
// have another port.
bool is_registered(std::string_view uri, const std::vector<std::string>& registered);

// What a policy of the page must name so that a browser lets a form lead there:
// "https://app.example:8443", or "com.example.app:" for a scheme without an authority.
std::string origin_of(std::string_view uri);

}  // namespace gatehouse::keymanager
